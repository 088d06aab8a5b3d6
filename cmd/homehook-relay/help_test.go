package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHelp holds that the help of every verb ends with an example of it, and
// that help on a mistake is no output.
func TestHelp(t *testing.T) {
	tests := []struct {
		args string
		code int
		want []string
	}{
		{"", exitUsage, []string{"Usage: homehook-relay", "Examples:"}},
		{"--help", exitDone, []string{"Usage: homehook-relay", "Examples:"}},
		{"serve --help", exitDone, []string{
			"homehook-relay serve --listen :443", "--answer-timeout", "(default 5m)", "--max-queue=N", "(default 10000)",
			"(default 1GiB)", "(default 168h)", "--disk-reserve=SIZE", "256MiB or 5 % of the disk",
		}},
		{"token --help", exitDone, []string{"homehook-relay token create laptop"}},
		{"token create --help", exitDone, []string{
			"homehook-relay token create ci --claims 3", "Claims belong to", "has the claims of the old one", "most names", "(default 10)",
		}},
		{"token list --help", exitDone, []string{"homehook-relay token list --json"}},
		{"token revoke --help", exitDone, []string{"homehook-relay token revoke laptop"}},
		{"version --help", exitDone, []string{"homehook-relay version"}},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			var out, log bytes.Buffer
			if code := run(strings.Fields(tt.args), streams{&out, &log}); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			text, other := out.String(), log.String()
			if tt.code != exitDone {
				text, other = other, text
			}
			words := strings.Join(strings.Fields(text), " ")
			for _, want := range append(slices.Clone(tt.want), "Example") {
				if !strings.Contains(words, want) {
					t.Errorf("%q is not in the help:\n%s", want, text)
				}
			}
			if other != "" {
				t.Errorf("also written: %s", other)
			}
		})
	}
}

func TestAnswerTimeoutFlag(t *testing.T) {
	for given, want := range map[time.Duration]bool{time.Second: true, 5 * time.Minute: true, 0: false, -time.Second: false} {
		c := serveCmd{
			Listen: "127.0.0.1:0", Data: "d", TLS: "off", AnswerTimeout: given,
			MaxQueue: 1, MaxQueueSize: 1, MaxQueueAge: 1,
		}
		o, err := c.options()
		if (err == nil) != want || want && o.AnswerTimeout != given {
			t.Errorf("%v: %v, %v", given, o.AnswerTimeout, err)
		}
		if code := report(err, streams{io.Discard, io.Discard}); !want && code != exitUsage {
			t.Errorf("%v: exit code %d", given, code)
		}
	}
}
