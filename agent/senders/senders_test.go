package senders

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/agent/config"
	"homehook/routes/signature"
)

// TestTableIsWhole: each scheme and each name that a claim may have is there, once,
// with what a person needs.
func TestTableIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		if seen[s.Name] {
			t.Errorf("%s is there twice", s.Name)
		}
		seen[s.Name] = true
		scheme, known := signature.Find(s.Scheme)
		keyed := known && !scheme.Keyless()
		if known != (s.Scheme != "") || keyed != (s.SecretFrom != "") || s.Generate && !keyed || s.Signs && !keyed || s.Title == "" {
			t.Errorf("%+v does not fit itself", s)
		}
		if u, err := url.Parse(s.Settings); s.Settings != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			t.Errorf("%s: settings at %q", s.Name, s.Settings)
		}
		if s.Claimable() != slices.Contains(config.Senders, s.Name) {
			t.Errorf("%s: claimable %t", s.Name, s.Claimable())
		}
	}
	for _, name := range slices.Concat(signature.Names(), config.Senders, []string{"home-assistant", Other}) {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
	if !slices.IsSortedFunc(table, func(a, b Sender) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the table is not in order")
	}
	if got := Nearest("githib"); got != "github" {
		t.Errorf("nearest is %q", got)
	}
	if !ChosenHere("github") || ChosenHere("stripe") || ChosenHere("") {
		t.Error("whose secret is made here is wrong")
	}
	if all := All(); all[0].Name != "adyen" || !all[len(all)-1].general() {
		t.Errorf("from %s to %s", all[0].Name, all[len(all)-1].Name)
	}
}

// secretOf is a secret that a scheme takes, and its options.
func secretOf(scheme string) (string, signature.Options) {
	switch scheme {
	case "adyen":
		return "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056", signature.Options{}
	case "standard", "svix":
		return "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", signature.Options{}
	case "basic":
		return "password", signature.Options{User: "me"}
	case "hmac", "token":
		return "a secret", signature.Options{Header: "X-Its-Own"}
	case "rfc9421":
		return "a secret for both", signature.Options{Hash: "sha256"}
	}
	return "a-secret-of-some-length", signature.Options{}
}

// TestSamplesAreSigned: what a sender sends passes the check of its scheme, and has
// an id of its own where that sender gives one.
func TestSamplesAreSigned(t *testing.T) {
	now := time.Now()
	for _, s := range All() {
		sample := s.Sample(now)
		req, err := http.NewRequest(http.MethodPost, "https://garage.example/hook?a=1", bytes.NewReader(sample.Body))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range sample.Fields {
			req.Header.Set(f[0], f[1])
		}
		if kind := req.Header.Get("Content-Type"); strings.HasSuffix(kind, "json") != json.Valid(sample.Body) || strings.Contains(string(sample.Body), "$") {
			t.Errorf("%s: %s is no %s", s.Name, sample.Body, kind)
		}
		if bytes.Equal(sample.Body, s.Sample(now).Body) && len(s.fields) == 0 && s.Name != "standard" {
			t.Errorf("%s: two are alike", s.Name)
		}
		if !s.Signs {
			continue
		}
		secret, options := secretOf(s.Scheme)
		scheme, _ := signature.Find(s.Scheme)
		if scheme, err = scheme.With(options); err != nil {
			t.Fatal(err)
		}
		if err := Sign(scheme, req, sample.Body, []byte(secret), now); err != nil {
			t.Errorf("sign as %s: %v", s.Name, err)
			continue
		}
		m := &signature.Message{Method: req.Method, URL: "https://garage.example/hook?a=1", Body: sample.Body, Received: now, Header: signature.Fields(fieldsOf(req.Header))}
		if err := scheme.Verify(m, [][]byte{[]byte(secret)}, 0); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if signature.SenderID(s.Name, m.Header, sample.Body) == "" && slices.Contains(identified, s.Name) {
			t.Errorf("%s: a sample has no id of the sender", s.Name)
		}
	}
}

// identified are the senders that give their deliveries ids.
var identified = []string{
	"bitbucket", "gitea", "github", "gitlab", "gogs", "jira", "linear", "meta", "paddle", "pagerduty", "scalr",
	"shopify", "slack", "square", "standard", "stripe", "svix", "twilio", "twitch", "zoom",
}

func fieldsOf(h http.Header) (list []signature.Header) {
	for name, values := range h {
		for _, v := range values {
			list = append(list, signature.Header{Name: name, Value: v})
		}
	}
	return list
}
