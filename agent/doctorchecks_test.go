package agent

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
)

// TestStartable looks at what the system does with a script's first line.
func TestStartable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("first lines say nothing there")
	}
	dir := t.TempDir()
	for _, tt := range []struct {
		name, first string
		s           start
		want        string
	}{
		{"good", "#!/bin/sh\n", start{}, ""},
		{"with an argument", "#! /bin/sh -e\n", start{}, ""},
		{"through env", "#!/usr/bin/env sh\n", start{}, ""},
		{"program", "\x7fELF\x02\x01", start{}, ""},
		{"empty", "", start{}, ""},
		{"no interpreter", "#!\n", start{}, "names no interpreter > write one there"},
		{"interpreter gone", "#!/opt/nowhere/python3\n", start{}, "is run by /opt/nowhere/python3, which is not there > install it"},
		{"not in PATH", "#!/usr/bin/env no-such-interpreter\n", start{}, "is run by no-such-interpreter, which is in no folder of the agent's PATH > install it"},
		{"its own PATH", "#!/usr/bin/env no-such-interpreter\n", start{path: true}, ""},
		{"options of env", "#!/usr/bin/env -S no-such-interpreter -u\n", start{}, ""},
		{"Windows line ends", "#!/bin/sh\r\n", start{}, "ends as lines do on Windows, so its interpreter is not found > write it with Unix line ends"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.s.name = filepath.Join(dir, strings.ReplaceAll(tt.name, " ", "-"))
			if err := os.WriteFile(tt.s.name, []byte(tt.first), 0o700); err != nil {
				t.Fatal(err)
			}
			text, remedy := startable(tt.s)
			if got := text + " > " + remedy; tt.want == "" && text != "" || !strings.Contains(got, tt.want) {
				t.Errorf("%s", got)
			}
		})
	}
	if text, _ := startable(start{}); text != "" {
		t.Errorf("no program: %s", text)
	}
	gone := start{name: filepath.Join(dir, "gone")}
	if text, _ := startable(gone); text == "" {
		t.Error("one that nobody may run is fine")
	}
}

// TestDoctorOfLocalClock finds out without a relay that a clock is behind.
func TestDoctorOfLocalClock(t *testing.T) {
	dir := t.TempDir()
	p := Patient{Config: filepath.Join(dir, "config.yaml"), History: filepath.Join(dir, "history.db")}
	for _, path := range []string{p.Config, p.History} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := newDoctor(p)
	d.clock(nil)
	wants(t, lines(t, control.NewCheckup(d.found)), "clock() skipped: there is no relay to compare it with")

	later := time.Now().Add(48 * time.Hour)
	if err := os.Chtimes(p.History, later, later); err != nil {
		t.Fatal(err)
	}
	d = newDoctor(p)
	d.clock(nil)
	wants(t, lines(t, control.NewCheckup(d.found)), "clock() problem: the clock of this machine says ", ", which is before the history was last written (", "> set the clock of this machine")
}

// TestDoctorOfClockByCertificate: a certificate that does not count now says
// something of this machine's clock.
func TestDoctorOfClockByCertificate(t *testing.T) {
	d := newDoctor(Patient{})
	d.clock([]*Verdict{{Relay: "a", Steps: []Finding{{Step: "tls", State: FindingProblem, byClock: true}}}})
	wants(t, lines(t, control.NewCheckup(d.found)), "clock(a) warning: it is 2", "here, and the certificate of the relay does not count then > if that is not the time, set the clock")
}

// TestDoctorOfNetwork goes by what network the test has, and by where relays are.
func TestDoctorOfNetwork(t *testing.T) {
	for host, want := range map[string]bool{"localhost": true, "127.0.0.2": true, "::ffff:127.0.0.1": true, "10.0.0.1": false, "nobody.invalid": false} {
		if leadsHere(t.Context(), host) != want {
			t.Errorf("%s leads here: %t", host, !want)
		}
	}
	d := newDoctor(Patient{})
	d.network(t.Context())
	if len(d.found) != 1 || d.found[0].Check != checkNetwork || d.found[0].State == control.FindingProblem {
		t.Errorf("%+v", d.found)
	}
	for url, want := range map[string]bool{"http://127.0.0.1:1": true, "https://localhost": true, "http://[::1]:2": true, "https://relay.example": false, "http://10.0.0.1": false, "%": false} {
		d.config = &config.Config{Relays: []config.Relay{{URL: url}}}
		if d.local(t.Context()) != want {
			t.Errorf("%s is local: %t", url, !want)
		}
	}
}

// TestDoctorOfPlainRelays warns of deliveries that anybody can read.
func TestDoctorOfPlainRelays(t *testing.T) {
	d := newDoctor(Patient{})
	for name, url := range map[string]string{"here": "http://127.0.0.1:1", "far": "http://10.0.0.1", "safe": "https://10.0.0.1"} {
		d.plain(config.Relay{Name: name, URL: url})
	}
	wants(t, lines(t, control.NewCheckup(d.found)), "tls(here) skipped: it is on this machine", "tls(far) warning: there is none", "!tls(safe)")
}

// TestDoctorOfUpdates tells of a newer version.
func TestDoctorOfUpdates(t *testing.T) {
	d := newDoctor(Patient{Version: "1.2.0"})
	d.updates()
	wants(t, lines(t, control.NewCheckup(d.found)), "updates() skipped: ")
}

// TestChecksAreDescribed holds the page for people and the description for programs
// to the checks that there are.
func TestChecksAreDescribed(t *testing.T) {
	page, err := os.ReadFile("../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	api, err := os.ReadFile("control/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range []string{
		checkAgent, "service", checkConfiguration, checkPermissions, checkCredentials, checkKeyring, checkScripts, checkHistory, checkDisk,
		checkNetwork, checkDNS, checkProxy, checkRelay, checkTLS, checkToken, checkClock, checkClaim, checkCanary, checkUpdates,
	} {
		if !strings.Contains(string(page), "\n| `"+check+"` | ") || !strings.Contains(string(page), "\n✓ "+check) && !strings.Contains(string(page), "\n✗ "+check) {
			t.Errorf("docs/doctor.md does not describe or show %s", check)
		}
		if !strings.Contains(string(api), `"`+check+`"`) {
			t.Errorf("openapi.json does not name %s", check)
		}
	}
}

// TestDoctorOfStateFiles finds what others can read that is theirs not to.
func TestDoctorOfStateFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"history.db": 0o644, "root.key": 0o640, "pause.json": 0o600} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	d := newDoctor(Patient{History: filepath.Join(dir, "history.db")})
	d.permissions()
	wants(t, lines(t, control.NewCheckup(d.found)), "permissions("+dir+"/root.key) problem: other users may read or change ", "(0640) > run: chmod 600 ", "!pause.json", "!history.db", "!ok: ")
}

func TestWorking(t *testing.T) {
	v := &Verdict{Dialect: "ptth/1.0", RoundTripMS: 1.25, Steps: []Finding{
		{Step: StepDialect, Dialect: "ptth/1.0", State: FindingOK},
		{Step: StepDialect, Dialect: "comet", State: FindingOK},
		{Step: StepDialect, Dialect: "ptth", State: FindingNo},
		{Step: StepDialect, State: FindingWarning},
	}}
	if got, want := working(v), "works with ptth/1.0, round trip 1.2 ms; it offers ptth/1.0, comet; it does not offer ptth"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := working(&Verdict{}); got != "can be reached" {
		t.Errorf("%q", got)
	}
}

// TestLastLines keeps the newest lines and bounds what they take.
func TestLastLines(t *testing.T) {
	var l lastLines
	var out strings.Builder
	log := l.with(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
	log.Debug("unseen")
	log.With("relay", "mine").WithGroup("g").Info("first", "a", 1)
	log.Warn("second")
	if got := l.all(); len(got) != 2 || !strings.HasSuffix(got[0], "level=INFO msg=first relay=mine g.a=1") || !strings.HasSuffix(got[1], "level=WARN msg=second") {
		t.Errorf("%q", got)
	}
	if text := out.String(); strings.Contains(text, "first") || !strings.Contains(text, "second") {
		t.Errorf("the log itself has %q", text)
	}
	for i := range 2 * keptLines {
		log.Info(fmt.Sprint("line ", i, " ", strings.Repeat("x", 2*longestLine)))
	}
	got := l.all()
	if len(got) != keptLines || len(got[0]) > longestLine || !strings.Contains(got[keptLines-1], fmt.Sprint("line ", 2*keptLines-1)) {
		t.Errorf("%d lines of %d bytes, last %.60q", len(got), len(got[0]), got[len(got)-1])
	}
}

// TestReport has what a bug report needs, without the credential.
func TestReport(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, respondRoute))
	if _, err := r.send(id, "POST /hello HTTP/1.1", "abc"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the history has it", func() bool {
		d, err := h.client.Delivery(t.Context(), id)
		return err == nil && d.State == control.Succeeded
	})
	h.log.Warn("something", "token", "hh_secret", "error", "Post http://me:pw@nas.local/x: refused")
	got, err := h.client.Report(t.Context(), &control.Checkup{Findings: []control.Finding{{Check: "service", State: control.FindingOK, Text: "by anna@example.org"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got.System.Version != "test" || got.System.OS != runtime.GOOS || got.System.Release == "" || got.System.Go == "" || got.Status == nil || got.Status.PID != os.Getpid() {
		t.Errorf("%+v, %+v", got.System, got.Status)
	}
	if len(got.Deliveries) != 1 || got.Deliveries[0] != (control.StateCount{State: control.Succeeded, Count: 1}) {
		t.Errorf("%+v", got.Deliveries)
	}
	if !strings.Contains(got.Config, "name: garage") || got.Checkup.Findings[0].Text != "by (mail address)" {
		t.Errorf("%s%+v", got.Config, got.Checkup)
	}
	log := strings.Join(got.Log, "\n")
	if strings.Contains(log, "hh_secret") || strings.Contains(log, "pw@") || !strings.Contains(log, "msg=something") {
		t.Errorf("%s", log)
	}
}
