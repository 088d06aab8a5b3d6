package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"homehook/agent/control"
	"homehook/service"
)

// installed is a system on which the user has a service.
func installed(_ context.Context, scope service.Scope) (service.Status, error) {
	return service.Status{Installed: scope == service.User, Enabled: true, System: "systemd", State: service.StateFailed, Log: "journalctl --user -u homehook"}, nil
}

// TestOurs: what is said next of the system's agent means that one.
func TestOurs(t *testing.T) {
	a, out, errs := newTestApp(t)
	dir := t.TempDir()
	p := service.Paths{Config: dir + "/config.yaml", State: dir + "/state", Runtime: dir + "/run"}
	if err := p.Make(); err != nil {
		t.Fatal(err)
	}
	a.system = true
	a.paths = func() (service.Paths, error) { return p, nil }
	if code := a.report(t.Context(), (&relayAddCmd{Name: "mine", URL: "https://relay.example.com"}).Run(t.Context(), a)); code != exitDone {
		t.Fatalf("code %d: %s%s", code, out, errs)
	}
	want := "see if it works: homehook --system relay test mine\nnext: homehook --system claim NAME --relay mine\n"
	if got := strings.ReplaceAll(errs.String(), "sudo ", ""); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	errs.Reset()
	a.report(t.Context(), withNext(fmt.Errorf("no"), "see: homehook claims"))
	a.report(t.Context(), withNext(fmt.Errorf("no"), "see: homehook claims --system"))
	a.report(t.Context(), fmt.Errorf("ask agent: %w of /run/x: run this as the user who runs the agent", control.ErrNotOwner))
	want = "homehook: no\n  see: homehook --system claims\nhomehook: no\n  see: homehook claims --system\n" +
		"homehook: only root and the account of the system's agent may ask that\n  run the same as root, with sudo\n"
	if got := errs.String(); strings.Replace(got, "sudo homehook", "homehook", 1) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFailedService says what keeps a service from starting that has given up.
func TestFailedService(t *testing.T) {
	a, _, errs := newTestApp(t)
	p, err := a.paths()
	if err != nil {
		t.Fatal(err)
	}
	st, _ := installed(t.Context(), service.User)
	notes := a.failedNotes(st)
	if len(notes) != 1 || notes[0].Remedy != "see what is wrong: homehook doctor; its log says more: journalctl --user -u homehook; then: homehook service start" {
		t.Errorf("with a file that is right: %+v", notes)
	}
	if err := os.WriteFile(p.Config, []byte("claims: [{name: garage}]\nclaim: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	notes = a.failedNotes(st)
	if n := len(notes); n < 2 || !strings.Contains(notes[0].Text, "config.yaml:") || notes[n-1].Remedy != "once that is right: homehook service start" {
		t.Errorf("%+v", notes)
	}
	refused := fmt.Errorf("start service: %w; its log says more: l", service.ErrRefused)
	if code := a.report(t.Context(), a.notStarted(refused)); code != exitFailed {
		t.Errorf("code %d", code)
	}
	if got := errs.String(); !strings.HasPrefix(got, "homehook: start service: the configuration or a folder is refused; its log says more: l\nhomehook: "+p.Config+":") {
		t.Errorf("%s", got)
	}
	st.State = service.StateRunning
	if notes := a.failedNotes(st); len(notes) > 0 {
		t.Errorf("of one that runs: %+v", notes)
	}
}

// TestPassphraseOfAService: a service has nobody to ask for one.
func TestPassphraseOfAService(t *testing.T) {
	t.Setenv("HOMEHOOK_HOME", "")
	a, _, errs := newTestApp(t)
	a.services = installed
	a.in = strings.NewReader("correct horse\n")
	if code := a.execute(t.Context(), []string{"secret", "store", "passphrase"}); code != exitFailed ||
		!strings.HasPrefix(errs.String(), "homehook: the service starts the agent with nobody to ask") || !strings.HasSuffix(errs.String(), "homehook secret store passphrase --yes\n") {
		t.Errorf("code %d: %s", code, errs)
	}
	errs.Reset()
	if code := a.execute(t.Context(), []string{"secret", "store", "passphrase", "--yes"}); code != exitDone || !strings.Contains(errs.String(), "the service cannot be given it: run homehook service uninstall, or move") {
		t.Errorf("code %d: %s", code, errs)
	}
}

// TestRootsDoctor: who has never had an agent is not told to start one, where the
// machine has one.
func TestRootsDoctor(t *testing.T) {
	t.Setenv("HOMEHOOK_HOME", "")
	a, _, _ := newTestApp(t)
	a.services = func(_ context.Context, scope service.Scope) (service.Status, error) {
		return service.Status{Installed: scope == service.System}, nil
	}
	p, err := a.paths()
	if err != nil {
		t.Fatal(err)
	}
	first := func() control.Finding {
		v := &visit{checkup: control.NewCheckup([]control.Finding{{Check: "agent", State: control.FindingProblem, Text: "the agent is not running"}}), service: &service.Status{}}
		a.elsewhere(t.Context(), p, v)
		return v.checkup.Findings[0]
	}
	if f := first(); f.State != control.FindingSkipped || !strings.HasSuffix(f.Remedy, "homehook doctor --system") {
		t.Errorf("%+v", f)
	}
	if err := os.WriteFile(p.Config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if f := first(); f.State != control.FindingProblem {
		t.Errorf("with a configuration: %+v", f)
	}
	if got := a.starter(t.Context(), &service.Status{}); !strings.HasPrefix(got, "homehook run; or look at that of the machine with: ") {
		t.Errorf("%s", got)
	}
}
