package agent

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

const needy = `relays:
  - {name: mine, url: "https://mine.example", token: relay/mine}
  - {name: free, url: "https://free.example"}
claims:
  - {name: garage, relay: mine}
  - {name: plain, relay: free}
  - {name: signed, relay: free}
  - {name: told, relay: free}
  - {name: asked, relay: free, sender: meta, verify_token: meta/claim}
routes:
  - {name: a, claim: garage, match: /a, unverified: true, respond: {status: 204}}
  - {name: b, claim: plain, match: /b, unverified: true, respond: {status: 204}}
  - {name: c, claim: plain, match: /c, off: true, verify: {scheme: github, secret: github}, respond: {status: 204}}
  - {name: d, claim: signed, match: /d, verify: {scheme: github, secrets: [github, older]}, respond: {status: 204}}
  - {name: e, claim: told, match: /e, unverified: true, notify: {text: "x", ntfy: {url: "https://ntfy.example/x", token: ntfy}}}
`

func TestNeeds(t *testing.T) {
	c, err := config.Parse("config.yaml", []byte(needy))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Table.Close()
	want := map[string][]control.Need{
		"relay/mine": {{Kind: "relay", Name: "mine"}},
		"meta/claim": {{Kind: "claim", Name: "asked"}},
		"github":     {{Kind: "route", Name: "d"}},
		"older":      {{Kind: "route", Name: "d"}},
		"ntfy":       {{Kind: "route", Name: "e"}},
	}
	if diff := cmp.Diff(want, needsOf(c)); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	got := map[string]bool{}
	for i := range c.Claims {
		got[c.Claims[i].Name] = needsCredential(c, &c.Claims[i])
	}
	if diff := cmp.Diff(map[string]bool{"garage": true, "plain": false, "signed": true, "told": true, "asked": true}, got); diff != "" {
		t.Errorf("claims that need one (-want +got):\n%s", diff)
	}
}

// TestFindingsOfWhatCannotBeRead: one reason is told once, with a remedy that
// helps.
func TestFindingsOfWhatCannotBeRead(t *testing.T) {
	c, err := config.Parse("config.yaml", []byte(needy))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Table.Close()
	set := func(name string) control.Action { return control.Action{Kind: "set_credential", Name: name} }
	unlock := control.Action{Kind: "unlock"}
	locked := func(name string) error { return fmt.Errorf("credential %q: %w", name, credentials.ErrLocked) }
	for _, tt := range []struct {
		name string
		of   map[string]error
		want []control.Finding
	}{
		{"all are there", nil, nil},
		{"one is missing", map[string]error{"ntfy": credentials.ErrNotFound}, []control.Finding{
			{Subject: "ntfy", Text: `the credential "ntfy" is missing, which route "e" needs`, Remedy: "set it: homehook secret set ntfy", Action: set("ntfy")},
		}},
		{"locked, and one missing", map[string]error{"github": locked("github"), "older": credentials.ErrNotFound, "relay/mine": locked("relay/mine")}, []control.Finding{
			{Subject: "older", Text: `the credential "older" is missing, which route "d" needs`, Remedy: "set it: homehook secret set older", Action: set("older")},
			{Text: "these credentials cannot be read: github, relay/mine: waiting for the keyring", Remedy: unlockRemedy, Action: unlock},
		}},
		{"one is locked", map[string]error{"github": locked("github")}, []control.Finding{
			{Subject: "github", Text: `the credential "github" cannot be read: waiting for the keyring`, Remedy: unlockRemedy, Action: unlock},
		}},
		{"two are damaged", map[string]error{
			"github": fmt.Errorf("credential %q %w", "github", credentials.ErrDamaged), "ntfy": fmt.Errorf("credential %q %w", "ntfy", credentials.ErrDamaged),
		}, []control.Finding{
			{Subject: "github", Text: `credential "github" is damaged`, Remedy: "set it: homehook secret set github", Action: set("github")},
			{Subject: "ntfy", Text: `credential "ntfy" is damaged`, Remedy: "set it: homehook secret set ntfy", Action: set("ntfy")},
		}},
		{"the root key is lost", map[string]error{"github": errors.New(`credential "github": no key`), "ntfy": errors.New(`credential "ntfy": no key`)}, []control.Finding{
			{Text: "these credentials cannot be read: github, ntfy", Remedy: "see why: homehook secret store"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Findings(c, func(name string) (string, error) { return "value", tt.of[name] })
			for i := range tt.want {
				tt.want[i].Check, tt.want[i].State = checkCredentials, control.FindingProblem
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
