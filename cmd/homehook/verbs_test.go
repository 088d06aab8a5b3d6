package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"homehook/agent/control"
)

func TestLogger(t *testing.T) {
	tests := []struct {
		cmd  runCmd
		want []string // beginnings of the lines that come out
	}{
		{runCmd{LogLevel: "warn", LogFormat: "text"}, []string{"time="}},
		{runCmd{LogLevel: "info", LogFormat: "json"}, []string{`{"time":`, `{"time":`}},
		{runCmd{LogLevel: "error", LogFormat: "text"}, nil},
	}
	for _, tt := range tests {
		var b bytes.Buffer
		log := tt.cmd.logger(&b)
		log.Debug("d")
		log.Info("i")
		log.Warn("w", slog.String("from", "\x1b[2J\u202e"))
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if b.Len() == 0 {
			lines = nil
		}
		if len(lines) != len(tt.want) {
			t.Errorf("%+v: %q", tt.cmd, lines)
			continue
		}
		for i := range lines {
			if !strings.HasPrefix(lines[i], tt.want[i]) {
				t.Errorf("%+v: %q", tt.cmd, lines[i])
			}
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Errorf("%+v: an escape is in the log: %q", tt.cmd, b.String())
		}
	}
}

func TestTellDelivery(t *testing.T) {
	d := &control.Delivery{
		ID: "01", State: control.Dead, Method: "POST", Path: "/a\x1b]0;x\x07", Route: "r\u202e",
		Status: 500, DurationMS: 3, Reason: "exit\n1",
	}
	a, out, _ := newTestApp(t)
	if err := a.tellDelivery(d); err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(out.String(), "  ")
	if want := "500  dead  POST /a\\x1b]0;x\\x07 → r\\u202e  3.0 ms: exit\\n1  01\n"; line != want {
		t.Errorf("%q, want %q", line, want)
	}
	out.Reset()
	a.json = true
	if err := a.tellDelivery(d); err != nil {
		t.Fatal(err)
	}
	var got control.Delivery
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got != *d || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%s: %v", out, err)
	}
	harmless(t, strings.TrimSuffix(out.String(), "\n"), "")
}

// TestWithoutAnAgent walks through the verbs that need none, in this process.
func TestWithoutAnAgent(t *testing.T) {
	a, out, errs := newTestApp(t)
	steps := []struct {
		args, in string
		code     int
		out      string // part of stdout
	}{
		{"relay add mine https://relay.example.com --token-stdin", "t0ken\n", exitDone, "relay mine is in "},
		{"relay list", "", exitDone, "mine   https://relay.example.com"},
		{"secret list", "", exitDone, "relay/mine"},
		{"claim garage", "", exitDone, ""},
		{"claim garage --relay other", "", exitFailed, ""},
		{"route check", "", exitDone, "1 relay, 1 claim, 0 routes"},
		{"relay remove mine", "", exitFailed, ""},
		{"claims", "", exitAway, ""},
		{"history", "", exitAway, ""},
		{"show 0198c0de", "", exitAway, ""},
		{"show 01", "", exitUsage, ""},
		{"tail", "", exitAway, ""},
		{"secret remove relay/mine --yes", "", exitDone, ""},
		{"secret remove relay/mine --yes", "", exitFailed, ""},
		{"release nothing", "", exitFailed, ""},
	}
	for _, s := range steps {
		out.Reset()
		errs.Reset()
		a.in, a.json = strings.NewReader(s.in), false
		code := a.execute(t.Context(), strings.Fields(s.args))
		if code != s.code || !strings.Contains(out.String(), s.out) {
			t.Errorf("%s: code %d, stdout %q, stderr %q", s.args, code, out, errs)
		}
		if strings.Contains(out.String()+errs.String(), "t0ken") {
			t.Errorf("%s shows the token", s.args)
		}
	}
}
