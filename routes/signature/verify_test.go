package signature

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	stdSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	text      = `{"id":"evt_1","amount":5}`
	target    = "https://hooks.example.com/in?x=1"
)

var now = time.Unix(1_700_000_000, 0)

// pair is a key pair in the spellings of Discord and of Standard Webhooks.
func pair() (discordPrivate, discordPublic, stdPrivate, stdPublic string) {
	k := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	public := k.Public().(ed25519.PublicKey)
	b64 := base64.StdEncoding.EncodeToString
	return hex.EncodeToString(k), hex.EncodeToString(public), "whsk_" + b64(k), "whpk_" + b64(public)
}

// keysOf returns what a scheme signs with and what it verifies with.
func keysOf(name string) (sign, verify string) {
	discordPrivate, discordPublic, _, _ := pair()
	switch name {
	case "discord":
		return discordPrivate, discordPublic
	case "standard", "svix":
		return stdSecret, stdSecret
	case "adyen":
		return "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00", "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00"
	case "sendgrid":
		return ecPair(1)
	}
	return "It's a Secret to Everybody", "It's a Secret to Everybody"
}

// ecPair is a key pair of the curve P-256, in base64.
func ecPair(seed byte) (private, public string) {
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		panic(err)
	}
	own, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		panic(err)
	}
	all, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(own), base64.StdEncoding.EncodeToString(all)
}

// signing lists the schemes that sign in fields.
func signing() []string {
	return slices.DeleteFunc(Names(), func(name string) bool { return name == "ip" || name == "graph" })
}

// schemeFor returns a scheme of the table ready for use.
func schemeFor(t testing.TB, name string) *Scheme {
	t.Helper()
	s, ok := Find(name)
	if !ok {
		t.Fatalf("no scheme %q", name)
	}
	o := Options{}
	switch name {
	case "hmac", "token":
		o.Header = "X-Signature"
	case "basic":
		o.User = "me"
	case "ip":
		o.From = []string{"192.0.2.0/24"}
	}
	s, err := s.With(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signed returns a message that a scheme has signed.
func signed(t testing.TB, s *Scheme, secret string, at time.Time, existing ...Header) ([]Header, *Message) {
	t.Helper()
	m := &Message{Method: "POST", URL: target, Body: []byte(text), Received: now, Header: Fields(existing)}
	if s.name == "twilio" {
		m.Body = []byte("id=evt_1&amount=5")
	}
	set, err := s.Sign(m, []byte(secret), at)
	if err != nil {
		t.Fatal(err)
	}
	m.Header = Fields(set)
	return set, m
}

func bytesOf(secrets ...string) (list [][]byte) {
	for _, s := range secrets {
		list = append(list, []byte(s))
	}
	return list
}

// failed returns where and why a verification failed.
func failed(err error) (step, detail string) {
	var f *Failure
	if errors.As(err, &f) {
		return f.Step, f.Detail
	}
	return "", ""
}

// TestEveryScheme goes both ways through each row of the table.
func TestEveryScheme(t *testing.T) {
	for _, name := range signing() {
		t.Run(name, func(t *testing.T) {
			s := schemeFor(t, name)
			private, public := keysOf(name)
			set, m := signed(t, s, private, now)
			good := bytesOf(public)
			if err := s.Verify(m, good, 0); err != nil {
				t.Fatalf("its own signature: %v", err)
			}
			if err := s.Verify(m, append(bytesOf(other(name)), good...), 0); err != nil {
				t.Errorf("the second of two secrets: %v", err)
			}
			for what, tt := range map[string]struct {
				change func(*Message)
				secret string
				step   string
			}{
				"another secret": {func(*Message) {}, other(name), StepSignature},
				"empty secret":   {func(*Message) {}, "", StepSecret},
				"blank secret":   {func(*Message) {}, " \n", StepSecret},
				"no header":      {func(m *Message) { m.Header = nil }, public, StepHeader},
				"header twice":   {func(m *Message) { m.Header = Fields(slices.Concat(set, set)) }, public, StepHeader},
				"another body":   {func(m *Message) { m.Body = []byte("x") }, public, StepSignature},
			} {
				if what == "another body" && s.recipeOf(&s.layouts[0]).signed == "" {
					continue // a secret that is sent signs nothing
				}
				changed := *m
				tt.change(&changed)
				err := s.Verify(&changed, bytesOf(tt.secret), 0)
				if step, _ := failed(err); step != tt.step {
					t.Errorf("%s: got %v, want step %s", what, err, tt.step)
				}
				silent(t, err, tt.secret)
			}
			if err := s.Verify(m, nil, 0); err == nil {
				t.Error("no secrets at all are taken")
			}
		})
	}
}

// other is a secret of the scheme's kind that signs nothing here.
func other(name string) string {
	switch name {
	case "discord":
		return "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
	case "standard", "svix":
		return "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	case "adyen":
		return "00FF"
	case "sendgrid":
		_, public := ecPair(2)
		return public
	}
	return "another"
}

func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		scheme    string
		age       time.Duration
		tolerance time.Duration
		want      string // beginning of the detail; empty for none
	}{
		{"slack", 0, 0, ""},
		{"slack", 300 * time.Second, 0, ""},
		{"slack", 301 * time.Second, 0, "too old by 1 s"},
		{"slack", -300 * time.Second, 0, ""},
		{"slack", -301 * time.Second, 0, "too early by 1 s"},
		{"slack", 61 * time.Second, time.Minute, "too old by 1 s"},
		{"slack", time.Hour, -1, ""},
		{"standard", 301 * time.Second, 0, "too old by 1 s"},
		{"standard", -400 * time.Second, 0, "too early by 100 s"},
		{"stripe", 301 * time.Second, 0, "too old by 1 s"},
		{"stripe", -time.Hour, 0, ""},
		{"discord", 24 * time.Hour, 0, ""},
	} {
		s := schemeFor(t, tt.scheme)
		private, public := keysOf(tt.scheme)
		_, m := signed(t, s, private, now.Add(-tt.age))
		step, detail := failed(s.Verify(m, bytesOf(public), tt.tolerance))
		if !strings.HasPrefix(detail, tt.want) || (tt.want == "") != (step == "") || step != "" && step != StepTime {
			t.Errorf("%s, %s old, tolerance %s: got %s %q", tt.scheme, tt.age, tt.tolerance, step, detail)
		}
	}
	for _, name := range []string{"slack", "stripe"} {
		_, m := signed(t, schemeFor(t, name), "s", now)
		m.Received = time.Time{}
		if step, _ := failed(schemeFor(t, name).Verify(m, bytesOf("s"), 0)); step != StepTime {
			t.Errorf("%s: a delivery without a time of receipt is taken", name)
		}
	}
}

// TestReasons reads what a person finds in the history.
func TestReasons(t *testing.T) {
	github, _ := signed(t, schemeFor(t, "github"), "s", now)
	stripe, _ := signed(t, schemeFor(t, "stripe"), "s", now)
	std, _ := signed(t, schemeFor(t, "standard"), stdSecret, now)
	ofStd := func(name, value string) []Header {
		set := slices.Clone(std)
		for i := range set {
			if set[i].Name == name {
				set[i].Value = value
			}
		}
		return set
	}
	for _, tt := range []struct {
		name, scheme, secret string
		fields               []Header
		body                 string
		step, detail         string
	}{
		{"no secret at the sender", "github", "s", nil, text, StepHeader, "there is no X-Hub-Signature-256 header: GitHub has no secret set"},
		{"another sender", "github", "s", stripe, text, StepHeader, "there is no X-Hub-Signature-256 header: the request is signed as Stripe does it"},
		{"empty field", "github", "s", []Header{{"X-Hub-Signature-256", ""}}, text, StepHeader, "the header X-Hub-Signature-256 is empty"},
		{"two fields", "github", "s", append(slices.Clone(github), github...), text, StepHeader, "more than one signature header: X-Hub-Signature-256 is there 2 times"},
		{"no prefix", "github", "s", []Header{{"X-Hub-Signature-256", "00"}}, text, StepFormat, "X-Hub-Signature-256 cannot be read: it is to look like sha256=hexadecimal digits"},
		{"another hash", "github", "s", []Header{{"X-Hub-Signature-256", "sha1=00"}}, text, StepFormat, "X-Hub-Signature-256 has no signature of a known kind in it (sha256)"},
		{"no time", "stripe", "s", []Header{{"Stripe-Signature", "v1=00"}}, text, StepFormat, "Stripe-Signature has no time (t=) in it"},
		{"two times", "stripe", "s", []Header{{"Stripe-Signature", "t=1,t=2,v1=00"}}, text, StepFormat, "Stripe-Signature has more than one time in it"},
		{"no id", "standard", stdSecret, std[1:], text, StepHeader, "there is no webhook-id header"},
		{"two ids", "standard", stdSecret, append(slices.Clone(std), std[0]), text, StepHeader, "more than one id header: webhook-id is there 2 times"},
		{"time with a sign", "standard", stdSecret, ofStd("webhook-timestamp", "+1700000000"), text, StepFormat, "the time in webhook-timestamp is not a number of seconds"},
		{"time without end", "standard", stdSecret, ofStd("webhook-timestamp", "109951162777600"), text, StepFormat, "the time in webhook-timestamp is not a number of seconds"},
		{"many signatures", "standard", stdSecret, ofStd("webhook-signature", strings.Repeat("v1,AAAA ", 17)), text, StepFormat, "webhook-signature has more than 16 signatures in it"},
		{"key of another kind", "standard", "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", std, text, StepSignature, "webhook-signature has only signatures of another kind than the secret makes"},
		{"no base64", "standard", "whsec_*", std, text, StepSecret, "the secret is not base64"},
		{"short key", "standard", "whpk_AAAA", std, text, StepSecret, "the key has 3 bytes, which no Ed25519 key has"},
		{"no hexadecimal", "discord", "xyz", nil, text, StepSecret, "the public key is not written in hexadecimal digits"},
		{"wrong key", "github", "t", github, text, StepSignature, "wrong key or body changed"},
		{"newline behind the secret", "github", "s\n", github, text, StepSignature, "wrong key: the secret here has white space around it"},
		{"newline added", "github", "s", github, text + "\n", StepSignature, "body changed on the way: a newline was added at its end"},
		{"byte order mark", "github", "s", github, "\ufeff" + text, StepSignature, "body changed on the way: a byte order mark was put before it"},
		{"wrong token", "gitlab", "s", []Header{{"X-Gitlab-Token", "t"}}, text, StepSignature, "X-Gitlab-Token does not hold the secret"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &Message{Body: []byte(tt.body), Header: Fields(tt.fields), Received: now}
			err := schemeFor(t, tt.scheme).Verify(m, bytesOf(tt.secret), 0)
			step, detail := failed(err)
			if step != tt.step || !strings.HasPrefix(detail, tt.detail) {
				t.Errorf("got %s %q, want %s %q", step, detail, tt.step, tt.detail)
			}
		})
	}
}

// TestGuessFindsWhatWasTakenOff covers bodies that lost something.
func TestGuessFindsWhatWasTakenOff(t *testing.T) {
	s := schemeFor(t, "github")
	for _, tt := range []struct{ sent, came, want string }{
		{"a\n", "a", "the newline at its end was taken off"},
		{"a\r\n", "a", "the newline at its end was taken off"},
		{"a\nb\n", "a\r\nb\r\n", "its line ends were turned into CR LF"},
		{"b", "a", "no change of the body that is known explains it"},
	} {
		m := &Message{Body: []byte(tt.sent)}
		set, err := s.Sign(m, []byte("s"), now)
		if err != nil {
			t.Fatal(err)
		}
		_, detail := failed(s.Verify(&Message{Body: []byte(tt.came), Header: Fields(set)}, bytesOf("s"), 0))
		if !strings.HasSuffix(detail, tt.want) {
			t.Errorf("%q for %q: got %q", tt.came, tt.sent, detail)
		}
	}
}

func TestHmacOptions(t *testing.T) {
	hmac, _ := Find("hmac")
	for _, tt := range []struct {
		o    Options
		want string // of the option that is wrong
	}{
		{Options{Header: "X-S"}, ""},
		{Options{Header: "X-S", Hash: "sha512", Encoding: "base64"}, ""},
		{Options{}, "header"},
		{Options{Header: "a b"}, "header"},
		{Options{Header: "X-S", Hash: "md5"}, "hash"},
		{Options{Header: "X-S", Encoding: "b64"}, "encoding"},
	} {
		s, err := hmac.With(tt.o)
		var wrong *OptionError
		if errors.As(err, &wrong); (tt.want == "") != (err == nil) || wrong != nil && wrong.Option != tt.want {
			t.Errorf("%+v: got %v", tt.o, err)
			continue
		}
		if err != nil {
			continue
		}
		_, m := signed(t, s, "s", now)
		if err := s.Verify(m, bytesOf("s"), 0); err != nil {
			t.Errorf("%+v: %v", tt.o, err)
		}
		tagged := Header{"x-s", s.layouts[0].tags[0] + "=" + m.values("X-S")[0]}
		m.Header = Fields([]Header{tagged})
		if err := s.Verify(m, bytesOf("s"), 0); err != nil {
			t.Errorf("%+v with the hash before it: %v", tt.o, err)
		}
	}
	m := &Message{Header: Fields([]Header{{"X", "1"}})}
	if step, _ := failed(hmac.Verify(m, bytesOf("s"), 0)); step != StepSecret {
		t.Error("hmac without options verifies")
	}
	github, _ := Find("github")
	if _, err := github.With(Options{Encoding: "hex"}); err == nil {
		t.Error("github takes an encoding")
	}
}

func TestTableIsSorted(t *testing.T) {
	if !slices.IsSortedFunc(schemes, func(a, b Scheme) int { return strings.Compare(a.name, b.name) }) {
		t.Error("the table is not in the order of its names")
	}
	if _, ok := Find("GitHub"); ok {
		t.Error("names have a case")
	}
}
