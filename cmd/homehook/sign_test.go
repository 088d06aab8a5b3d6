package main

import (
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/routes/signature"
)

// bytesOf are texts as the signature package reads them.
func bytesOf(texts []string) (out [][]byte) {
	for _, t := range texts {
		out = append(out, []byte(t))
	}
	return out
}

func TestSendSigned(t *testing.T) {
	secrets := map[string]string{
		"github": "It's a Secret to Everybody", "stripe": "whsec_test", "slack": "8f742231b10e8888abcd99yyyzzz85a5",
		"shopify": "hush", "bad": "whsec_8f742231 no base64", "standard": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "gitlab": "token",
		"square": "signature-key", "hubspot": "yyyy", "adyen": "DFB1EB54", "rfc9421": "shared", "zoom": "z", "bearer": "open sesame",
		"hmac": "own", "token": "t0ken", "basic": "password",
	}
	with := map[string][]string{
		"hmac":  {"--with", "header=X-Sig", "--with", "hash=sha512", "--with", "signed={header.X-Time}.{method}{url}{body}", "--with", "time=X-Time"},
		"token": {"--with", "header=X-Api-Key"}, "basic": {"--with", "user=me"},
	}
	options := map[string]signature.Options{
		"hmac":  {Header: "X-Sig", Hash: "sha512", Signed: "{header.X-Time}.{method}{url}{body}", Time: "X-Time"},
		"token": {Header: "X-Api-Key"}, "basic": {User: "me"},
	}
	var failed error
	scheme := ""
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s, _ := signature.Find(scheme)
		s, err := s.With(options[scheme])
		if err != nil {
			t.Error(err)
			return
		}
		failed = s.Verify(&signature.Message{
			Method: r.Method, URL: "http://" + r.Host + r.URL.Path, Body: body, Received: time.Now(),
			Header: func(name string) iter.Seq[[]byte] { return slices.Values(bytesOf(r.Header.Values(name))) },
		}, [][]byte{[]byte(secrets[scheme])}, 0)
	}))
	defer at.Close()
	a, _, errs := newTestApp(t)
	a.now = time.Now
	for name, secret := range secrets {
		a.in = strings.NewReader(secret)
		if code := a.execute(t.Context(), []string{"secret", "set", "sign/" + name}); code != exitDone {
			t.Fatalf("set %s: %s", name, errs)
		}
	}
	for name := range secrets {
		if scheme = name; name == "bad" {
			continue
		}
		code := a.execute(t.Context(), append([]string{"send", at.URL + "/hook", "--data", `{"a":1}`, "--as", name, "--secret", "sign/" + name}, with[name]...))
		if code != exitDone || failed != nil {
			t.Errorf("%s: code %d, %v, %s", name, code, failed, errs)
		}
	}
	for args, want := range map[string]string{
		"--as github":                     "--as github needs --secret NAME",
		"--secret sign/github":            "--secret is there without --as",
		"--as github --secret none":       "store it first: homehook secret set none",
		"--as github --secret hh_abc":     "name of a credential",
		"--as hmac --secret sign/github":  "(--with header=…)",
		"--as ip --secret sign/github":    "--as ip signs nothing",
		"--with header=X":                 "--with is there without --as",
		"--as hmac --with x=y --secret a": "is no key of verify",
		"--as standard --secret sign/bad": "sign with credential sign/bad",
	} {
		errs.Reset()
		if code := a.execute(t.Context(), append([]string{"send", at.URL}, strings.Fields(args)...)); code == exitDone || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: code %d, %s", args, code, errs)
		}
		if strings.Contains(errs.String(), "8f742231") {
			t.Errorf("%s shows the secret: %s", args, errs)
		}
	}
}
