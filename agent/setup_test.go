package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"homehook/agent/control"
	"homehook/relay"
)

// trueRelay is a relay as it is shipped, with a token.
type trueRelay struct{ url, token string }

func startTrueRelay(t *testing.T) trueRelay {
	t.Helper()
	r, err := relay.New(t.Context(), relay.Options{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	token, err := r.CreateToken(t.Context(), "test", 4)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Serve(ctx, ln); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return trueRelay{"http://" + ln.Addr().String(), token}
}

// linkedHome is an agent at a true relay that has linked the claim garage.
func linkedHome(t *testing.T, r trueRelay, routes string) *home {
	t.Helper()
	conf := fmt.Sprintf("relays: [{name: test, url: %q, token: relay/test}]\nclaims: [{name: garage, parallel: 8}]\nroutes:\n%s", r.url, routes)
	h := startHome(t, strings.TrimSuffix(conf, "routes:\n"))
	h.set(t, "relay/test", r.token)
	eventually(t, "the claim is linked", func() bool {
		all, err := h.client.Claims(t.Context())
		return err == nil && len(all) == 1 && all[0].Connected && all[0].URL != ""
	})
	return h
}

func (h *home) set(t *testing.T, name, value string) {
	t.Helper()
	if err := h.client.SetCredential(t.Context(), name, value); err != nil {
		t.Fatal(err)
	}
}

// steps are those of a test of a relay, as "step state".
func steps(t *testing.T, h *home, in control.RelayTest) (list []control.RelayStep, v *control.RelayVerdict, err error) {
	t.Helper()
	v, err = h.client.TestRelay(t.Context(), in, func(s control.RelayStep) { list = append(list, s) })
	return list, v, err
}

func TestTestOfARelay(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	r := startTrueRelay(t)
	h := linkedHome(t, r, "")
	for _, tt := range []struct {
		name  string
		in    control.RelayTest
		ok    bool
		token string // state and text of that step
		link  string // state of that step
	}{
		{"configured", control.RelayTest{Name: "test"}, true, "ok the token is accepted", "ok"},
		{"by its url", control.RelayTest{URL: r.url, Token: r.token}, true, "ok the token is accepted", "skipped"},
		{"a web server", control.RelayTest{URL: web.URL}, false, "skipped this relay has no claims API to ask about the token; a link shows whether it is accepted > ", ""},
		{"a token of somebody else", control.RelayTest{URL: r.url, Token: "hh_another"}, false, "problem the relay does not accept the token (401) > compare it with", "skipped"},
		{"without a token", control.RelayTest{URL: r.url}, false, "problem the relay wants a token (401), and none was given > give the token", "skipped"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, v, err := steps(t, h, tt.in)
			if err != nil || v.OK != tt.ok || (v.Dialect != "") != (tt.link == "ok") {
				t.Fatalf("%+v, %v", v, err)
			}
			token, link := "", ""
			for _, s := range list {
				switch s.Step {
				case StepToken:
					token = s.State + " " + s.Text + " > " + s.Remedy
				case StepLink:
					link = s.State
				}
				if all := s.Text + s.Remedy; strings.Contains(all, r.token) || tt.in.Token != "" && strings.Contains(all, tt.in.Token) || tt.in.URL != "" && strings.Contains(all, "homehook") {
					t.Errorf("it says %s > %s", s.Text, s.Remedy)
				}
			}
			if !strings.HasPrefix(token, tt.token) || link != tt.link {
				t.Errorf("token: %s, link: %s", token, link)
			}
		})
	}
}

func TestRelaysThatAreNotTried(t *testing.T) {
	h := startHome(t, "")
	for _, tt := range []struct {
		in   control.RelayTest
		kind error
		want string
	}{
		{control.RelayTest{Name: "none"}, control.ErrNotFound, `relay "none"`},
		{control.RelayTest{URL: "http://relay.example"}, control.ErrInvalid, "http:// would send token and deliveries readable over the network; use https://"},
		{control.RelayTest{URL: "http://169.254.169.254", Plain: true}, control.ErrInvalid, "url has the address 169.254.169.254, which is another machine in each network"},
		{control.RelayTest{URL: "http://[fe80::1%25eth0]:8080/", Plain: true}, control.ErrInvalid, "url has the address fe80::1%eth0"},
		{control.RelayTest{URL: "http://[::ffff:169.254.169.254]", Plain: true}, control.ErrInvalid, "url has the address ::ffff:169.254.169.254"},
		{control.RelayTest{URL: "https://me:pw@relay.example"}, control.ErrInvalid, "url holds a user name or password"},
		{control.RelayTest{URL: "relay.example"}, control.ErrInvalid, "url"},
		{control.RelayTest{URL: "https://relay.example", CA: "/none.pem"}, control.ErrInvalid, "does not exist"},
		{control.RelayTest{URL: "https://relay.example", Token: "hh_tok en"}, control.ErrInvalid, "copy it anew"},
	} {
		_, _, err := steps(t, h, tt.in)
		if !errors.Is(err, tt.kind) || !strings.Contains(fmt.Sprint(err), tt.want) || strings.Contains(err.Error(), "hh_tok") || strings.Contains(err.Error(), ":pw@") {
			t.Errorf("%+v: %v", tt.in, err)
		}
	}
}

// TestTokenIsNotEchoed: not by a server that sends it back, either.
func TestTokenIsNotEchoed(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if auth := r.Header.Get("Authorization"); auth != "" {
			w.Header().Set("Server", auth)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "https://elsewhere.example/hh_echoed")
		w.WriteHeader(http.StatusFound)
	}))
	defer s.Close()
	h := startHome(t, "")
	list, _, err := steps(t, h, control.RelayTest{URL: s.URL, Token: "hh_echoed"})
	if err != nil || strings.Contains(fmt.Sprint(list), "hh_echoed") {
		t.Errorf("%v, %v", list, err)
	}
	if got := relayStepOf(Finding{Text: "a hh_echoed b"}, "hh_echoed"); got.Text != "a [token] b" {
		t.Errorf("it says %q", got.Text)
	}
}

func TestTemplatesOfTheAgent(t *testing.T) {
	h := startHome(t, "relays: [{name: test, url: \"http://127.0.0.1:1\"}]\nclaims: [{name: garage}]\nroutes:\n  - {name: forward, claim: garage, match: /, unverified: true, forward: {to: \"http://127.0.0.1:1\"}}\n")
	all, err := h.client.Templates(t.Context())
	if err != nil || len(all) < 10 {
		t.Fatalf("%d, %v", len(all), err)
	}
	kinds := []string{"text", "file", "folder", "url", "credential"}
	for _, tpl := range all {
		for _, q := range tpl.Ask {
			if !slices.Contains(kinds, q.Kind) {
				t.Errorf("%s asks for %s, a %s", tpl.Name, q.Key, q.Kind)
			}
		}
	}
	filled, err := h.client.FillTemplate(t.Context(), control.TemplateAnswers{
		Template: "forward", Claim: "garage", Answers: map[string]string{"scheme": "stripe", "credential": "its-secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(filled.Names, []string{"forward 2"}) || !slices.Equal(filled.Missing, []string{"its-secret"}) ||
		!strings.HasPrefix(filled.Routes[0], "name: forward 2\n") || !strings.Contains(filled.Routes[0], "\nverify:\n  ") || filled.After == "" {
		t.Errorf("%+v", filled)
	}
	h.set(t, "its-secret", "x")
	if filled, err = h.client.FillTemplate(t.Context(), control.TemplateAnswers{
		Template: "forward", Answers: map[string]string{"name": "mine", "scheme": "stripe", "credential": "its-secret"},
	}); err != nil || len(filled.Missing) != 0 || strings.Contains(filled.Routes[0], "claim:") || filled.Names[0] != "mine" {
		t.Errorf("%+v, %v", filled, err)
	}
	for _, tt := range []struct {
		in   control.TemplateAnswers
		kind error
		want string
	}{
		{control.TemplateAnswers{Template: "froward", Claim: "garage"}, control.ErrNotFound, `did you mean "forward"?`},
		{control.TemplateAnswers{Template: "script", Claim: "garage"}, control.ErrInvalid, `"script" is missing`},
		{control.TemplateAnswers{Template: "forward", Claim: "No Claim"}, control.ErrInvalid, "claim"},
		{control.TemplateAnswers{Template: "save", Claim: "garage", Answers: map[string]string{"folder": filepath.Join(h.dir, "none")}}, control.ErrInvalid, "cannot be found"},
	} {
		if _, err := h.client.FillTemplate(t.Context(), tt.in); !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt.in, err)
		}
	}
	if senders, err := h.client.Senders(t.Context()); err != nil || !slices.ContainsFunc(senders, func(s control.Sender) bool { return s.Name == "github" && s.Claimable && s.Generate && s.Signs }) {
		t.Errorf("%d senders, %v", len(senders), err)
	}
}

// TestActionsOfFiles: what a program may do about files that are open to others.
func TestActionsOfFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	h := startHome(t, "")
	path := filepath.Join(h.dir, "state", "left-open")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	found, err := h.client.Doctor(t.Context(), control.Examination{})
	if err != nil || !slices.ContainsFunc(found.Findings, func(f control.Finding) bool {
		return f.Action == control.Action{Kind: control.ActionFixMode, Name: path}
	}) {
		t.Errorf("%+v, %v", found, err)
	}
	report, err := h.client.Report(t.Context(), found)
	if err != nil || !slices.ContainsFunc(report.Checkup.Findings, func(f control.Finding) bool { return f.Action.Kind == control.ActionFixMode }) {
		t.Errorf("the report has no action: %v", err)
	}
}
