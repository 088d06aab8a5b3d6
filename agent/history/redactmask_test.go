package history

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

func sumOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// An id of a sender that was taken out, and the digest of a body that something
// was taken out of, tell nothing, and are found again.
func TestRedactMarks(t *testing.T) {
	body := `{"id":"evt_S3CRET","a":1}`
	digest := "sha256:" + sumOf(body)
	for _, tt := range []struct {
		name, rule, sender string
		hidden, sum        bool
	}{
		{"Stripe", "json.id", "evt_S3CRET", true, true},
		{"GitHub", "header.X-GitHub-Delivery", "72d3S3CRET", true, false},
		{"made of two", "header.X-GitHub-Delivery", "72d3S3CRET/part", true, false},
		{"a digest of the body", "json.id", digest, true, true},
		{"a digest of a body left alone", "header.X-GitHub-Delivery", digest, false, false},
		{"another rule", "json.a", "evt_S3CRET", false, true},
		{"no rule that fits", "json.b", "evt_S3CRET", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := openTest(t, Options{Seal: testKey, Redact: []string{tt.rule}})
			r := numbered(1)
			r.Head = []byte("POST / HTTP/1.1\r\nX-GitHub-Delivery: 72d3S3CRET\r\n\r\n")
			r.Body, r.SenderID, r.BodySHA256 = []byte(body), tt.sender, sumOf(body)
			check(t, j.Begin(r, true))
			got := get(t, j, r.ID)
			if hidden := strings.HasPrefix(got.SenderID, maskPrefix); hidden != tt.hidden || strings.Contains(got.SenderID, "S3CRET") == hidden && tt.sender != digest {
				t.Errorf("sender's id %q", got.SenderID)
			}
			if hidden := strings.HasPrefix(got.BodySHA256, maskPrefix); hidden != tt.sum || strings.Contains(got.BodySHA256, sumOf(body)) == hidden {
				t.Errorf("digest %q", got.BodySHA256)
			}
			if j.SumLike(got.BodySHA256, sumOf(body)) != got.BodySHA256 || j.SumLike(got.BodySHA256, sumOf("other")) == got.BodySHA256 {
				t.Error("bodies cannot be compared")
			}
			again := r.Delivery
			again.ID = testID(9)
			if twin, found, err := j.Twin(t.Context(), &again, true); err != nil || !found || twin.ID != r.ID {
				t.Errorf("twin %+v, %t, %v", twin, found, err)
			}
			again.SenderID = "evt_other"
			if _, found, _ := j.Twin(t.Context(), &again, true); found {
				t.Error("another id has a twin")
			}
		})
	}
}

// Who has the history of one and the key of another cannot compare.
func TestMaskNeedsKey(t *testing.T) {
	a := openTest(t, Options{Seal: testKey})
	b := openTest(t, Options{Seal: append([]byte{1}, testKey[1:]...)})
	if a.mask("body", "x") == b.mask("body", "x") || a.mask("body", "x") == a.mask("sender id", "x") {
		t.Error("equal")
	}
	if m := a.mask("body", "x"); a.mask("body", m) != m {
		t.Error("hidden twice")
	}
}

// The digest of a body of which only the beginning is at hand is hidden where a
// rule could apply to the rest.
func TestRedactDigestOfLongBody(t *testing.T) {
	for rule, hidden := range map[string]bool{"json.a": true, "form.a": true, "header.a": false} {
		j := openTest(t, Options{Seal: testKey, Redact: []string{rule}})
		f := done(1, Succeeded)
		f.Body, f.BodyTruncated, f.BodySHA256 = []byte("begin"), true, sumOf("beginning")
		check(t, j.Finish(f))
		check(t, j.Flush(t.Context()))
		if got := get(t, j, f.ID).BodySHA256; strings.HasPrefix(got, maskPrefix) != hidden {
			t.Errorf("%s: %q", rule, got)
		}
	}
}
