package service

import (
	"strings"
	"testing"
	"time"
)

func TestSystemdState(t *testing.T) {
	tests := []struct {
		name  string
		p     properties
		state string
		exit  string // what lastExit begins with
	}{
		{"running", properties{"ActiveState": "active", "SubState": "running", "ExecMainCode": "0"}, StateRunning, ""},
		{"starting", properties{"ActiveState": "activating", "SubState": "start"}, StateStarting, ""},
		{
			"between two starts", properties{
				"ActiveState": "activating", "SubState": "auto-restart", "ExecMainCode": "2", "ExecMainStatus": "9", "Result": "signal",
				"ExecMainExitTimestamp": "Sat 2025-11-22 15:21:00 UTC",
			}, StateStarting, "ended by SIGKILL, ",
		},
		{"stopped", properties{"ActiveState": "inactive", "ExecMainCode": "1", "ExecMainStatus": "0", "Result": "success", "ExecMainExitTimestamp": "Sat 2025-11-22 15:21:00 UTC"}, StateStopped, "exit code 0, "},
		{"ending", properties{"ActiveState": "deactivating"}, StateStopped, ""},
		{"refused", properties{"ActiveState": "failed", "ExecMainCode": "1", "ExecMainStatus": "78", "Result": "exit-code", "ExecMainExitTimestamp": "Sat 2025-11-22 15:21:00 UTC"}, StateFailed, "exit code 78, since the configuration or a folder is refused, "},
		{"hung", properties{"ActiveState": "failed", "ExecMainCode": "2", "ExecMainStatus": "6", "Result": "watchdog", "ExecMainExitTimestamp": "Sat 2025-11-22 15:21:00 UTC"}, StateFailed, "ended by systemd, since it no longer answered, "},
		{"slow", properties{"ActiveState": "failed", "ExecMainCode": "2", "ExecMainStatus": "9", "Result": "timeout", "ExecMainExitTimestamp": "Sat 2025-11-22 15:21:00 UTC"}, StateFailed, "ended by systemd, since it took too long, "},
		{"never started", properties{"ActiveState": "inactive", "ExecMainCode": "0", "ExecMainExitTimestamp": ""}, StateStopped, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.p.state(); got != tt.state {
				t.Errorf("state %q, want %q", got, tt.state)
			}
			if got := tt.p.lastExit(); !strings.HasPrefix(got, tt.exit) || (tt.exit == "") != (got == "") {
				t.Errorf("last exit %q, want %q", got, tt.exit)
			}
		})
	}
}

func TestSystemdProperties(t *testing.T) {
	p := properties{
		"ExecStart":              "{ path=/home/ann/my bin/homehook ; argv[]=/home/ann/my bin/homehook run --service ; ignore_errors=no ; pid=12 ; code=(null) ; status=0/0 }",
		"ExecMainStartTimestamp": "Sat 2025-11-22 15:21:07 UTC",
		"NRestarts":              "3", "MainPID": "", "LoadState": "loaded", "FragmentPath": "/etc/systemd/system/homehook.service",
	}
	if got := p.program(); got != "/home/ann/my bin/homehook" {
		t.Errorf("program %q", got)
	}
	if got, want := p.at("ExecMainStartTimestamp"), time.Date(2025, 11, 22, 15, 21, 7, 0, time.UTC); !got.Equal(want) {
		t.Errorf("started %v, want %v", got, want)
	}
	if !p.at("ExecMainExitTimestamp").IsZero() || p.number("NRestarts") != 3 || p.number("MainPID") != 0 {
		t.Errorf("what is there and what is not is mixed up: %v", p)
	}
	if !p.installed() || (properties{"LoadState": "not-found"}).installed() {
		t.Error("installed says the contrary")
	}
	if got := (properties{}).program(); got != "" {
		t.Errorf("program of nothing: %q", got)
	}
}

// FuzzEnded holds that whatever the journal holds is put into words.
func FuzzEnded(f *testing.F) {
	f.Add("exited", "78", "")
	f.Add("killed", "9", "")
	f.Add("dumped", "SIGABRT", "watchdog")
	f.Fuzz(func(t *testing.T, how, code, result string) {
		if got := ended(how, code, result, time.Unix(0, 0)); !strings.Contains(got, ", ") {
			t.Errorf("%q", got)
		}
	})
}
