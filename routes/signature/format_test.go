package signature

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRead takes apart what stands in signature fields.
func TestRead(t *testing.T) {
	layoutOf := func(name string) *layout { return &schemeFor(t, name).layouts[0] }
	for _, tt := range []struct {
		name, scheme, value string
		want                string // time, then each tag and signature; empty for a failure
	}{
		{"prefixed", "github", "sha256=00ff", " sha256:00ff"},
		{"upper case", "github", "sha256=00FF", " sha256:00ff"},
		{"other tag", "github", "sha512=00ff", ""},
		{"tag in another case", "github", "SHA256=00ff", ""},
		{"half a byte", "github", "sha256=00f", ""},
		{"nothing behind the tag", "github", "sha256=", ""},
		{"bare", "gitea", "00ff", " sha256:00ff"},
		{"bare with a tag", "gitea", "sha256=00ff", ""},
		{"bare or not", "hmac", "sha256=00ff", " sha256:00ff"},
		{"base64", "shopify", "AP8=", " sha256:00ff"},
		{"base64 without padding", "shopify", "AP8", ""},
		{"base64 of another bit", "shopify", "AP9=", ""},
		{"base64 for URLs", "shopify", "__8=", ""},
		{"list", "standard", "v1,AA== v2,AQ== v1a,Ag==", " v1:00 v1a:02"},
		{"list with a bad member", "standard", "v1,* v1,AA==", " v1:00"},
		{"list of commas", "standard", "v1,AA==,v1,AA==", ""},
		{"two spaces", "standard", "v1,AA==  v1,AQ==", " v1:00 v1:01"},
		{"stripe", "stripe", "t=12,v1=00,v0=01,v1=02", "12 v1:00 v1:02"},
		{"stripe in another order", "stripe", "v1=00,t=12", "12 v1:00"},
		{"stripe with spaces", "stripe", "t=12, v1=00", ""},
		{"paddle", "paddle", "ts=12;h1=00", "12 h1:00"},
		{"pagerduty", "pagerduty", "v1=00,v1=01", " v1:00 v1:01"},
		{"discord", "discord", "00ff", " ed25519:00ff"},
		{"token", "gitlab", "a=b,c d", " token:613d622c632064"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p parts
			got := ""
			if err := layoutOf(tt.scheme).read(tt.value, &p); err == nil {
				got = p.time
				for _, c := range p.signatures {
					got += fmt.Sprintf(" %s:%x", c.tag, c.value)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFailuresKeepSecrets goes through every way to fail with a key that
// nearly fits, and looks for what must not be said.
func TestFailuresKeepSecrets(t *testing.T) {
	for _, name := range signing() {
		s := schemeFor(t, name)
		private, public := keysOf(name)
		set, m := signed(t, s, private, now)
		m.Body = append(m.Body, '\n')
		secrets := []string{public + " ", "\t" + public, other(name)}
		for _, secret := range secrets {
			err := s.Verify(m, bytesOf(secret), 0)
			if s.recipeOf(&s.layouts[0]).signed == "" && err == nil {
				t.Errorf("%q opens what %q does", secret, public)
			}
			silent(t, err, strings.TrimSpace(secret))
			for _, h := range set {
				_, detail := failed(err)
				if h.Value != "" && len(h.Value) > 10 && strings.Contains(detail, h.Value) {
					t.Errorf("%s: %q holds %s", name, detail, h.Name)
				}
			}
		}
	}
}

// TestSchemesAreShared verifies with one scheme from several goroutines.
func TestSchemesAreShared(t *testing.T) {
	s := schemeFor(t, "standard")
	_, m := signed(t, s, stdSecret, now)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if err := s.Verify(m, bytesOf(other("standard"), stdSecret), 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestFields(t *testing.T) {
	m := &Message{Header: Fields([]Header{{"A", " 1\t"}, {"b", "2"}, {"a", ""}})}
	if diff := cmp.Diff([]string{"1", ""}, m.values("a")); diff != "" {
		t.Error(diff)
	}
	for range m.Header("A") {
		break // a caller may stop at the first
	}
	if m.has("C") || !m.has("B") || (&Message{}).has("B") {
		t.Error("fields are found where there are none")
	}
}

// BenchmarkVerify is for a body as long as senders make them.
func BenchmarkVerify(b *testing.B) {
	for _, name := range []string{"github", "standard", "discord"} {
		b.Run(name, func(b *testing.B) {
			s := schemeFor(b, name)
			private, public := keysOf(name)
			_, m := signed(b, s, private, now)
			secrets := bytesOf(public)
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Verify(m, secrets, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
