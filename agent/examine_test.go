package agent

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent/config"
	"homehook/ptth"
	"homehook/routes"
)

// middle is what answers at a relay's address.
type middle struct {
	server *httptest.Server
	mu     sync.Mutex
	seen   []string
}

// pretend serves what f answers. Upgrade requests for PTTH/1.0 that f leaves
// alone are granted.
func pretend(t *testing.T, conf *tls.Config, f func(w http.ResponseWriter, r *http.Request) bool) *middle {
	t.Helper()
	m := &middle{}
	m.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		m.seen = append(m.seen, r.Method+" "+r.URL.Path+" "+r.Header.Get("Upgrade"))
		m.mu.Unlock()
		if f(w, r) {
			return
		}
		if r.Header.Get("Upgrade") != "PTTH/1.0" {
			w.Header().Set("Upgrade", "ptth, PTTH/1.0")
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusUpgradeRequired)
			return
		}
		nc, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer nc.Close()
		io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n")
		io.Copy(io.Discard, nc)
	}))
	m.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	m.server.TLS = conf
	if conf != nil {
		m.server.StartTLS()
	} else {
		m.server.Start()
	}
	t.Cleanup(m.server.Close)
	return m
}

// answering is an f that gives one answer to everything.
func answering(status int, fields, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for f := range strings.SplitSeq(fields, "\n") {
			if name, value, ok := strings.Cut(f, ": "); ok {
				w.Header().Add(name, value)
			}
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
		return true
	}
}

// examine tries a relay and returns the verdict and its findings as lines.
func examine(t *testing.T, e Examination) (Verdict, string) {
	t.Helper()
	var told []Finding
	e.Tell = func(f Finding) { told = append(told, f) }
	if e.Relay.Name == "" {
		e.Relay.Name = "mine"
	}
	v := Examine(t.Context(), e)
	if len(told) != len(v.Steps) {
		t.Errorf("told %d findings of %d", len(told), len(v.Steps))
	}
	var lines []string
	for _, f := range told {
		lines = append(lines, strings.TrimSpace(f.Step+" "+f.State+": "+f.Text+" > "+f.Remedy))
		if f.State == FindingProblem && f.Remedy == "" && f.Step != StepToken {
			t.Errorf("no remedy: %+v", f)
		}
	}
	return v, strings.Join(lines, "\n")
}

// TestExamineGood goes all the way, with and without a claim.
func TestExamineGood(t *testing.T) {
	api := func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/claims" {
			return false
		}
		if r.Header.Get("Authorization") != "Bearer hh_t" {
			return answering(401, "Content-Type: application/problem+json", "{}")(w, r)
		}
		return answering(200, "Content-Type: application/json", "[]")(w, r)
	}
	m := pretend(t, nil, api)
	e := Examination{Relay: config.Relay{URL: m.server.URL, Token: "relay/mine"}, Token: "hh_t", Claim: "garage"}
	v, text := examine(t, e)
	if !v.OK || v.Dialect != ptth.Dialect10 || v.RoundTripMS <= 0 {
		t.Errorf("%+v\n%s", v, text)
	}
	for _, want := range []string{
		"tcp ok: connected to 127.0.0.1:", "answer ok: it answers as relays do (426)", "clock ok: the clocks agree", "token ok: the token is accepted",
		"dialect ok: ptth/1.0 is offered", "dialect no: comet is not offered", "link ok: the agent links garage with ptth/1.0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "removes the field") {
		t.Errorf("a relay that switches is said to be behind something that does not let it:\n%s", text)
	}

	m.seen, e.Claim = nil, ""
	v, text = examine(t, e)
	if !v.OK || v.Dialect != "" || !strings.Contains(text, "dialect ok: the relay says it offers PTTH/1.0") || !strings.Contains(text, "no link was tried") {
		t.Errorf("%+v\n%s", v, text)
	}
	if got := strings.Join(m.seen, ", "); got != "GET /ptth/probe , GET /api/claims , GET /api/claims " {
		t.Errorf("without a claim the relay was asked %s", got)
	}

	e.Token = "hh_other"
	if v, text = examine(t, e); v.OK || !strings.Contains(text, "token problem: the relay does not accept the token (401) > store the one that the relay's operator gave you: homehook secret set relay/mine") {
		t.Errorf("%+v\n%s", v, text)
	}
	e.Relay.Token, e.Token = "", ""
	if v, text = examine(t, e); v.OK || !strings.Contains(text, "the relay wants a token (401), and the configuration names none > store the relay's token: homehook secret set relay/mine") {
		t.Errorf("%+v\n%s", v, text)
	}
	e.TokenErr = errors.New(`credential "relay/mine" is missing`)
	if v, text = examine(t, e); v.OK || !strings.Contains(text, `token problem: credential "relay/mine" is missing`) {
		t.Errorf("%+v\n%s", v, text)
	}
}

// TestExamineTellsSettings: a name that is free must not be taken with other
// settings than those of its claim.
func TestExamineTellsSettings(t *testing.T) {
	for _, tt := range []struct {
		name, sender, answer, want, text string
		status                           int
	}{
		{name: "hold", status: 200, answer: `{"url":"http://garage.example/"}`, want: `PUT /api/claims/garage {"answer":"hold","hold_ms":5000,"max_body":7}`},
		{name: "refused", status: 400, answer: `{"detail":"that is too long"}`, want: `PUT /api/claims/garage `, text: "link warning: the settings of garage did not reach the relay: relay says: that is too long (400) > check the claim"},
		{name: "without a credential", sender: "meta", status: 200, answer: `{"url":"http://garage.example/"}`, want: `"sender":{"preset":"meta"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen []string
			m := pretend(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
				body, _ := io.ReadAll(r.Body)
				switch {
				case !strings.HasPrefix(r.URL.Path, "/api/claims"):
					if r.Header.Get("Upgrade") != "" {
						seen = append(seen, "link")
					}
					return false
				case r.Header.Get("Authorization") != "Bearer hh_t":
					return answering(401, "Content-Type: application/problem+json", "{}")(w, r)
				case r.Method == http.MethodGet:
					return answering(200, "Content-Type: application/json", "[]")(w, r)
				}
				seen = append(seen, r.Method+" "+r.URL.Path+" "+string(body))
				return answering(tt.status, "Content-Type: application/json", tt.answer)(w, r)
			})
			claim := config.Claim{Name: "garage", Answer: "hold", Hold: routes.Duration(5 * time.Second), MaxBody: 7, Sender: tt.sender, VerifyToken: "meta"}
			v, text := examine(t, Examination{
				Relay: config.Relay{URL: m.server.URL, Token: "relay/mine"}, Token: "hh_t", Claim: "garage", Claims: []config.Claim{{Name: "other"}, claim},
			})
			if !v.OK || !strings.Contains(text, tt.text) {
				t.Errorf("%+v\n%s", v, text)
			}
			if len(seen) == 0 || !strings.Contains(seen[0], tt.want) {
				t.Errorf("the relay was asked %q", seen)
			}
		})
	}
}

// TestExamineUnreachable: what keeps a connection from being opened is the
// last thing told.
func TestExamineUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	secure := pretend(t, &tls.Config{}, answering(200, "", ""))
	for _, tt := range []struct{ name, url, want string }{
		{"name", "https://nobody.invalid", "dns problem: "},
		{"port", "http://" + l.Addr().String(), "tcp problem: connect to relay " + l.Addr().String()},
		{"certificate", secure.server.URL, "tls problem: the certificate of relay 127.0.0.1 is signed by itself > set ca: of the relay"},
		{"no TLS", strings.Replace(pretend(t, nil, answering(200, "", "")).server.URL, "http:", "https:", 1), "tls problem: relay 127.0.0.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, text := examine(t, Examination{Relay: config.Relay{URL: tt.url}, Token: "hh_t", Claim: "garage"})
			last := text[strings.LastIndex(text, "\n")+1:]
			if v.OK || !strings.HasPrefix(last, tt.want) {
				t.Errorf("%+v\n%s", v, text)
			}
		})
	}
	if len(secure.seen) > 0 {
		t.Errorf("an untrusted relay was asked %v", secure.seen)
	}
	if v, text := examine(t, Examination{Relay: config.Relay{URL: "https://relay.example", CA: "/nowhere/roots.pem"}}); v.OK || !strings.Contains(text, "roots.pem") {
		t.Errorf("%+v\n%s", v, text)
	}
}

func TestExamineTLS(t *testing.T) {
	m := pretend(t, &tls.Config{}, func(http.ResponseWriter, *http.Request) bool { return false })
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	v, text := examine(t, Examination{Relay: config.Relay{URL: m.server.URL, CA: ca}, Claim: "garage"})
	if !v.OK || !strings.Contains(text, "tls ok: TLS 1.3, certificate for example.com, *.example.com, 127.0.0.1, ::1, good until ") {
		t.Errorf("%+v\n%s", v, text)
	}
}

// TestExamineOthers: what answers in the relay's place is named.
func TestExamineOthers(t *testing.T) {
	stripped := func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/ptth/garage" {
			return answering(404, "", "")(w, r)
		}
		return answering(426, "Upgrade: ptth, PTTH/1.0\nContent-Type: text/plain", "no upgrade\n")(w, r)
	}
	quiet := func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/claims" {
			return answering(404, "", "")(w, r)
		}
		return answering(200, "Content-Type: application/json", "[]")(w, r)
	}
	for _, tt := range []struct {
		name, claim string
		f           func(http.ResponseWriter, *http.Request) bool
		want        []string
	}{
		{"portal without a place", "garage", answering(302, "", ""), []string{"answer problem: the answer leads nowhere (302)"}},
		{"portal with a name", "garage", answering(302, "Location: http://login.hotel.example/", ""), []string{"login.hotel.example (302): a login page of this network (a captive portal)", "> open a web page in a browser"}},
		{"portal by its status", "garage", answering(511, "", ""), []string{"answer problem: the network wants a login", "captive portal"}},
		{"portal with a page", "garage", answering(200, "Content-Type: text/html", "<form>"), []string{"answer warning: a web page answers (200)", "link problem: no link for garage can be opened", "captive portal", "> open a web page in a browser"}},
		{"page without a claim", "", answering(200, "Content-Type: text/html", "<form>"), []string{"answer problem: a web page answers (200)"}},
		{"stripped", "garage", stripped, []string{"dialect no: ptth/1.0 is not offered", "dialect warning: something between this machine and the relay removes the field Upgrade from requests > use https://", "link problem: "}},
		{"refused token", "garage", answering(401, "Content-Type: text/plain", "unknown token\n"), []string{"token skipped: ", "link problem: no link for garage can be opened: ", "unknown token > store the token that the relay's operator gave you: homehook secret set relay/mine"}},
		{"no relay at all", "garage", answering(404, "", ""), []string{"token skipped: ", "dialect no: reversehttp is not offered", "link problem: ", "> check that the url is that of a relay"}},
		{"no relay, no claim", "", answering(404, "", ""), []string{"dialect problem: this does not look like a relay: it offers no dialect that links can be made with (404) > check address and port"}},
		{"refuses everything", "", answering(403, "", ""), []string{"dialect problem: this does not look like a relay: it offers no dialect that links can be made with (403)"}},
		{"a JSON API that wants a login", "", answering(401, "Content-Type: application/json", "{}"), []string{"dialect problem: this does not look like a relay", "(401)"}},
		{"a server of other protocols", "", answering(404, "Upgrade: h2c, websocket", ""), []string{"dialect skipped: the relay says it offers websocket, which this version does not know", "dialect problem: this does not look like a relay"}},
		{"a server of WebSocket alone", "", answering(426, "Upgrade: websocket", ""), []string{"dialect problem: this does not look like a relay"}},
		{"fine with everything", "", answering(200, "Content-Type: text/plain", "ok"), []string{"dialect problem: this does not look like a relay: it offers no dialect that links can be made with (200)"}},
		{"silent about itself", "", answering(426, "", ""), []string{"dialect skipped: the relay does not say what it offers (426)"}},
		{"silent behind an API", "", quiet, []string{"dialect skipped: the relay does not say what it offers (404)", "token ok: "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, text := examine(t, Examination{Relay: config.Relay{URL: pretend(t, nil, tt.f).server.URL}, Claim: tt.claim})
			if v.OK != strings.HasPrefix(tt.name, "silent ") {
				t.Errorf("%+v", v)
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
}

// TestExamineHeld: a relay that takes every path for a claim is no problem.
func TestExamineHeld(t *testing.T) {
	done := make(chan struct{})
	m := pretend(t, nil, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && r.Header.Get("Upgrade") == "" {
			<-done
			return true
		}
		return false
	})
	defer close(done)
	e := Examination{Relay: config.Relay{URL: m.server.URL}, Claim: "garage", patience: 50 * time.Millisecond}
	if v, text := examine(t, e); !v.OK || !strings.Contains(text, "answer skipped: the relay holds a plain request") || !strings.Contains(text, "token skipped: ") {
		t.Errorf("%+v\n%s", v, text)
	}
	e.Claim = ""
	if v, text := examine(t, e); v.OK || !strings.Contains(text, "answer problem: ") {
		t.Errorf("%+v\n%s", v, text)
	}
}

// TestExamineWantsTLS: an address that lost its s is told apart from a login.
func TestExamineWantsTLS(t *testing.T) {
	m := pretend(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
		return true
	})
	if v, text := examine(t, Examination{Relay: config.Relay{URL: m.server.URL}, Claim: "garage"}); v.OK || !strings.Contains(text, "the relay wants https:// (301) > write https:// in the relay's url") {
		t.Errorf("%+v\n%s", v, text)
	}
}

func TestExamineClock(t *testing.T) {
	for _, tt := range []struct {
		off   time.Duration
		state string
		want  string
	}{
		{0, FindingOK, "the clocks agree"},
		{3 * time.Second, FindingOK, "ahead by"},
		{-2 * time.Minute, FindingWarning, "behind by"},
		{time.Hour, FindingProblem, "ahead by "},
		{-time.Hour, FindingProblem, "behind by "},
	} {
		x := &examiner{}
		now := time.Now()
		x.clock(&reply{header: http.Header{"Date": {now.Add(tt.off).UTC().Format(http.TimeFormat)}}, asked: now, answered: now.Add(time.Millisecond)})
		f := x.verdict.Steps[0]
		if f.State != tt.state || !strings.Contains(f.Text, tt.want) || (f.Remedy == "") != (tt.state == FindingOK) {
			t.Errorf("%v: %+v", tt.off, f)
		}
	}
	x := &examiner{}
	x.clock(&reply{header: http.Header{}})
	if f := x.verdict.Steps[0]; f.State != FindingSkipped {
		t.Errorf("%+v", f)
	}
}

func TestDifference(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 400e6, time.UTC)
	second := at.Truncate(time.Second)
	for off, want := range map[time.Duration]time.Duration{
		0: 0, time.Second: 600 * time.Millisecond, -time.Second: -400 * time.Millisecond,
		-time.Minute: -59*time.Second - 400*time.Millisecond, time.Minute: time.Minute - 400*time.Millisecond,
	} {
		if got := difference(second.Add(off), at, at); got != want {
			t.Errorf("%v: %v, want %v", off, got, want)
		}
	}
}

// TestStepFinding: addresses that DNS names and nobody answers at are told.
func TestStepFinding(t *testing.T) {
	f := stepFinding(ptth.Step{
		Name: ptth.StepTCP, Addresses: []string{"192.0.2.1:443"}, Took: time.Millisecond,
		Missed: []error{errors.New("dial tcp [2001:db8::1]:443: no route to host")},
	})
	if f.State != FindingWarning || f.MS != 1 || !strings.Contains(f.Text, "192.0.2.1:443; before that: dial tcp [2001:db8::1]:443: no route") || f.Remedy == "" {
		t.Errorf("%+v", f)
	}
	f = stepFinding(ptth.Step{Name: ptth.StepProxy, Host: "10.0.0.1:3128", Addresses: []string{"relay.example:443"}})
	if f.Text != "proxy 10.0.0.1:3128 leads to relay.example:443" || f.State != FindingOK {
		t.Errorf("%+v", f)
	}
}

// TestExamineDialectWrittenDown: who says which dialect a relay has knows that it is
// one, though it says nothing of itself.
func TestExamineDialectWrittenDown(t *testing.T) {
	m := pretend(t, nil, answering(404, "", ""))
	v, text := examine(t, Examination{Relay: config.Relay{URL: m.server.URL, Dialect: ptth.DialectComet}})
	if !v.OK || !strings.Contains(text, "dialect skipped: the relay does not say") {
		t.Errorf("%+v\n%s", v, text)
	}
	v, text = examine(t, Examination{Relay: config.Relay{URL: m.server.URL}, Fresh: true})
	if v.OK || strings.Contains(text, "homehook") || !strings.Contains(text, "dialect warning: this does not look like a relay: ") {
		t.Errorf("%+v\n%s", v, text)
	}
}
