package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/agent/history"
)

// lines is a checkup with one line a finding.
func lines(t *testing.T, c *control.Checkup) string {
	t.Helper()
	var all []string
	ok := true
	for _, f := range c.Findings {
		ok = ok && f.State != control.FindingProblem
		all = append(all, fmt.Sprintf("%s(%s) %s: %s > %s", f.Check, f.Subject, f.State, f.Text, f.Remedy))
		if f.Text == "" || f.State == control.FindingProblem && f.Remedy == "" {
			t.Errorf("a text or remedy is missing: %+v", f)
		}
	}
	if c.OK != ok {
		t.Errorf("ok is %t", c.OK)
	}
	return strings.Join(all, "\n")
}

// wants fails the test for each line that text lacks, or, with a ! before it,
// has.
func wants(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, want := range all {
		part, not := strings.CutPrefix(want, "!")
		if strings.Contains(text, part) == not {
			t.Errorf("%q in or not in\n%s", want, text)
		}
	}
}

func checkup(t *testing.T, h *home) string {
	t.Helper()
	c, err := h.client.Doctor(t.Context(), control.Examination{})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(c); err != nil || strings.Contains(string(text), "hh_secret") {
		t.Errorf("%s, %v", text, err)
	}
	return lines(t, c)
}

// TestDoctorOfRunningAgent goes from good to bad, and back where it can.
func TestDoctorOfRunningAgent(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("scripts and modes are others there")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "run.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, respondRoute+
		fmt.Sprintf("  - {name: s, claim: garage, match: /s, unverified: true, script: {command: [%q]}}\n", script)+
		"  - {name: signed, claim: garage, match: /v, verify: {scheme: standard, secret: signing}, respond: {status: 200}}\n"))
	if err := h.opts.Credentials.Set("signing", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="); err != nil {
		t.Fatal(err)
	}
	eventually(t, "linked", func() bool { return (&backend{h.Agent}).Claims()[0].Connected })
	text := checkup(t, h)
	wants(t, text, "!problem:", "!warning: other",
		"agent() ok: runs, version test, pid ", "configuration() ok: "+h.path()+" is valid: relays 1, claims 1, routes 3",
		"permissions() ok: ", "credentials() ok: stored as they should be: relay/test, signing", "scripts() ok: all can be run: 1",
		"history() ok: ", " is sound, ", "disk(", "relay(test) ok: works with ptth/1.0, round trip ", "clock(",
		"claim(garage) ok: linked, answer mode hold, deliveries that wait at the relay: 0")

	// What has changed since the configuration was loaded is found too.
	state := filepath.Join(h.dir, "state")
	for _, err := range []error{
		os.Remove(script), h.opts.Credentials.Set("signing", "hh_secret of another kind"),
		os.Chmod(filepath.Join(state, "history.db"), 0o644), os.Chmod(state, 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	wants(t, checkup(t, h), `scripts(s) problem: route "s": `,
		`credentials(signing) problem: standard of route "signed" cannot use the credential "signing": `,
		"configuration() ok: ",
		"history("+state+"/history.db) problem: ", "> run: chmod 600 "+state+"/history.db",
		"permissions("+state+") warning: other users may look into folder "+state+" (0755) > run: chmod 700 "+state)

	if err := h.opts.Credentials.Remove("signing"); err != nil {
		t.Fatal(err)
	}
	if err := (&backend{h.Agent}).Pause(time.Hour); err != nil {
		t.Fatal(err)
	}
	wants(t, checkup(t, h), `credentials(signing) problem: the credential "signing" is missing, which route "signed" needs > set it: homehook secret set signing`,
		"agent() warning: runs, version test", "it is paused until ", "> end the pause with: homehook resume",
		"claim(garage) skipped: not linked: the agent is paused; answer mode hold")
}

// TestDoctorWithoutLinks names what keeps a claim from being linked.
func TestDoctorWithoutLinks(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_other")
	h := startHome(t, conf(r.addr, respondRoute))
	eventually(t, "refused", func() bool { return (&backend{h.Agent}).Claims()[0].Error != "" })
	wants(t, checkup(t, h), "token(test) problem: no link for garage can be opened: ", "the token is not known",
		"> store the token that the relay's operator gave you: homehook secret set relay/test",
		"claim(garage) problem: not linked, answer mode hold: ", "> put right what is wrong with relay test, as said above")
}

// TestDiagnose looks at agents that do not run.
func TestDiagnose(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	good := fmt.Sprintf("relays: [{name: test, url: \"http://%s\", token: relay/test}]\nclaims: [{name: garage, relay: test, answer: store}]\n", l.Addr())
	tests := []struct {
		name, conf string
		prepare    func(t *testing.T, state string)
		want       []string
	}{
		{"nothing yet", "", nil, []string{
			"agent() problem: the agent is not running", "> start it with: homehook run", "configuration() warning: there is no file ",
			"credentials() ok: the configuration names none", "history() skipped: there is none yet", "relay() skipped: none is configured",
			"clock() skipped: ", "claim() warning: nothing is claimed",
		}},
		{"broken configuration", "relays:\n  - {nmae: test}\n", nil, []string{
			`config.yaml:2:6: unknown key "nmae"`, "credentials() skipped: the configuration is not valid", "scripts() skipped", "relay() skipped", "claim() skipped", "disk(",
		}},
		{"relay and credential are not there", good, nil, []string{
			"configuration() ok: ", `credentials(relay/test) problem: the credential "relay/test" is missing`,
			"relay(test) problem: connect to relay ", "!relay(test) ok", "clock() skipped: no relay says",
			"claim(garage) skipped: not linked: the agent is not running; answer mode store",
		}},
		{"history that is none", good, func(t *testing.T, state string) {
			if err := os.WriteFile(filepath.Join(state, "history.db"), []byte(strings.Repeat("text ", 2000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"history() problem: ", "not a database", "> if it is damaged, start the agent anew"}},
		{"sound history", good, func(t *testing.T, state string) {
			j, err := history.Open(t.Context(), filepath.Join(state, "history.db"), history.Options{})
			if err := errors.Join(err, j.Close()); err != nil {
				t.Fatal(err)
			}
		}, []string{"history() ok: ", " is sound, "}},
		{"credentials that others can read", good, func(t *testing.T, state string) {
			if runtime.GOOS == "windows" {
				t.Skip("modes say nothing there")
			}
			if err := os.WriteFile(filepath.Join(state, "credentials.json"), []byte("{}"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, []string{"credentials.json) problem: other users may read or change ", "> run: chmod 600 ", "; if others use this machine, give the credentials new values then", "!is open to others"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			p := Patient{Config: filepath.Join(dir, "config.yaml"), History: filepath.Join(dir, "state", "history.db"), Socket: filepath.Join(dir, "run", "s"), Version: "test"}
			if tt.conf != "" {
				if err := os.WriteFile(p.Config, []byte(tt.conf), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if tt.prepare != nil {
				if err := os.Mkdir(filepath.Dir(p.History), 0o700); err != nil {
					t.Fatal(err)
				}
				tt.prepare(t, filepath.Dir(p.History))
			}
			c, err := Diagnose(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			wants(t, lines(t, c), tt.want...)
			if _, err := os.Stat(filepath.Dir(p.History)); tt.prepare == nil && !os.IsNotExist(err) {
				t.Errorf("it made the state folder: %v", err)
			}
		})
	}
}

// TestDoctorTakesItsTime: a relay that says nothing holds nothing up for long,
// and the others not at all; whoever asked can go.
func TestDoctorTakesItsTime(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	m := pretend(t, nil, func(http.ResponseWriter, *http.Request) bool { return false })
	d := newDoctor(Patient{Version: "test"})
	d.each = 300 * time.Millisecond
	d.config = &config.Config{
		Relays: []config.Relay{{Name: "silent", URL: "http://" + silent.Addr().String()}, {Name: "good", URL: m.server.URL}},
		Claims: []config.Claim{{Name: "garage", Relay: "silent"}, {Name: "attic", Relay: "good"}},
	}
	d.relays(t.Context())
	text := lines(t, control.NewCheckup(d.found))
	wants(t, text, "relay(silent) problem: it could not be examined in the time there was", "relay(good) ok: works with ptth/1.0", "clock(good) ok: ")

	d.found, d.status = nil, control.Status{Relays: []control.Relay{{Name: "silent", State: control.StateConnected}}}
	d.relays(t.Context())
	wants(t, lines(t, control.NewCheckup(d.found)), "relay(silent) warning: ", ", but links are open")

	d.each, d.found = time.Minute, nil
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if c, err := d.rest(ctx); !errors.Is(err, context.DeadlineExceeded) || c != nil || time.Since(began) > 5*time.Second {
		t.Errorf("%+v, %v after %s", c, err, time.Since(began))
	}
}

func TestDoctorOfJournal(t *testing.T) {
	tests := []struct {
		name string
		err  error
		lost int64
		want string
		good bool
	}{
		{"good", nil, 0, "", true},
		{"lost", nil, 3, "history() warning: records that could not be written since the agent began: 3", true},
		{"full", errors.New("disk full"), 0, "history() problem: it cannot be written: disk full > make room on the disk", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoctor(Patient{History: "/state/history.db"})
			if d.writable(tt.err, tt.lost) != tt.good {
				t.Errorf("not %t", tt.good)
			}
			wants(t, lines(t, control.NewCheckup(d.found)), tt.want)
		})
	}
}

func TestDoctorOfDisk(t *testing.T) {
	for free, want := range map[int64]string{
		noSpace - 1:  "problem: 63 MiB of 40 GiB are free where /state lies > make room",
		noSpace:      "warning: 64 MiB",
		littleSpace:  "ok: 1024 MiB",
		20 << 30:     "ok: 20 GiB",
		1:            "problem: 1 KiB",
		noSpace << 1: "warning: 128 MiB",
	} {
		d := newDoctor(Patient{})
		d.space("/state", free, 40<<30)
		wants(t, lines(t, control.NewCheckup(d.found)), "disk(/state) "+want)
	}
}

func TestDoctorOfClaims(t *testing.T) {
	tests := []struct {
		name  string
		claim control.Claim
		want  string
	}{
		{"linked", control.Claim{Connected: true, Queued: 7}, "ok: linked, answer mode hold, deliveries that wait at the relay: 7"},
		{"half", control.Claim{Connected: true, Error: "no settings"}, "warning: linked, answer mode hold, but: no settings"},
		{"on its way", control.Claim{}, "warning: not linked yet, answer mode hold"},
		{"not", control.Claim{Error: "no route to host"}, "problem: not linked, answer mode hold: no route to host > put right what is wrong with the credentials, as said above"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoctor(Patient{})
			d.ill["mine"] = "the credentials"
			tt.claim.Name, tt.claim.Relay, tt.claim.Answer = "garage", "mine", "hold"
			d.claim(tt.claim)
			wants(t, lines(t, control.NewCheckup(d.found)), "claim(garage) "+tt.want)
		})
	}
}

// TestDoctorOfClocks tells of the one that is off most.
func TestDoctorOfClocks(t *testing.T) {
	at := func(relay, state string) *Verdict {
		return &Verdict{Relay: relay, Steps: []Finding{{Step: StepClock, State: state, Text: "as it is", Remedy: "set it"}}}
	}
	for _, tt := range []struct {
		want string
		all  []*Verdict
	}{
		{"clock() skipped: ", []*Verdict{nil, at("a", FindingSkipped)}},
		{"clock(a) ok: ", []*Verdict{at("a", FindingOK), at("b", FindingSkipped), nil}},
		{"clock(b) problem: ", []*Verdict{at("a", FindingWarning), at("b", FindingProblem), at("c", FindingOK)}},
	} {
		d := newDoctor(Patient{})
		d.clock(tt.all)
		wants(t, lines(t, control.NewCheckup(d.found)), tt.want)
	}
}

// TestDoctorWithoutAStore finds each credential missing.
func TestDoctorWithoutAStore(t *testing.T) {
	d := newDoctor(Patient{})
	if _, err := d.credential("relay/mine"); err == nil || errors.Is(err, credentials.ErrNotFound) || !strings.Contains(err.Error(), `"relay/mine" is missing`) {
		t.Errorf("%v", err)
	}
}
