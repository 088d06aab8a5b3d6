package main

import (
	"strings"
	"testing"
)

// TestWrongUsage holds that what the command line alone shows to be wrong ends
// with 2, changes nothing, and repeats no secret.
func TestWrongUsage(t *testing.T) {
	const token = "hh_abcdefghijklmnopqrstuvwxyz234567"
	tests := []struct {
		name string
		args []string
		want string // part of stderr
	}{
		{"answer mode", []string{"claim", "x", "--answer", "foo"}, `--answer must be one of "hold","store","through" but got "foo"`},
		{"claim's name", []string{"claim", "Garage"}, `claim name "Garage" is not made of`},
		{"empty claim", []string{"claim", ""}, "no name"},
		{"YAML in a name", []string{"claim", "x}, {name: y"}, `is not made of`},
		{"relay's name", []string{"relay", "add", "Two", "https://two.example.com"}, `relay name "Two"`},
		{"relay's address", []string{"relay", "add", "two", "localhost:19"}, "url is not an address"},
		{"password in it", []string{"relay", "add", "two", "https://me:" + token + "@two.example.com"}, "url holds a user name or password"},
		{"token for a name", []string{"relay", "add", "two", "https://two.example.com", "--token", token}, "hh_, as relay tokens do"},
		{"credential's name", []string{"secret", "set", "bad name"}, "a credential's name has"},
		{"token to set", []string{"secret", "set", token}, "hh_, as relay tokens do"},
		{"token to remove", []string{"secret", "remove", token}, "hh_, as relay tokens do"},
		{"removal", []string{"secret", "remove", "bad name"}, "a credential's name has"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, out, errs := newTestApp(t)
			a.in = strings.NewReader("value\n")
			if code := a.execute(t.Context(), tt.args); code != exitUsage {
				t.Errorf("exit code %d, want %d", code, exitUsage)
			}
			if !strings.Contains(errs.String(), tt.want) || out.Len() > 0 {
				t.Errorf("stderr %q, want %q in it; stdout %q", errs, tt.want, out)
			}
			if strings.Contains(errs.String(), token[3:]) {
				t.Errorf("the token is shown: %s", errs)
			}
			p, _ := a.paths()
			if found, _ := claimIn(p.Config, "x"); found.Name != "" {
				t.Error("the file was changed")
			}
		})
	}
}

// TestRemediesNameFlags holds that no remedy for the command line speaks of the
// file's keys.
func TestRemediesNameFlags(t *testing.T) {
	tests := []struct {
		args string
		want string
		code int
	}{
		{"relay add two http://two.example.com", "use https://, or add --plain if you accept that", exitFailed},
		{"relay add two https://two.example.com --token " + strings.Repeat("0a", 16), "add --token relay/two", exitUsage},
		{"claim garage", "add --relay and one of: mine, other", exitFailed},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			a, _, errs := newTestApp(t)
			for _, name := range []string{"mine", "other"} {
				if code := a.execute(t.Context(), []string{"relay", "add", name, "https://relay.example.com"}); code != exitDone {
					t.Fatal(errs)
				}
			}
			errs.Reset()
			if code := a.execute(t.Context(), strings.Fields(tt.args)); code != tt.code || !strings.Contains(errs.String(), tt.want) {
				t.Errorf("exit code %d, stderr %q; want %d, %q", code, errs, tt.code, tt.want)
			}
		})
	}
}
