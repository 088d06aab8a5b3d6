package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
	"homehook/service"
)

// newTestApp is an app that prints to buffers.
func newTestApp(t *testing.T) (a *app, out, errs *bytes.Buffer) {
	t.Helper()
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	home := t.TempDir()
	return &app{
		in: strings.NewReader(""), out: out, err: errs, version: "test", signals: newInterrupts(),
		now: func() time.Time { return time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC) },
		paths: func() (service.Paths, error) {
			return service.Paths{Config: home + "/config.yaml", State: home + "/state", Runtime: home + "/run"}, nil
		},
	}, out, errs
}

func TestSayEscapes(t *testing.T) {
	a, out, errs := newTestApp(t)
	a.say("%s|%d|%v", "\x1b[2J", 7, errors.New("bad\n\u202e"))
	a.note("%s", "a\x07")
	a.block("  ", "one\n\x1bx\n\n")
	if want := "\\x1b[2J|7|bad\\n\\u202e\n  one\n  \\x1bx\n"; out.String() != want {
		t.Errorf("out %q, want %q", out, want)
	}
	if want := "a\\x07\n"; errs.String() != want {
		t.Errorf("err %q, want %q", errs, want)
	}
}

func TestPaint(t *testing.T) {
	a, _, _ := newTestApp(t)
	if got := a.paint(red, "dead\x1b"); got != `dead\x1b` {
		t.Errorf("without colours: %q", got)
	}
	a.colour = true
	if got := a.paint(red, "dead\x1b"); got != "\x1b[31mdead\\x1b\x1b[0m" {
		t.Errorf("with colours: %q", got)
	}
	if got := a.paint("", "x") + a.paint(red, ""); got != "x" {
		t.Errorf("nothing to paint: %q", got)
	}
}

func TestTable(t *testing.T) {
	a, out, _ := newTestApp(t)
	rows := [][]cell{plainCells("é", "2", "last"), {{text: "long\x1b"}, {text: "", colour: red}, {text: ""}}}
	a.table([]string{"A", "BB", "C"}, rows)
	want := "A         BB  C\né         2   last\nlong\\x1b\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	a.colour = true
	a.table([]string{"A", "B"}, [][]cell{{{text: "ok", colour: green}, {text: "x"}}})
	want = "\x1b[2mA\x1b[0m   \x1b[2mB\x1b[0m\n\x1b[32mok\x1b[0m  x\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestWriteJSON(t *testing.T) {
	a, out, _ := newTestApp(t)
	if err := a.writeJSON(map[string]string{"a": "<\x1b\u009b\U000e0041>"}); err != nil {
		t.Fatal(err)
	}
	want := "{\n  \"a\": \"<\\u001b\\u009b\\udb40\\udc41>\"\n}\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := a.writeLine(list[int](nil)); err != nil || out.String() != "[]\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestNumbersForPeople(t *testing.T) {
	for n, want := range map[float64]string{0: "<0.1 ms", 0.123: "0.1 ms", 9.94: "9.9 ms", 123.4: "123 ms", 1500: "1.5 s", 90_000: "1m30s"} {
		if got := ms(n); got != want {
			t.Errorf("ms(%v) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 9999: "9999 bytes", 40000: "39 KiB", 32 << 20: "32 MiB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
	if got := count(1, "delivery") + " " + count(2, "delivery") + " " + count(2, "relay"); got != "1 delivery 2 deliveries 2 relays" {
		t.Errorf("%q", got)
	}
	if got := count(1, "link") + " " + count(2, "link"); got != "1 link 2 links" {
		t.Error(got)
	}
}

func TestStateColour(t *testing.T) {
	for state, want := range map[string]string{
		control.Succeeded: green, control.StateConnected: green, control.Dead: red, control.Rejected: red,
		control.Running: yellow, control.StateConnecting: yellow, control.StateIdle: "", "anything": "",
	} {
		if got := stateColour(state); got != want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
	}
}

func TestNoColourWhereItIsNotWanted(t *testing.T) {
	env := map[string]string{}
	f, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if wantsColour(f, func(name string) string { return env[name] }) {
		t.Error("a file is no terminal")
	}
}
