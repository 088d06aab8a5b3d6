package routes

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/routes/signature"
)

// keyring is a store of credentials for tests; a nil value cannot be read. One
// with newlines in it is several values, the newest first.
type keyring map[string][]byte

var errLocked = errors.New("the keyring is locked")

func (k keyring) get(name string) ([][]byte, error) {
	v, ok := k[name]
	switch {
	case !ok:
		return nil, errors.New("there is none")
	case v == nil:
		return nil, errLocked
	}
	return bytes.Split(v, []byte("\n")), nil
}

const signedBody = `{"ref":"refs/heads/main"}`

var receivedAt = time.Unix(1_700_000_000, 0)

// signedDelivery is a delivery that was signed some time before it came.
func signedDelivery(t *testing.T, scheme, secret string, age time.Duration, more ...string) *Delivery {
	t.Helper()
	s, _ := signature.Find(scheme)
	set, err := s.Sign(&signature.Message{Body: []byte(signedBody)}, []byte(secret), receivedAt.Add(-age))
	if err != nil {
		t.Fatal(err)
	}
	head := "POST /hook?a=1 HTTP/1.1\r\nHost: hooks.example.com\r\n"
	for _, h := range set {
		head += h.Name + ": " + h.Value + "\r\n"
	}
	for _, line := range more {
		head += line + "\r\n"
	}
	r, err := http1.ParseRequest([]byte(head), strings.NewReader(signedBody), int64(len(signedBody)))
	if err != nil {
		t.Fatal(err)
	}
	return &Delivery{Claim: "c", Received: receivedAt, Request: r, Prefix: "/~garage"}
}

func verified(t *testing.T, v VerifySpec) *Route {
	t.Helper()
	return compileOne(t, Spec{Verify: &v, Respond: &RespondSpec{}})
}

func TestRouteVerifies(t *testing.T) {
	const old, fresh = "the old one", "the new one"
	creds := keyring{"old": []byte(old), "new": []byte(fresh), "empty": {}, "locked": nil, "both": []byte(fresh + "\n" + old), "bad old": []byte(fresh + "\n "), "bad new": []byte(" \n" + old)}
	one := VerifySpec{Scheme: "slack", Secret: "new"}
	two := VerifySpec{Scheme: "slack", Secrets: []string{"old", "new"}}
	for _, tt := range []struct {
		name   string
		verify VerifySpec
		signed string // with this secret
		age    time.Duration
		body   string
		want   string // of the error; empty for none
	}{
		{"genuine", one, fresh, 0, signedBody, ""},
		{"first of two", two, old, 0, signedBody, ""},
		{"second of two", two, fresh, 0, signedBody, ""},
		{"wrong key", one, old, 0, signedBody, "signature: wrong key or body changed"},
		{"white space added", one, fresh, 0, signedBody + " ", "signature: body changed on the way: white space"},
		{"body changed", one, fresh, 0, signedBody + "x", "signature: wrong key or body changed"},
		{"newline added", one, fresh, 0, signedBody + "\n", "signature: body changed on the way: a newline was added"},
		{"at the limit", one, fresh, 300 * time.Second, signedBody, ""},
		{"past the limit", one, fresh, 301 * time.Second, signedBody, "time: too old by 1 s"},
		{"tolerated", VerifySpec{Scheme: "slack", Secret: "new", Tolerance: Duration(time.Hour)}, fresh, time.Hour, signedBody, ""},
		{"strict", VerifySpec{Scheme: "slack", Secret: "new", Tolerance: Duration(time.Minute)}, fresh, 61 * time.Second, signedBody, "time: too old by 1 s"},
		{"unknown credential", VerifySpec{Scheme: "slack", Secret: "gone"}, fresh, 0, signedBody, `credential: the credential "gone" cannot be used: there is none`},
		{"empty credential", VerifySpec{Scheme: "slack", Secret: "empty"}, fresh, 0, signedBody, `credential: the credential "empty" cannot be used: the secret is empty`},
		{"one locked", VerifySpec{Scheme: "slack", Secrets: []string{"locked", "new"}}, fresh, 0, signedBody, ""},
		{"the right one locked", VerifySpec{Scheme: "slack", Secrets: []string{"locked", "old"}}, fresh, 0, signedBody, `credential: the credential "locked" cannot be used: the keyring is locked`},
		{"newest value", VerifySpec{Scheme: "slack", Secret: "both"}, fresh, 0, signedBody, ""},
		{"older value", VerifySpec{Scheme: "slack", Secret: "both"}, old, 0, signedBody, ""},
		{"neither value", VerifySpec{Scheme: "slack", Secret: "both"}, "a third one", 0, signedBody, "signature: wrong key or body changed"},
		{"older value of no use", VerifySpec{Scheme: "slack", Secret: "bad old"}, "a third one", 0, signedBody, "signature: wrong key or body changed"},
		{"newest value of no use", VerifySpec{Scheme: "slack", Secret: "bad new"}, old, 0, signedBody, ""},
		{"newest value of no use, and not the older one", VerifySpec{Scheme: "slack", Secret: "bad new"}, "a third one", 0, signedBody, `credential: the credential "bad new" cannot be used: the secret is empty`},
		{"locked and late", VerifySpec{Scheme: "slack", Secrets: []string{"locked", "new"}}, fresh, time.Hour, signedBody, "time: too old by 3300 s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := signedDelivery(t, "slack", tt.signed, tt.age)
			err := verified(t, tt.verify).Verify(d, []byte(tt.body), creds.get)
			if got := outcome(err); !strings.HasPrefix(got, tt.want) || (tt.want == "") != (err == nil) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// outcome tells who is to blame, and for what.
func outcome(err error) string {
	var f *signature.Failure
	var s *SecretError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &s):
		return "credential: " + s.Error()
	case errors.As(err, &f):
		return f.Step + ": " + f.Detail
	}
	return fmt.Sprintf("neither: %v", err)
}

// TestVerifyMeasuresAgainstReceipt: a delivery that waited at the relay for
// days is as good as it was when it came.
func TestVerifyMeasuresAgainstReceipt(t *testing.T) {
	r := verified(t, VerifySpec{Scheme: "standard", Secret: "s"})
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	d := signedDelivery(t, "standard", secret, 2*time.Second)
	if time.Since(d.Received) < 6*24*time.Hour {
		t.Fatal("the delivery is too young for the test")
	}
	if err := r.Verify(d, []byte(signedBody), keyring{"s": []byte(secret)}.get); err != nil {
		t.Error(err)
	}
}

func TestVerifyRefusesSignatureHeadersTwice(t *testing.T) {
	r := verified(t, VerifySpec{Scheme: "github", Secret: "s"})
	d := signedDelivery(t, "github", "x", 0, "x-hub-signature-256: sha256=00")
	err := r.Verify(d, []byte(signedBody), keyring{"s": []byte("x")}.get)
	if got := outcome(err); !strings.HasPrefix(got, "header: more than one signature header") {
		t.Errorf("got %q", got)
	}
}

func TestUnverifiedRouteAsksForNothing(t *testing.T) {
	r := compileOne(t, Spec{Respond: &RespondSpec{}})
	if r.Verifies() || r.Scheme() != "" || r.secretNames() != nil {
		t.Errorf("%v, %q, %v", r.Verifies(), r.Scheme(), r.secretNames())
	}
	if err := r.Verify(nil, nil, nil); err != nil {
		t.Error(err)
	}
	r = verified(t, VerifySpec{Scheme: "svix", Secrets: []string{"a", "b"}})
	if !r.Verifies() || r.Scheme() != "svix" || strings.Join(r.secretNames(), " ") != "a b" {
		t.Errorf("%v, %q, %v", r.Verifies(), r.Scheme(), r.secretNames())
	}
}

func TestPublicURL(t *testing.T) {
	for _, tt := range []struct{ head, prefix, want string }{
		{"POST /a%2Fb?x=%41 HTTP/1.1\r\nHost: h\r\n", "", "https://h/a%2Fb?x=%41"},
		{"POST / HTTP/1.1\r\nHost: h:8080\r\nX-Forwarded-Proto: http\r\n", "/~g", "http://h:8080/~g/"},
		{"POST /? HTTP/1.1\r\nHost: h\r\n", "", "https://h/?"},
	} {
		_, d, _ := stored(t, tt.head, "")
		d.Prefix = tt.prefix
		if got := PublicURL(d.Request, d.Prefix); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
