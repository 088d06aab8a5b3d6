package agent

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/routes"
)

// TestFindings tells what keeps routes from their work, and of routes that are
// off nothing.
func TestFindings(t *testing.T) {
	program := filepath.Join(t.TempDir(), "deploy")
	write := func(text string) string {
		t.Helper()
		if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		digest, err := routes.Digest(program)
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	script := &routes.ScriptSpec{Command: []string{program}, SHA256: strings.ToUpper(write("as approved"))}
	c := &config.Config{
		Relays: []config.Relay{{Name: "mine", Token: "relay/mine"}},
		Claims: []config.Claim{{Name: "garage", VerifyToken: "token"}},
		Routes: []routes.Spec{
			{Name: "the blog", Verify: &routes.VerifySpec{Scheme: "standard", Secret: "hook"}, Script: script},
			{Match: "/also", Also: []routes.HandlerSpec{{Script: script}}, Notify: &routes.NotifySpec{NTFY: &routes.NTFYSpec{Token: "ntfy"}, Mail: &routes.MailSpec{Password: "mail"}}},
			{Name: "off", Off: true, Verify: &routes.VerifySpec{Scheme: "github", Secret: "unneeded"}, Script: script},
		},
	}
	have := map[string]string{"relay/mine": "hh_x", "token": "t", "hook": "no base-64", "mail": "p"}
	get := func(name string) (string, error) {
		if v, ok := have[name]; ok {
			return v, nil
		}
		return "", credentials.ErrNotFound
	}
	var known digests
	told := func() (all []string) {
		for _, f := range findings(c, get, &known) {
			text, _, _ := strings.Cut(f.Text, program)
			all = append(all, f.Check+" "+f.Subject+": "+text+" > "+f.Remedy)
		}
		return all
	}
	want := []string{
		`credentials ntfy: the credential "ntfy" is missing, which route "/also" needs > set it: homehook secret set ntfy`,
		`credentials hook: standard of route "the blog" cannot use the credential "hook": `,
	}
	got := told()
	if len(got) != 2 || got[0] != want[0] || !strings.HasPrefix(got[1], want[1]) {
		t.Errorf("%q", got)
	}
	have["ntfy"], have["hook"] = "x", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	if got := told(); got != nil {
		t.Errorf("all is well: %q", got)
	}
	write("something else, and longer")
	want = []string{
		`scripts the blog: route "the blog" does not run  > look at it, then run: homehook route approve 'the blog'`,
		`scripts /also: route "/also" does not run  > look at it, then run: homehook route approve /also`,
	}
	if diff := cmp.Diff(want, told()); diff != "" {
		t.Error(diff)
	}
	if got := Findings(c, get); len(got) != 2 || got[1].Action != (control.Action{Kind: "approve_route", Name: "/also"}) || !strings.HasSuffix(got[0].Text, "it has changed since you approved it") {
		t.Errorf("%+v", got)
	}
	if names := CredentialsOf(&c.Routes[1]); !slices.Equal(names, []string{"mail", "ntfy"}) {
		t.Errorf("%q", names)
	}
}

func TestRemedied(t *testing.T) {
	get := remedied(func(name string) (string, error) {
		if name == "there" {
			return "value", nil
		}
		return "", credentials.ErrNotFound
	})
	if v, err := get("there"); v != "value" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	_, err := get("stripe")
	const want = `the credential "stripe" cannot be used: it is not stored; store it with: homehook secret set stripe`
	if text := (&routes.SecretError{Name: "stripe", Err: err}).Error(); text != want || !errors.Is(err, credentials.ErrNotFound) {
		t.Errorf("%s", text)
	}
}

// TestDigests reads a program anew when it has changed.
func TestDigests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	var known digests
	if _, err := known.of(path); err == nil {
		t.Error("there is no file")
	}
	seen := map[string]bool{}
	for _, text := range []string{"one", "three", "three"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		digest, err := known.of(path)
		if err != nil {
			t.Fatal(err)
		}
		seen[digest] = true
	}
	if len(seen) != 2 && runtime.GOOS != "windows" {
		t.Errorf("%d digests of two programs", len(seen))
	}
}
