package signature

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// vectorsFile holds published signatures of many senders, with payload and
// secret. It lies beside the project where it is tested.
const vectorsFile = "../../../shared/testdata/signature-vectors.json"

type vector struct {
	ID, Provider, Scheme string
	Payload              string
	PayloadBase64        string `json:"payload_base64"`
	PayloadRepeat        *struct {
		Text  string
		Count int
	} `json:"payload_repeat"`
	Secret          string
	PublicKey       string `json:"public_key"`
	Headers         map[string]string
	SignatureHeader string `json:"signature_header"`
	DefaultAlg      string `json:"default_alg"`
	Method, URL     string
	Now             *int64
	Tolerance       int64 `json:"tolerance_seconds"`
	Algorithm       string
	SecretHex       string `json:"secret_hex"`
	Signature       string
	SignatureBase   string `json:"signature_base"`
	Valid           bool
}

// schemeOf maps a vector to a scheme of the table; "" is for building blocks,
// which are checked by themselves.
func schemeOf(v *vector) (name string, o Options) {
	byProvider := map[string]string{
		"GitHub": "github", "Gitea": "gitea", "Gogs": "gogs", "GitLab": "gitlab", "Bitbucket Server": "bitbucket",
		"Atlassian (Bitbucket Cloud, Jira Cloud)": "jira",
		"Shopify": "shopify", "Discord": "discord", "Svix": "svix", "Adyen": "adyen",
	}
	switch v.Scheme {
	case "standard", "stripe", "slack", "paddle", "pagerduty", "twilio", "square", "hubspot", "scalr", "sendgrid":
		name = v.Scheme
	case "hex_hmac":
		name, o = "hmac", Options{Header: v.SignatureHeader, Hash: v.DefaultAlg}
	case "http_message_signature":
		name, o = "rfc9421", Options{Covers: []string{}}
	}
	if own, ok := byProvider[v.Provider]; ok {
		return own, Options{}
	}
	return name, o
}

func (v *vector) message(t *testing.T) *Message {
	t.Helper()
	m := &Message{Method: v.Method, URL: v.URL, Body: []byte(v.Payload)}
	switch {
	case v.PayloadBase64 != "":
		b, err := base64.StdEncoding.DecodeString(v.PayloadBase64)
		if err != nil {
			t.Fatal(err)
		}
		m.Body = b
	case v.PayloadRepeat != nil:
		m.Body = []byte(strings.Repeat(v.PayloadRepeat.Text, v.PayloadRepeat.Count))
	}
	var list []Header
	for name, value := range v.Headers {
		list = append(list, Header{name, value})
	}
	if v.SignatureBase != "" {
		list = append(list, v.ofBase(m)...)
	}
	m.Header = Fields(list)
	return m
}

// ofBase makes the request whose signature base a vector shows: it fills the
// message in, and returns its fields.
func (v *vector) ofBase(m *Message) (list []Header) {
	set := func(name, value string) {
		if _, there := v.Headers[name]; !there && name != "Signature-Input" {
			list = append(list, Header{name, value})
		}
	}
	// The request of the RFC's examples; what the base says of it counts more.
	authority, path, query := "example.com", "/foo", "?param=Value&Pet=dog"
	m.Method = "POST"
	for line := range strings.SplitSeq(v.SignatureBase, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name = strings.Trim(name, `"`); {
		case name == "@signature-params" && v.Headers["Signature-Input"] == "":
			list = append(list, Header{"Signature-Input", "sig=" + value}, Header{"Signature", "sig=:" + v.Signature + ":"})
		case name == "@method":
			m.Method = value
		case name == "@authority":
			authority = value
		case name == "@path":
			path = value
		case name == "@query":
			query = value
		case !strings.HasPrefix(name, "@"):
			set(name, value)
		}
	}
	m.URL = "https://" + authority + path + query
	return list
}

func TestVectors(t *testing.T) {
	text, err := os.ReadFile(vectorsFile)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the vectors are not here")
	} else if err != nil {
		t.Fatal(err)
	}
	var all struct{ Vectors []vector }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	checked, wrong := map[bool]int{}, 0
	for i := range all.Vectors {
		v := &all.Vectors[i]
		name, o := schemeOf(v)
		if v.ID == "rfc9421-b24" {
			name = "" // an answer's signature
		}
		checked[v.Valid]++
		ok := t.Run(v.ID, func(t *testing.T) {
			if name == "" {
				v.checkBlock(t)
			} else {
				v.check(t, name, o)
			}
		})
		if !ok {
			wrong++
		}
	}
	t.Logf("%d vectors: %d valid, %d invalid, %d mismatches", len(all.Vectors), checked[true], checked[false], wrong)
	if len(all.Vectors) < 152 || checked[true] < 79 || checked[false] < 73 {
		t.Error("some vectors are missing")
	}
}

// checkBlock checks what schemes are made of.
func (v *vector) checkBlock(t *testing.T) {
	m, ok := v.message(t), false
	switch v.Scheme {
	case "content_digest":
		ok = checkDigest(m) == nil
	case "ed25519_raw":
		k, err := ed25519Key("", []byte(v.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		sig, _ := hex.DecodeString(v.Signature)
		ok = k.check([][]byte{m.Body}, [][]byte{sig})
	case "hex_hmac_hexkey":
		k, err := hexKey("sha256", []byte(v.SecretHex))
		if err != nil {
			t.Fatal(err)
		}
		sig, _ := hex.DecodeString(v.Signature)
		ok = k.check([][]byte{m.Body}, [][]byte{sig})
	case "http_message_signature":
		k, err := messageKey(v.Algorithm, []byte(v.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		sig, _ := base64.StdEncoding.DecodeString(v.Signature)
		ok = k.check([][]byte{[]byte(v.SignatureBase)}, [][]byte{sig})
	default:
		t.Fatalf("the scheme %s is not known", v.Scheme)
	}
	if ok != v.Valid {
		t.Errorf("got %v, want %v", ok, v.Valid)
	}
}

func (v *vector) check(t *testing.T, name string, o Options) {
	scheme, ok := Find(name)
	if !ok {
		t.Fatalf("no scheme %q", name)
	}
	scheme, err := scheme.With(o)
	if err != nil {
		t.Fatal(err)
	}
	m, tolerance := v.message(t), time.Duration(v.Tolerance)*time.Second
	if v.Now != nil {
		m.Received = time.Unix(*v.Now, 0)
	} else {
		tolerance = -1
	}
	secret := v.Secret + v.PublicKey
	if v.SignatureBase != "" && v.Valid {
		v.sameBase(t, scheme, m)
	}
	err = scheme.Verify(m, [][]byte{[]byte(secret)}, tolerance)
	if (err == nil) != v.Valid {
		t.Errorf("got %v, want valid = %v", err, v.Valid)
	}
	silent(t, err, secret)
}

// sameBase compares what is signed with what the vector shows.
func (v *vector) sameBase(t *testing.T, s *Scheme, m *Message) {
	list, _, err := s.read(&s.layouts[0], m)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(list[0].base); got != v.SignatureBase {
		t.Errorf("base\n%s\nwant\n%s", got, v.SignatureBase)
	}
}

// silent checks that a failure is one, and says nothing of the secret.
func silent(t *testing.T, err error, secret string) {
	t.Helper()
	var f *Failure
	if err == nil {
		return
	}
	if !errors.As(err, &f) || f.Step == "" || f.Detail == "" {
		t.Fatalf("%#v is no whole failure", err)
	}
	if len(secret) > 3 && strings.Contains(f.Detail, secret) {
		t.Errorf("%q holds the secret", f.Detail)
	}
}
