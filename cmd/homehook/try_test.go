package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"homehook/agent/config"
	"homehook/agent/control"
)

// TestTryLeavesNothing runs the trial in this process: no goroutine and no file
// of it is left, and the first webhook is home within two seconds.
func TestTryLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t)
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	a, out, errs := newTestApp(t)
	began := time.Now()
	world, err := newTrial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := world.startAgent(t.Context(), "test")
	if err != nil {
		world.close()
		t.Fatal(err)
	}
	s := &stage{app: a, trial: world, last: began}
	if err := s.connect(ctx); err != nil {
		t.Error(err)
	}
	// The route to the app needs no process, and so runs in this test binary.
	j, err := world.send(ctx, "test", s.url+"orders/1", "{}")
	if err != nil || j.problem() != nil || j.record.Route != forwardRoute {
		t.Errorf("journey %+v, %v", j, err)
	}
	if spent := time.Since(began); spent > 2*time.Second {
		t.Errorf("the first webhook was home after %s", spent)
	}
	world.close()
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if errs.Len() > 0 || !strings.Contains(out.String(), "ptth/1.0") {
		t.Errorf("stdout %s, stderr %s", out, errs)
	}
}

func TestSampleConfig(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `odd "name" # with: marks`)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	command, err := sampleCommand(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	text := sampleConfig("http://127.0.0.1:1", command, dir, "http://127.0.0.1:2")
	cfg, err := config.Parse("config.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	defer cfg.Table.Close()
	if diff := cmp.Diff(command, cfg.Routes[0].Script.Command); diff != "" {
		t.Error(diff)
	}
	if cfg.Routes[0].Claim != sampleClaim || cfg.Relays[0].Token != sampleSecret {
		t.Errorf("%+v", cfg)
	}
}

func TestJourneySteps(t *testing.T) {
	sent := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	j := &journey{sent: sent, answer: &answer{Status: 200, DurationMS: 10}, record: &control.Record{
		Delivery: control.Delivery{ID: "01", State: control.Succeeded},
		Log:      []control.Attempt{{Route: "r", Handler: "script", Exit: 0, Started: sent.Add(2 * time.Millisecond), DurationMS: 7}},
	}}
	want := []step{
		{"the relay took it in as delivery 01 and handed it to a link", 2},
		{`at home it matched route "r", and the script ran and ended with exit code 0`, 7},
		{"the answer came back: 200 OK, 10 ms in all", 1},
	}
	if diff := cmp.Diff(want, j.steps()); diff != "" {
		t.Error(diff)
	}
	j.record.Log, j.answer.Status = nil, 404
	want = []step{{"the relay took it in as delivery 01, and at home no route takes it", 10}}
	if diff := cmp.Diff(want, j.steps()); diff != "" {
		t.Error(diff)
	}
}

func TestJourneyProblem(t *testing.T) {
	tests := []struct {
		state  string
		status int
		want   string
	}{
		{control.Succeeded, 200, ""},
		{control.Succeeded, 502, "delivery 01 was answered with 502"},
		{control.Dead, 500, "delivery 01 is dead: it failed"},
	}
	for _, tt := range tests {
		j := &journey{answer: &answer{Status: tt.status}, record: &control.Record{
			Delivery: control.Delivery{ID: "01", State: tt.state, Reason: "it failed"},
		}}
		got := ""
		if err := j.problem(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s, %d: %q, want %q", tt.state, tt.status, got, tt.want)
		}
	}
}

func TestHandledBy(t *testing.T) {
	for want, attempt := range map[string]control.Attempt{
		"the script ran and ended with exit code 3":    {Handler: "script", Exit: 3, Error: "exit 3"},
		"the script handler failed: no such file":      {Handler: "script", Exit: -1, Error: "no such file"},
		"the forward handler was answered with 204":    {Handler: "forward", Exit: -1, Status: 204},
		"the forward handler failed: connection reset": {Handler: "forward", Exit: -1, Error: "connection reset"},
	} {
		if got := handledBy(&attempt); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLogBufferKeepsTheEnd(t *testing.T) {
	var b logBuffer
	for range 3 {
		if _, err := b.Write([]byte(strings.Repeat("x", maxLog/2) + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(b.String()); n == 0 || n > maxLog {
		t.Errorf("%d bytes kept", n)
	}
}
