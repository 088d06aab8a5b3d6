package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// States of a [Finding].
const (
	FindingOK      = "ok"
	FindingWarning = "warning" // it works all the same
	FindingProblem = "problem" // a person has to do something
	FindingSkipped = "skipped" // not looked at, for the reason given
)

// Examination says how a doctor is to look.
type Examination struct {
	// Canary has one signed request sent to the public URL of each claim.
	Canary bool
}

// Checkup is the answer to GET /v1/doctor.
type Checkup struct {
	// OK says that no finding is a problem.
	OK       bool      `json:"ok"`
	Findings []Finding `json:"findings"`
}

// Finding is what one check came to. No credential's value is part of it.
type Finding struct {
	// Check is what was looked at, a word in snake_case.
	Check string `json:"check"`
	// Subject is the one of several that was: the name of a relay, claim, route
	// or credential, or a path; empty for all of them, or where there is but one.
	Subject string `json:"subject"`
	State   string `json:"state"`
	Text    string `json:"text"`
	// Remedy is what to do about it; empty for nothing.
	Remedy string `json:"remedy"`
	// Action is the same for a program that can do it; left out if there is nothing
	// that one could do by itself.
	Action Action `json:"action,omitzero"`
}

// Kinds of an [Action].
const (
	ActionSetCredential = "set_credential" // Name is that of the credential
	ActionApproveRoute  = "approve_route"  // Name is that of the route
	ActionUnlock        = "unlock"         // the keyring
	ActionFixMode       = "fix_mode"       // Name is a path that others than its owner may use
	ActionServiceStart  = "service_start"
	ActionServiceAdd    = "service_install"
)

// Action is what a program can do about a [Finding] when a person agrees.
type Action struct {
	Kind string `json:"kind"`
	Name string `json:"name"` // of what it is done to; empty where there is but one
}

// Report is the answer to POST /v1/doctor/report: what somebody who is to find out
// why an agent does not work wants to know of it. It holds no credential, no
// header value and no body; what it says of hosts, addresses and paths is masked
// where strangers need not know it.
type Report struct {
	System  System  `json:"system"`
	Status  *Status `json:"status,omitempty"` // left out when the agent does not run
	Checkup Checkup `json:"checkup"`          // as it was sent, masked
	// Config is the configuration as YAML, with the values masked that may be
	// secret. Empty for a file that cannot be read.
	Config string `json:"config"`
	// Deliveries is how many the history has in each state, those of none left out.
	Deliveries []StateCount `json:"deliveries"`
	// Log is the last lines of the agent's log, oldest first.
	Log []string `json:"log"`
}

// maxCheckup is how long a checkup may be, in bytes, that a report is asked for.
const maxCheckup = 1 << 20

// StateCount is how many deliveries are in a state.
type StateCount struct {
	State string `json:"state"`
	Count int64  `json:"count"`
}

// System says what an agent runs on.
type System struct {
	Version  string `json:"version"`  // of Homehook
	Revision string `json:"revision"` // of its source; empty if it was built without
	Go       string `json:"go"`
	OS       string `json:"os"` // as Go names it: "linux", "windows", "darwin"
	Arch     string `json:"arch"`
	Release  string `json:"release"` // of the system, in its own words
	CPUs     int    `json:"cpus"`
	Zone     string `json:"zone"` // offset of the local time from UTC
}

// NewCheckup makes the answer of what was found.
func NewCheckup(found []Finding) *Checkup {
	failed := func(f Finding) bool { return f.State == FindingProblem }
	return &Checkup{OK: !slices.ContainsFunc(found, failed), Findings: orEmpty(found)}
}

// Values are the parameters of a request for the examination.
func (e Examination) Values() url.Values {
	return url.Values{"canary": {strconv.FormatBool(e.Canary)}}
}

// examination reads those parameters.
func examination(r *http.Request) (Examination, error) {
	flags, err := parseFlags(r.URL.RawQuery, map[string]bool{"canary": true})
	return Examination{Canary: flags["canary"]}, err
}

func (s *Server) doctor(w http.ResponseWriter, r *http.Request) error {
	e, err := examination(r)
	if err != nil {
		return err
	}
	c, err := s.backend.Doctor(r.Context(), e)
	if err != nil {
		return err
	}
	return writeJSON(w, c)
}

func (s *Server) report(w http.ResponseWriter, r *http.Request) error {
	var c Checkup
	if err := readJSON(r, &c); err != nil {
		return err
	}
	report, err := s.backend.Report(r.Context(), c)
	if err != nil {
		return err
	}
	return writeJSON(w, report.filled())
}

func (s *Server) fix(w http.ResponseWriter, r *http.Request) error {
	var a Action
	if err := readJSON(r, &a); err != nil {
		return err
	}
	c, err := s.backend.Fix(r.Context(), a)
	if err != nil {
		return err
	}
	return writeJSON(w, c)
}

// filled makes missing lists encode as empty ones.
func (r *Report) filled() *Report {
	out := *r
	out.Checkup.Findings, out.Deliveries, out.Log = orEmpty(r.Checkup.Findings), orEmpty(r.Deliveries), orEmpty(r.Log)
	if r.Status != nil {
		st := *r.Status
		st.Relays, st.Claims, st.Findings = orEmpty(st.Relays), orEmpty(st.Claims), orEmpty(st.Findings)
		out.Status = &st
	}
	return &out
}

// Doctor has the agent look at itself and all around it, which may take some
// 50 s where a relay does not answer.
func (c *Client) Doctor(ctx context.Context, e Examination) (*Checkup, error) {
	return get[Checkup](ctx, c, "/v1/doctor", e.Values())
}

// Fix has the agent do what a finding offers, of a kind that it does by itself:
// [ActionFixMode]. It returns what is still wrong of that kind.
func (c *Client) Fix(ctx context.Context, a Action) (*Checkup, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("ask to mend it: %w", err)
	}
	into := new(Checkup)
	return into, c.call(ctx, callTimeout, http.MethodPost, "/v1/doctor/fix", nil, body, into)
}

// Report returns what may be told of the agent, with a checkup that [Client.Doctor]
// has returned and to which findings may have been added.
func (c *Client) Report(ctx context.Context, found *Checkup) (*Report, error) {
	body, err := json.Marshal(found)
	if err != nil {
		return nil, fmt.Errorf("ask for report: %w", err)
	}
	into := new(Report)
	return into, c.call(ctx, callTimeout, http.MethodPost, "/v1/doctor/report", nil, body, into)
}
