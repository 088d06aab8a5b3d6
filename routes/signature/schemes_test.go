package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

// adyenKey and adyenItem1 are of Adyen's own tests.
const (
	adyenKey   = "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00"
	adyenItem1 = `{"NotificationRequestItem":{"pspReference":"7914073381342284","merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1407325143704",` +
		`"amount":{"value":1130,"currency":"EUR"},"eventCode":"AUTHORISATION","success":"true","additionalData":{"hmacSignature":"Ny9gS2veKo5E4w8/OL6xz1/wvT/hYkAXy1xNc/QvO4I="}}}`
)

// TestAdyenNotifications: the signature stands in the body, one for each entry.
func TestAdyenNotifications(t *testing.T) {
	body := func(items ...string) string {
		return `{"live":"false","notificationItems":[` + strings.Join(items, ",") + `]}`
	}
	changed := strings.Replace(adyenItem1, "1130", "1131", 1)
	for _, tt := range []struct{ name, body, want string }{
		{"one", body(adyenItem1), ""},
		{"two", body(adyenItem1, adyenItem1), ""},
		{"one changed", body(changed), "wrong key or body changed"},
		{"the second changed", body(adyenItem1, changed), "wrong key or body changed"},
		{"truth value", body(strings.Replace(adyenItem1, `"true"`, "true", 1)), ""},
		{"one unsigned", body(adyenItem1, strings.Replace(adyenItem1, "hmacSignature", "x", 1)), "an entry of the body has no signature"},
		{"name in another case beside it", body(strings.Replace(adyenItem1, `"pspReference"`, `"pspReference":"evil","PspReference"`, 1)), "wrong key or body changed"},
		{"name twice", body(strings.Replace(adyenItem1, `"pspReference"`, `"pspReference":"evil","pspReference"`, 1)), "an entry of the body cannot be read"},
		{"entries twice", `{"notificationItems":[],"notificationItems":[` + adyenItem1 + `]}`, "the body is no notification"},
		{"none", body(), "the body has 0 entries"},
		{"broken", `{"notificationItems"`, "the body is no notification"},
		{"something else", `{}`, "there is no HmacSignature header"},
	} {
		m := &Message{Body: []byte(tt.body)}
		step, detail := failed(schemeFor(t, "adyen").Verify(m, bytesOf(adyenKey), 0))
		if !strings.HasPrefix(detail, tt.want) || (tt.want == "") != (step == "") {
			t.Errorf("%s: got %q, want %q", tt.name, detail, tt.want)
		}
	}
}

func TestGraphStates(t *testing.T) {
	const one = `{"subscriptionId":"1","clientState":"hush"}`
	s := schemeFor(t, "graph")
	for _, tt := range []struct{ body, want string }{
		{`{"value":[` + one + `]}`, ""},
		{`{"value":[` + one + `,` + one + `]}`, ""},
		{`{"value":[` + one + `,{"subscriptionId":"2","clientState":"x"}]}`, "clientState does not hold the secret"},
		{`{"value":[` + one + `,{"subscriptionId":"2"}]}`, "a notification in the body has no clientState"},
		{`{"value":[],"clientState":"hush","subscriptionId":""}`, "the body has 0 notifications"},
		{`{"value":[]}`, "there is no clientState in the body"},
	} {
		step, detail := failed(s.Verify(&Message{Body: []byte(tt.body)}, bytesOf("hush"), 0))
		if !strings.HasPrefix(detail, tt.want) || (tt.want == "") != (step == "") {
			t.Errorf("%s: got %q, want %q", tt.body, detail, tt.want)
		}
	}
	if _, err := s.Sign(&Message{}, []byte("hush"), now); err == nil {
		t.Error("a body is signed in the fields")
	}
}

// TestGitLabBothWays: a signing token signs, any other is sent.
func TestGitLabBothWays(t *testing.T) {
	s := schemeFor(t, "gitlab")
	plain, _ := signed(t, s, "sampleToken!", now)
	signing, m := signed(t, s, stdSecret, now)
	if plain[0].Name != "X-Gitlab-Token" || len(signing) != 3 || signing[2].Name != "webhook-signature" {
		t.Fatalf("%v, %v", plain, signing)
	}
	for _, tt := range []struct {
		name   string
		fields []Header
		secret string
		want   string
	}{
		{"both, signing token", append(plain, signing...), stdSecret, ""},
		{"both, plain token", append(plain, signing...), "sampleToken!", ""},
		{"only the plain one for a signing token", plain, stdSecret, "X-Gitlab-Token has only signatures of another kind"},
		{"the signing token sent", []Header{{"X-Gitlab-Token", stdSecret}}, stdSecret, "X-Gitlab-Token has only signatures of another kind"},
		{"late", signing, stdSecret, "too old by 1 s"},
	} {
		m.Header, m.Received = Fields(tt.fields), now
		if tt.name == "late" {
			m.Received = now.Add(301 * time.Second)
		}
		step, detail := failed(s.Verify(m, bytesOf(tt.secret), 0))
		if !strings.HasPrefix(detail, tt.want) || (tt.want == "") != (step == "") {
			t.Errorf("%s: got %q, want %q", tt.name, detail, tt.want)
		}
	}
}

// TestHubSpotVersions: what is signed depends on the version.
func TestHubSpotVersions(t *testing.T) {
	s := schemeFor(t, "hubspot")
	const secret, url, body = "yyyy", "https://www.example.com/hook?a=b", `{"x":1}`
	sum := func(text string) string { d := sha256.Sum256([]byte(text)); return hex.EncodeToString(d[:]) }
	v1 := sum(secret + body)
	v2 := sum(secret + "POST" + url + body)
	v3, err := s.Sign(&Message{Method: "POST", URL: url, Body: []byte(body)}, []byte(secret), now)
	if err != nil || v3[0].Value != fmt.Sprint(now.UnixMilli()) {
		t.Fatal(v3, err)
	}
	version := func(v string) Header { return Header{"X-HubSpot-Signature-Version", v} }
	for _, tt := range []struct {
		name   string
		fields []Header
		late   time.Duration
		want   string
	}{
		{"v3", v3, 0, ""},
		{"v3 counts before the others", append([]Header{{"X-HubSpot-Signature", "00"}}, v3...), 0, ""},
		{"v3 late", v3, 301 * time.Second, "too old by 1 s"},
		{"v2", []Header{{"X-HubSpot-Signature", v2}, version("v2")}, time.Hour, ""},
		{"v1", []Header{{"X-HubSpot-Signature", v1}, version("v1")}, 0, ""},
		{"no version", []Header{{"X-HubSpot-Signature", v1}}, 0, ""},
		{"v2 called v1", []Header{{"X-HubSpot-Signature", v2}, version("v1")}, 0, "wrong key or body changed"},
		{"two versions", []Header{{"X-HubSpot-Signature", v2}, version("v1"), version("v2")}, 0, "more than one version header"},
	} {
		m := &Message{Method: "POST", URL: url, Body: []byte(body), Header: Fields(tt.fields), Received: now.Add(tt.late)}
		step, detail := failed(s.Verify(m, bytesOf(secret), 0))
		if !strings.HasPrefix(detail, tt.want) || (tt.want == "") != (step == "") {
			t.Errorf("%s: got %q, want %q", tt.name, detail, tt.want)
		}
	}
	again, err := s.Sign(&Message{Method: "POST", URL: url, Body: []byte("{}"), Header: Fields([]Header{{"X-HubSpot-Signature", "old"}, version("v2")})}, []byte(secret), now)
	if err != nil || len(again) != 2 || again[1].Value != sum(secret+"POST"+url+"{}") {
		t.Errorf("signed again: %v, %v", again, err)
	}
}

func TestTwilioBodies(t *testing.T) {
	s := schemeFor(t, "twilio")
	sign := func(url, body string) (*Message, error) {
		m := &Message{Method: "POST", URL: url, Body: []byte(body)}
		set, err := s.Sign(m, []byte("12345"), now)
		m.Header = Fields(set)
		return m, err
	}
	if _, err := sign("https://example.com/", `{"a":1}`); err == nil || !strings.Contains(err.Error(), "bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862") {
		t.Errorf("JSON without its digest: %v", err)
	}
	m, err := sign("https://example.com/?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862", `{"a":1}`)
	if err != nil || s.Verify(m, bytesOf("12345"), 0) != nil {
		t.Errorf("JSON with its digest: %v", err)
	}
	m.URL += "&bodySHA256=00"
	if _, detail := failed(s.Verify(m, bytesOf("12345"), 0)); !strings.Contains(detail, "bodySHA256") {
		t.Errorf("two digests: %q", detail)
	}
	if _, err := sign("", "a=b"); err == nil {
		t.Error("no URL is signed")
	}
	if m, _ = sign("https://example.com/", ""); s.Verify(m, bytesOf("12345"), 0) != nil {
		t.Error("an empty body is refused")
	}
	m, _ = sign("https://example.com/", "a=b")
	m.Body = []byte("a=%zz")
	if _, detail := failed(s.Verify(m, bytesOf("12345"), 0)); !strings.Contains(detail, "form") {
		t.Errorf("no form: %q", detail)
	}
}

// TestHmacOfAnotherShape signs what its options say.
func TestHmacOfAnotherShape(t *testing.T) {
	open, _ := Find("hmac")
	for _, tt := range []struct {
		name   string
		o      Options
		fields []Header
		broken string // a value for X-S that must not be taken
	}{
		{"prefix", Options{Header: "X-S", Prefix: "v1="}, nil, ""},
		{"time", Options{Header: "X-S", Signed: "{header.X-Time}.{body}", Time: "X-Time"}, nil, ""},
		{"time by name", Options{Header: "X-S", Signed: "{time}:{body}", Time: "X-Time", Encoding: "base64"}, nil, ""},
		{"url and method", Options{Header: "X-S", Signed: "{method} {url}\n{body}", Hash: "sha512"}, nil, ""},
		{"a field", Options{Header: "X-S", Signed: "{header.X-Id}|{body}"}, []Header{{"X-Id", "7"}}, ""},
	} {
		s, err := open.With(tt.o)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		m := &Message{Method: "PUT", URL: target, Body: []byte(text), Header: Fields(tt.fields), Received: now}
		set, err := s.Sign(m, []byte("s"), now)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		m.Header = Fields(append(set, tt.fields...))
		if err := s.Verify(m, bytesOf("s"), 0); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if s.Timed() != (tt.o.Time != "") {
			t.Errorf("%s: timed %v", tt.name, s.Timed())
		}
		if s.Timed() {
			m.Received = now.Add(time.Hour)
			if step, _ := failed(s.Verify(m, bytesOf("s"), 0)); step != StepTime {
				t.Errorf("%s: an hour late is taken", tt.name)
			}
			continue
		}
		if tt.o.Prefix != "" {
			m.Header = Fields([]Header{{"X-S", strings.TrimPrefix(set[0].Value, tt.o.Prefix)}})
			if _, detail := failed(s.Verify(m, bytesOf("s"), 0)); !strings.Contains(detail, "lacks v1= before it") {
				t.Errorf("%s: %q", tt.name, detail)
			}
		}
		if tt.fields != nil {
			m.Header = Fields(append(append(set, tt.fields...), tt.fields...))
			if step, _ := failed(s.Verify(m, bytesOf("s"), 0)); step != StepHeader {
				t.Errorf("%s: a signed field twice is taken", tt.name)
			}
		}
	}
}

// TestClocks reads times as senders write them.
func TestClocks(t *testing.T) {
	for _, tt := range []struct {
		clock clock
		text  string
		want  int64
	}{
		{seconds1970, "1700000000", 1700000000},
		{seconds1970, "1700000000000", -1},
		{millis, "1700000000999", 1700000000},
		{millis, "1700000000", -1},
		{rfc3339, "2023-11-14T22:13:20.5Z", 1700000000},
		{rfc3339, "2023-11-14T23:13:20+01:00", 1700000000},
		{dates, "Tue 14 Nov 2023 22:13:20 UTC", 1700000000},
		{dates, "Tue, 14 Nov 2023 22:13:20 GMT", 1700000000},
		{dates, "yesterday", -1},
		{anyTime, "1700000000999", 1700000000},
		{anyTime, "2023-11-14T22:13:20Z", 1700000000},
		{anyTime, "-5", -1},
	} {
		at, err := tt.clock.read(tt.text, "X")
		if err != nil {
			at = -1
		}
		if at != tt.want {
			t.Errorf("%q: got %d, want %d (%v)", tt.text, at, tt.want, err)
		}
	}
	for _, c := range []clock{seconds1970, millis, rfc3339, dates, anyTime} {
		if at, err := c.read(c.write(now), "X"); err != nil || at != now.Unix() {
			t.Errorf("clock %d: %d, %v", c, at, err)
		}
	}
}

// TestCauses covers what only some senders get wrong.
func TestCauses(t *testing.T) {
	set, _ := signed(t, schemeFor(t, "stripe"), "whsec_abc", now)
	inMillis := strings.Replace(set[0].Value, "t=1700000000", "t=1700000000000", 1)
	hub1, _ := signed(t, schemeFor(t, "github"), "s", now, Header{"X-Hub-Signature", "x"})
	plainText, err := schemeFor(t, "hmac").Sign(&Message{Body: []byte(text)}, []byte("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), now)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, scheme, secret string
		fields               []Header
		want                 string
	}{
		{"milliseconds", "stripe", "whsec_abc", []Header{{"Stripe-Signature", inMillis}}, "the time in Stripe-Signature is in another unit"},
		{"whsec_ left out", "stripe", "abc", set, "wrong key: the secret here lacks the whsec_ before it"},
		{"whsec_ twice", "stripe", "whsec_whsec_abc", set, "wrong key: the secret here has whsec_ before it twice"},
		{"SHA-1 in the other's field", "github", "s", []Header{{"X-Hub-Signature-256", hub1[0].Value}}, "wrong header: X-Hub-Signature-256 has a signature that is made with sha1"},
		{"SHA-1 where SHA-256 is wanted", "jira", "s", hub1, "wrong header: it is signed as GitHub does it"},
		{"no secret at the sender", "github", "s", []Header{{"X-GitHub-Event", "push"}}, "there is no X-Hub-Signature-256 header: GitHub has no secret set"},
		{"another sender without a secret", "stripe", "s", []Header{{"X-GitHub-Event", "push"}}, "there is no Stripe-Signature header: the request is one of GitHub"},
		{"cut off", "github", "s", []Header{{"X-Hub-Signature-256", "sha256=00ff"}}, "the signature in X-Hub-Signature-256 has 2 bytes, where 32 are needed"},
		{"digest tells", "github", "s", []Header{{"X-Hub-Signature-256", "sha256=" + strings.Repeat("00", 32)}, {"Content-Digest", contentDigest([]byte(text))}}, "wrong key: the secret here"},
		{"digest tells otherwise", "github", "s", []Header{{"X-Hub-Signature-256", "sha256=" + strings.Repeat("00", 32)}, {"Content-Digest", contentDigest(nil)}}, "body changed on the way"},
		{"text of the key", "standard", stdSecret, []Header{
			{"webhook-id", "m"},
			{"webhook-timestamp", "1700000000"},
			{"webhook-signature", "v1," + base64Of(plainText[0].Value)},
		}, "wrong key or body changed"},
	} {
		m := &Message{Method: "POST", URL: target, Body: []byte(text), Header: Fields(tt.fields), Received: now}
		if _, detail := failed(schemeFor(t, tt.scheme).Verify(m, bytesOf(tt.secret), 0)); !strings.HasPrefix(detail, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, detail, tt.want)
		}
	}
}

func base64Of(digits string) string {
	b, _ := hex.DecodeString(digits)
	f := format{encoding: base64Text}
	return f.encode(b)
}
