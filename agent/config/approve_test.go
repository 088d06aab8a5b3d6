package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestApprove writes digests into files of different layout: EXE stands for a
// program, DIGEST for its digest.
func TestApprove(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	exe, _ = filepath.EvalSymlinks(exe)
	raw, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	digest, zeros := hex.EncodeToString(sum[:]), strings.Repeat("0", 64)
	for _, tt := range []struct{ name, before, after string }{
		{
			"block",
			"  - name: r\n    match: /\n    unverified: true\n    script:\n      # look at it first\n      command: [EXE] # mine\n",
			"  - name: r\n    match: /\n    unverified: true\n    script:\n      # look at it first\n      sha256: \"DIGEST\"\n      command: [EXE] # mine\n",
		},
		{
			"flow",
			"  - {name: r, match: /, unverified: true, script: {command: [EXE]}} # mine\n",
			"  - {name: r, match: /, unverified: true, script: {sha256: \"DIGEST\", command: [EXE]}} # mine\n",
		},
		{
			"older digest",
			"  - name: r\n    match: /\n    unverified: true\n    script:\n      command: [EXE]\n      sha256: '" + zeros + "' # of May\n      timeout: 5s\n",
			"  - name: r\n    match: /\n    unverified: true\n    script:\n      command: [EXE]\n      sha256: \"DIGEST\" # of May\n      timeout: 5s\n",
		},
		{
			"older digest in braces",
			"  - {name: r, match: /, unverified: true, script: {command: [EXE], sha256: a" + zeros[1:] + "}}\n",
			"  - {name: r, match: /, unverified: true, script: {command: [EXE], sha256: \"DIGEST\"}}\n",
		},
		{
			"others",
			"  - {match: /x, unverified: true, script: {command: [EXE]}}\n  - match: /\n    name: r\n    unverified: true\n    respond: {}\n    also:\n      - script:\n          command:\n            - EXE\n      - script: {command: [EXE]}\n",
			"  - {match: /x, unverified: true, script: {command: [EXE]}}\n  - match: /\n    name: r\n    unverified: true\n    respond: {}\n    also:\n      - script:\n          sha256: \"DIGEST\"\n          command:\n            - EXE\n      - script: {sha256: \"DIGEST\", command: [EXE]}\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const rest = "relays: [{name: mine, url: \"https://relay.example.com\"}]\nclaims: [{name: garage}]\nroutes:\n"
			fill := func(s string) string {
				return rest + strings.NewReplacer("EXE", filepath.ToSlash(exe), "DIGEST", digest).Replace(s)
			}
			path := filepath.Join(t.TempDir(), "config.yaml")
			for _, nl := range []string{"\n", "\r\n"} {
				os.WriteFile(path, []byte(strings.ReplaceAll(fill(tt.before), "\n", nl)), 0o600)
				list, err := Approve(path, "r")
				if err != nil || len(list) == 0 || list[0].SHA256 != digest || filepath.ToSlash(list[0].Program) != filepath.ToSlash(exe) {
					t.Fatalf("got %+v, %v", list, err)
				}
				got, _ := os.ReadFile(path)
				if diff := cmp.Diff(strings.ReplaceAll(fill(tt.after), "\n", nl), string(got)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestApproveRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	os.WriteFile(path, []byte("relays: [{name: mine, url: \"https://relay.example.com\"}]\nclaims: [{name: garage}]\nroutes: [{name: r, match: /, unverified: true, respond: {}}]\n"), 0o600)
	if _, err := Approve(path, "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := Approve(path, "r"); err == nil || !strings.Contains(err.Error(), "runs no script") {
		t.Errorf("got %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Approve(path, "r"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
