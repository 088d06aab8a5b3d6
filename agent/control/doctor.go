package control

import (
	"context"
	"net/http"
	"slices"
)

// States of a [Finding].
const (
	FindingOK      = "ok"
	FindingWarning = "warning" // it works all the same
	FindingProblem = "problem" // a person has to do something
	FindingSkipped = "skipped" // not looked at, for the reason given
)

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
}

// NewCheckup makes the answer of what was found.
func NewCheckup(found []Finding) *Checkup {
	failed := func(f Finding) bool { return f.State == FindingProblem }
	return &Checkup{OK: !slices.ContainsFunc(found, failed), Findings: orEmpty(found)}
}

func (s *Server) doctor(w http.ResponseWriter, r *http.Request) error {
	c, err := s.backend.Doctor(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, c)
}

// Doctor has the agent look at itself and all around it, which may take some
// 50 s where a relay does not answer.
func (c *Client) Doctor(ctx context.Context) (*Checkup, error) {
	return get[Checkup](ctx, c, "/v1/doctor", nil)
}
