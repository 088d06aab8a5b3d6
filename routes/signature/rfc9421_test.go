package signature

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"testing"
	"time"
)

// pemPair writes a key pair.
func pemPair(t *testing.T, private any, public any) (own, all string) {
	t.Helper()
	a, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: a})), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b}))
}

func TestMessageSignatures(t *testing.T) {
	ed := ed25519.NewKeyFromSeed(make([]byte, 32))
	edOwn, edAll := pemPair(t, ed, ed.Public())
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsOwn, rsAll := pemPair(t, rs, rs.Public())
	ecOwn, ecAll := ecPair(3)
	s := schemeFor(t, "rfc9421")
	for _, tt := range []struct{ name, own, all string }{
		{"ed25519", edOwn, edAll},
		{"rsa-pss-sha512", rsOwn, rsAll},
		{"ecdsa-p256-sha256", ecOwn, ecAll},
		{"hmac-sha256", "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==", "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="},
		{"hmac-sha256", "plain text", "plain text"},
	} {
		set, m := signed(t, s, tt.own, now)
		if !strings.Contains(set[1].Value, `alg="`+tt.name+`"`) {
			t.Errorf("%s: %v", tt.name, set)
		}
		if err := s.Verify(m, bytesOf(tt.all), 0); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		for what, change := range map[string]func(*Message){
			"body":   func(m *Message) { m.Body = []byte("x") },
			"method": func(m *Message) { m.Method = "PUT" },
			"host":   func(m *Message) { m.URL = strings.Replace(target, "hooks.", "evil.", 1) },
			"query":  func(m *Message) { m.URL += "1" },
			"late":   func(m *Message) { m.Received = now.Add(time.Hour) },
		} {
			changed := *m
			if change(&changed); s.Verify(&changed, bytesOf(tt.all), 0) == nil {
				t.Errorf("%s: the %s was changed", tt.name, what)
			}
		}
	}
}

// TestMessageSignaturesSaid reads what a signature says of itself.
func TestMessageSignaturesSaid(t *testing.T) {
	const secret = "plain text"
	s := schemeFor(t, "rfc9421")
	body := []byte(text)
	fields := []Header{{"Content-Digest", contentDigest(body)}, {"X-List", "a"}, {"X-List", "b"}, {"X-Dict", "a=1;q, b=(1 2)"}}
	// sign makes a signature by hand.
	sign := func(t *testing.T, input string) []Header {
		t.Helper()
		list, err := readDictionary("sig=" + input)
		if err != nil {
			return append(fields, Header{inputField, "sig=" + input}, Header{"Signature", "sig=:AAAA:"})
		}
		m := &Message{Method: "POST", Header: Fields(fields), Body: body}
		text, err := newCoverage(m, target).base(list[0])
		if err != nil {
			text = nil
		}
		k := macKey{hashes["sha256"], []byte(secret)}
		return append(fields, Header{inputField, "sig=" + input}, Header{"Signature", "sig=:" + base64Text.text(k.sum([][]byte{text})) + ":"})
	}
	for _, tt := range []struct{ name, input, want string }{
		{"usual", `("@method" "@path" "content-digest");created=1700000000`, ""},
		{"all of the target", `("@target-uri" "@scheme" "@authority" "@request-target" "@query" "@query-param";name="x" "content-digest");created=1700000000`, ""},
		{"fields", `("x-list" "x-list";bs "x-dict";key="b" "content-digest");created=1700000000`, ""},
		{"body not covered", `("@method");created=1700000000`, "the signature does not cover content-digest"},
		{"part of the digest covered", `("content-digest";key="sha-256");created=1700000000`, "the signature does not cover content-digest"},
		{"digest of an earlier body", `("content-digest";req);created=1700000000`, `the signature covers "content-digest";req`},
		{"no time", `("content-digest")`, "it does not say when it was signed"},
		{"expires", `("content-digest");expires=1700000001`, ""},
		{"expired", `("content-digest");created=1699999990;expires=1699999999`, "too old by 1 s"},
		{"old", `("content-digest");created=1699999699`, "too old by 1 s"},
		{"time as text", `("content-digest");created="1700000000"`, "the time in Signature-Input"},
		{"other algorithm", `("content-digest");created=1700000000;alg="none"`, "Signature-Input names an algorithm"},
		{"algorithm of another key", `("content-digest");created=1700000000;alg="ed25519"`, "Signature has only signatures of another kind"},
		{"twice", `("content-digest" "content-digest");created=1700000000`, "Signature-Input lists a component twice"},
		{"missing field", `("x-none" "content-digest");created=1700000000`, "the signature covers the header x-none, which is not there"},
		{"missing parameter", `("@query-param";name="y" "content-digest");created=1700000000`, "the signature covers a parameter"},
		{"of an answer", `("@status" "content-digest");created=1700000000`, `the signature covers "@status"`},
		{"field in capitals", `("X-List" "content-digest");created=1700000000`, "Signature-Input lists a component that is no field"},
		{"no list", `1;created=1700000000`, "Signature-Input or Signature cannot be read"},
		{"broken", `("content-digest"`, "Signature-Input cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &Message{Method: "POST", URL: target, Body: body, Received: now, Header: Fields(sign(t, tt.input))}
			step, detail := failed(s.Verify(m, bytesOf(secret), 0))
			if !strings.HasPrefix(detail, tt.want) || (tt.want == "") != (step == "") {
				t.Errorf("got %s %q, want %q", step, detail, tt.want)
			}
		})
	}
}

func (e encoding) text(b []byte) string { f := format{encoding: e}; return f.encode(b) }

// TestSignMessageAgain: an edited message has the same components signed.
func TestSignMessageAgain(t *testing.T) {
	s := schemeFor(t, "rfc9421")
	m := &Message{Method: "POST", URL: target, Body: []byte("edited"), Received: now, Header: Fields([]Header{
		{inputField, `mine=("@path" "content-digest" "date");created=1;keyid="k";nonce="n";tag="app"`},
		{"Signature", "mine=:AAAA:"},
		{"Date", "Tue, 14 Nov 2023 22:13:20 GMT"},
		{"Content-Digest", contentDigest([]byte("old"))},
	})}
	set, err := s.Sign(m, []byte("s"), now)
	if err != nil {
		t.Fatal(err)
	}
	if want := `mine=("@path" "content-digest" "date");keyid="k";tag="app";created=1700000000;alg="hmac-sha256"`; set[1].Value != want {
		t.Errorf("got %s, want %s", set[1].Value, want)
	}
	m.Header = Fields(append(set, Header{"Date", "Tue, 14 Nov 2023 22:13:20 GMT"}))
	if err := s.Verify(m, bytesOf("s"), 0); err != nil {
		t.Error(err)
	}
}

// FuzzDictionary holds that what is read is written in a way that reads the same.
func FuzzDictionary(f *testing.F) {
	for _, seed := range []string{`sig=("@method" "a";key="b");created=1;alg="x"`, `a=:AAAA:, b;q=?0, c=1.50, d=-7`, `a=tok/en:x`, `a="\"\\"`, `a=(1 2`, `a=1,`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := readDictionary(text)
		if err != nil {
			return
		}
		var again []string
		for _, m := range list {
			again = append(again, m.name+"="+m.String())
		}
		joined := strings.Join(again, ", ")
		twice, err := readDictionary(joined)
		if err != nil || len(twice) != len(list) {
			t.Fatalf("%q is written %q, which reads as %v, %v", text, joined, twice, err)
		}
		for i := range list {
			if list[i].String() != twice[i].String() {
				t.Errorf("%q: %s and %s", text, &list[i], &twice[i])
			}
		}
	})
}

// TestPublicKeysAreNoSecrets: who knows a public key must not be able to sign
// because it is taken for a secret.
func TestPublicKeysAreNoSecrets(t *testing.T) {
	public := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	ec, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{3}, 32))
	if err != nil {
		t.Fatal(err)
	}
	point, err := ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.StdEncoding.EncodeToString
	unknown := []byte{0x30, 3, 4, 1, 1} // ASN.1, but no key
	s := schemeFor(t, "rfc9421")
	shared, err := s.With(Options{Hash: "sha256"})
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{
		"base64":           b64(public),
		"base64, a line":   b64(public) + "\n",
		"base64 for URLs":  base64.RawURLEncoding.EncodeToString(public),
		"digits":           hex.EncodeToString(public),
		"capital digits":   strings.ToUpper(hex.EncodeToString(public)),
		"bytes":            string(public),
		"point":            b64(point),
		"short point":      b64(append([]byte{2}, point[1:33]...)),
		"ASN.1":            b64(unknown),
		"SSH":              "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVk me@host",
		"JSON Web Key":     `{"kty":"OKP","crv":"Ed25519","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`,
		"Standard":         "whpk_" + b64(public),
		"multibase":        "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
		"PEM that is none": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
	} {
		if step, detail := failed(s.CheckSecret([]byte(secret))); step != StepSecret {
			t.Errorf("%s is taken for a secret: %q", name, detail)
		}
		if err := shared.CheckSecret([]byte(secret)); err != nil {
			t.Errorf("%s, with hash: %v", name, err)
		}
	}
	for _, secret := range []string{"plain text", "whsec_" + b64(public), strings.Repeat("x y", 11)[:32], "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="} {
		if err := s.CheckSecret([]byte(secret)); err != nil {
			t.Errorf("%s: %v", secret, err)
		}
	}
	set, m := signed(t, shared, hex.EncodeToString(public), now)
	if err := shared.Verify(m, bytesOf(hex.EncodeToString(public)), 0); err != nil || !strings.Contains(set[1].Value, "hmac-sha256") {
		t.Errorf("%v, %v", err, set)
	}
	if _, err := s.With(Options{Hash: "sha1"}); err == nil {
		t.Error("sha1 is taken")
	}
}

// TestCoverageIsBounded: a few bytes of Signature-Input must not have megabytes
// signed.
func TestCoverageIsBounded(t *testing.T) {
	s := schemeFor(t, "rfc9421")
	for name, fields := range hostileMessages() {
		m := &Message{Method: "POST", URL: target, Body: []byte("x"), Received: now, Header: Fields(fields)}
		list, _, _ := s.read(&s.layouts[0], m)
		size := 0
		for _, p := range list {
			size += len(p.base)
		}
		if len(list) > maxSignatures || size > maxBases+maxSignatures*8192 {
			t.Errorf("%s: %d signatures over %d bytes", name, len(list), size)
		}
	}
}
