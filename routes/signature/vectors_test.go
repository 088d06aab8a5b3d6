package signature

import (
	"encoding/base64"
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
	Valid           bool
}

// schemeOf maps a vector to a scheme of the table; "" is for those that are
// not in it.
func schemeOf(v *vector) (name string, o Options) {
	byProvider := map[string]string{
		"GitHub": "github", "Gitea": "gitea", "Gogs": "gogs", "GitLab": "gitlab", "Bitbucket Server": "bitbucket",
		"Atlassian (Bitbucket Cloud, Jira Cloud)": "jira",
		"Shopify": "shopify", "Discord": "discord", "Svix": "svix",
	}
	switch v.Scheme {
	case "standard", "stripe", "slack", "paddle", "pagerduty":
		name = v.Scheme
	case "hex_hmac":
		name, o = "hmac", Options{Header: v.SignatureHeader, Hash: v.DefaultAlg}
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
	m.Header = Fields(list)
	return m
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
	checked, left := map[bool]int{}, map[string]bool{}
	for i := range all.Vectors {
		v := &all.Vectors[i]
		name, o := schemeOf(v)
		if name == "" {
			left[v.Scheme] = true
			continue
		}
		checked[v.Valid]++
		t.Run(v.ID, func(t *testing.T) { v.check(t, name, o) })
	}
	if checked[true] == 0 || checked[false] == 0 {
		t.Errorf("%d valid and %d invalid vectors", checked[true], checked[false])
	}
	t.Logf("%d valid, %d invalid; not in the table: %v", checked[true], checked[false], left)
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
	err = scheme.Verify(m, [][]byte{[]byte(secret)}, tolerance)
	if (err == nil) != v.Valid {
		t.Errorf("got %v, want valid = %v", err, v.Valid)
	}
	silent(t, err, secret)
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
