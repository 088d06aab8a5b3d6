package routes

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/routes/signature"
)

func TestVerifyKeysAreChecked(t *testing.T) {
	for _, tt := range []struct {
		name   string
		verify VerifySpec
		want   string // the path of the problem; empty for none
	}{
		{"ip", VerifySpec{Scheme: "ip", From: []string{"192.0.2.0/24", "2001:db8::1"}}, ""},
		{"ip without ranges", VerifySpec{Scheme: "ip"}, "[0].verify.from"},
		{"ip with a secret", VerifySpec{Scheme: "ip", From: []string{"::1"}, Secret: "s"}, "[0].verify.secret"},
		{"bad range", VerifySpec{Scheme: "github", Secret: "s", From: []string{"::1", "192.0.2.0/33"}}, "[0].verify.from[1]"},
		{"a host is no range", VerifySpec{Scheme: "github", Secret: "s", From: []string{"github.com"}}, "[0].verify.from[0]"},
		{"basic", VerifySpec{Scheme: "basic", User: "me", Secret: "s"}, ""},
		{"basic without user", VerifySpec{Scheme: "basic", Secret: "s"}, "[0].verify.user"},
		{"user with github", VerifySpec{Scheme: "github", User: "me", Secret: "s"}, "[0].verify.user"},
		{"token", VerifySpec{Scheme: "token", Header: "X-Api-Key", Secret: "s"}, ""},
		{"token without header", VerifySpec{Scheme: "token", Secret: "s"}, "[0].verify.header"},
		{"hmac with all", VerifySpec{Scheme: "hmac", Header: "X-S", Prefix: "v1=", Signed: "{header.X-Time}.{body}", Time: "X-Time", Tolerance: Duration(time.Minute), Secret: "s"}, ""},
		{"hmac with a time that is not signed", VerifySpec{Scheme: "hmac", Header: "X-S", Time: "X-Time", Secret: "s"}, "[0].verify.time"},
		{"hmac without the body", VerifySpec{Scheme: "hmac", Header: "X-S", Signed: "{url}", Secret: "s"}, "[0].verify.signed"},
		{"hmac with a name that is none", VerifySpec{Scheme: "hmac", Header: "X-S", Signed: "{body}{id}", Secret: "s"}, "[0].verify.signed"},
		{"tolerance without time", VerifySpec{Scheme: "hmac", Header: "X-S", Tolerance: Duration(time.Minute), Secret: "s"}, "[0].verify.tolerance"},
		{"url", VerifySpec{Scheme: "square", URL: "https://example.com/square", Secret: "s"}, ""},
		{"url of nothing", VerifySpec{Scheme: "square", URL: "example.com/square", Secret: "s"}, "[0].verify.url"},
		{"url with github", VerifySpec{Scheme: "github", URL: "https://example.com/", Secret: "s"}, "[0].verify.url"},
		{"covers", VerifySpec{Scheme: "rfc9421", Covers: []string{"content-digest", "@method"}, Secret: "s"}, ""},
		{"covers what is nothing", VerifySpec{Scheme: "rfc9421", Covers: []string{"Content Digest"}, Secret: "s"}, "[0].verify.covers[0]"},
		{"token of meta", VerifySpec{Scheme: "meta", Secret: "s", Token: "meta/verify"}, ""},
		{"token of github", VerifySpec{Scheme: "github", Secret: "s", Token: "meta/verify"}, "[0].verify.token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table, problems := Compile([]Spec{{Claim: "c", Match: "/", Verify: &tt.verify, Respond: &RespondSpec{}}})
			if table != nil {
				table.Close()
			}
			if tt.want == "" && len(problems) > 0 || tt.want != "" && (len(problems) != 1 || problems[0].Path != tt.want || problems[0].Remedy == "") {
				t.Errorf("got %+v, want %q", problems, tt.want)
			}
		})
	}
}

// plainDelivery is a delivery with these lines in its head.
func plainDelivery(t *testing.T, remote string, lines ...string) *Delivery {
	t.Helper()
	head := "POST /hook HTTP/1.1\r\nHost: hooks.example.com\r\n" + strings.Join(append(lines, ""), "\r\n")
	r, err := http1.ParseRequest([]byte(head), strings.NewReader(signedBody), int64(len(signedBody)))
	if err != nil {
		t.Fatal(err)
	}
	return &Delivery{Claim: "c", Received: receivedAt, Remote: remote, Request: r}
}

func TestVerifyBySenderAndPassword(t *testing.T) {
	creds := keyring{"s": []byte("open sesame")}
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("me:open sesame"))
	local := VerifySpec{Scheme: "ip", From: []string{"192.0.2.0/24", "2001:db8::/32"}}
	for _, tt := range []struct {
		name   string
		verify VerifySpec
		remote string
		lines  []string
		want   string
		asks   string
	}{
		{"ip", local, "192.0.2.7", nil, "", ""},
		{"ip with a port", local, "[2001:db8::9]:1234", nil, "", ""},
		{"IPv4 as IPv6", local, "::ffff:192.0.2.7", nil, "", ""},
		{"another ip", local, "198.51.100.1", nil, "address: sent from 198.51.100.1", ""},
		{"no ip", local, "", nil, "address: the address of the sender is not known", ""},
		{"password from elsewhere", VerifySpec{Scheme: "basic", User: "me", Secret: "s", From: []string{"10.0.0.0/8"}}, "192.0.2.7", []string{basic}, "address: ", "Basic "},
		{"password", VerifySpec{Scheme: "basic", User: "me", Secret: "s"}, "", []string{basic}, "", "Basic "},
		{"another user", VerifySpec{Scheme: "basic", User: "you", Secret: "s"}, "", []string{basic}, "signature: Authorization does not hold the secret: the name of its user", "Basic "},
		{"password twice", VerifySpec{Scheme: "basic", User: "me", Secret: "s"}, "", []string{basic, basic}, "header: more than one signature header", "Basic "},
		{"no password", VerifySpec{Scheme: "basic", User: "me", Secret: "s"}, "", nil, "header: there is no Authorization header", "Basic "},
		{"bearer", VerifySpec{Scheme: "bearer", Secret: "s"}, "", []string{"authorization: bearer open sesame"}, "", "Bearer "},
		{"basic for bearer", VerifySpec{Scheme: "bearer", Secret: "s"}, "", []string{basic}, "format: ", "Bearer "},
		{"token", VerifySpec{Scheme: "token", Header: "X-Api-Key", Secret: "s"}, "", []string{"X-Api-Key: open sesame"}, "", ""},
		{"part of a token", VerifySpec{Scheme: "token", Header: "X-Api-Key", Secret: "s"}, "", []string{"X-Api-Key: open"}, "signature: ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := verified(t, tt.verify)
			err := r.Verify(plainDelivery(t, tt.remote, tt.lines...), []byte(signedBody), creds.get)
			if got := outcome(err); !strings.HasPrefix(got, tt.want) || (tt.want == "") != (err == nil) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if asks := r.Authenticate(); !strings.HasPrefix(asks, tt.asks) || (asks == "") != (tt.asks == "") {
				t.Errorf("asks %q, want %q", asks, tt.asks)
			}
		})
	}
}

// TestVerifyByURL: what the sender signs is the URL as it knows it.
func TestVerifyByURL(t *testing.T) {
	square, _ := signature.Find("square")
	set, err := square.Sign(&signature.Message{URL: "https://hooks.example.com/~garage/hook", Body: []byte(signedBody)}, []byte("key"), receivedAt)
	if err != nil {
		t.Fatal(err)
	}
	line := set[0].Name + ": " + set[0].Value
	creds := keyring{"s": []byte("key")}
	for _, tt := range []struct{ prefix, url, want string }{
		{"/~garage", "", ""},
		{"", "https://hooks.example.com/~garage/hook", ""},
		{"", "", "signature: wrong key or body changed"},
		{"/other", "https://hooks.example.com/~garage/hook/", "signature: the URL differs: the sender signed it without the slash at the end"},
	} {
		d := plainDelivery(t, "", line)
		d.Prefix = tt.prefix
		err := verified(t, VerifySpec{Scheme: "square", Secret: "s", URL: tt.url}).Verify(d, []byte(signedBody), creds.get)
		if got := outcome(err); !strings.HasPrefix(got, tt.want) || (tt.want == "") != (err == nil) {
			t.Errorf("prefix %q, url %q: got %q", tt.prefix, tt.url, got)
		}
	}
}

// TestCausesAreBounded: a flood of bad signatures costs no more than their
// checks.
func TestCausesAreBounded(t *testing.T) {
	r := verified(t, VerifySpec{Scheme: "slack", Secret: "s"})
	creds := keyring{"s": []byte("x")}
	body := []byte(signedBody + "\n")
	found := 0
	for range 3 * maxCauses {
		err := r.Verify(signedDelivery(t, "slack", "x", 0), body, creds.get)
		if strings.Contains(outcome(err), "newline") {
			found++
		}
	}
	if found != maxCauses {
		t.Errorf("%d causes were looked for, want %d", found, maxCauses)
	}
	later := signedDelivery(t, "slack", "x", 0)
	later.Received = later.Received.Add(causeEvery)
	if got := outcome(r.Verify(later, body, creds.get)); !strings.Contains(got, "newline") {
		t.Errorf("later: %q", got)
	}
}
