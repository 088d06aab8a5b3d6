package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"homehook/agent/credentials"
	"homehook/service"
)

// TestRootKeyPlaces: only the agent that a user or the machine has by default keeps
// its root key outside its folder.
func TestRootKeyPlaces(t *testing.T) {
	for name, value := range map[string]string{
		"HOMEHOOK_HOME": "", "HOME": t.TempDir(), "USERPROFILE": t.TempDir(), "AppData": t.TempDir(), "LocalAppData": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
	user, err := service.UserPaths()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	elsewhere := service.Paths{Config: filepath.Join(dir, "config.yaml"), State: dir, Runtime: dir}
	const systemd, keyring, file = credentials.PlaceSystemd, credentials.PlaceKeyring, credentials.PlaceFile
	for _, tt := range []struct {
		name  string
		paths service.Paths
		want  []credentials.Place
	}{
		{"of the user", user, []credentials.Place{systemd, keyring, file}},
		{"of the machine", service.SystemPaths(), []credentials.Place{systemd, file}},
		{"elsewhere", elsewhere, []credentials.Place{file}},
	} {
		if got := rootKeyPlaces(tt.paths); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	t.Setenv("HOMEHOOK_HOME", dir)
	portable, err := service.UserPaths()
	if err != nil {
		t.Fatal(err)
	}
	if got := rootKeyPlaces(portable); !slices.Equal(got, []credentials.Place{file}) {
		t.Errorf("with HOMEHOOK_HOME: %v", got)
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[string]string{"-5s": "0 s", "59s": "59 s", "61s": "1 min", "59m": "59 min", "47h59m": "47 h", "48h": "2 days", "8760h": "365 days"} {
		v, err := time.ParseDuration(d)
		if got := age(v); err != nil || got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}
