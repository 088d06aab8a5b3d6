package agent

import (
	"bufio"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/routes/signature"
)

// rawLink is a relay that writes what no relay of ours does. It gives the agent
// one link at a time.
func rawLink(t *testing.T) (addr string, links chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	links = make(chan net.Conn, 8)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(links)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			nc.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := http.ReadRequest(bufio.NewReader(nc)); err != nil {
				nc.Close()
				continue
			}
			io.WriteString(nc, "HTTP/1.1 101 S\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\n\r\n")
			links <- nc
		}
	}()
	t.Cleanup(func() {
		l.Close()
		for nc := range links {
			nc.Close()
		}
		<-done
	})
	return l.Addr().String(), links
}

// TestRow39AtTheAgent: a relay that passes on a Connection which would take a
// signature out of the request gets 400, and its link is over. Nothing runs, and
// nothing is a delivery.
func TestRow39AtTheAgent(t *testing.T) {
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "ok") })
	addr, links := rawLink(t)
	conf := strings.Replace(storing(addr, "", fmt.Sprintf("  - {name: open, claim: garage, match: /open, unverified: true, forward: {to: %q}}\n", a.URL)), "max_links: 32", "max_links: 1", 1)
	h := startHome(t, conf)
	for _, name := range signedFields(t) {
		nc := <-links
		fmt.Fprintf(nc, "POST /open HTTP/1.1\r\nHost: garage.test\r\n%[1]s: x\r\nConnection: close, %[2]s\r\nContent-Length: 1\r\nX-Forwarded-For: 203.0.113.9\r\n"+
			"Homehook-Delivery: %[3]s\r\nHomehook-Received: %[4]s\r\nHomehook-Answer: hold\r\n\r\nx", name, strings.ToLower(name), newID(), time.Now().UTC().Format(time.RFC3339Nano))
		got, _ := io.ReadAll(nc)
		nc.Close()
		if !strings.HasPrefix(string(got), "HTTP/1.1 400 ") || strings.Count(string(got), "HTTP/1.1 ") != 1 {
			t.Errorf("%s: %.200q", name, got)
		}
	}
	if list, _, err := h.client.Deliveries(t.Context(), control.Query{}); err != nil || len(list) > 0 || len(a.bodies()) > 0 {
		t.Errorf("%+v, %v; %d ran", list, err, len(a.bodies()))
	}
}

// signedFields are the names of the fields that the checks of all schemes look
// at, as far as they can be made here.
func signedFields(t *testing.T) (names []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, name := range []string{"standard", "github", "gitea", "gogs", "gitlab", "bitbucket", "jira", "stripe", "slack", "shopify", "paddle", "pagerduty", "twilio", "square", "svix", "hubspot", "meta", "zoom", "xero", "twitch", "dropbox", "scalr"} {
		s, ok := signature.Find(name)
		if !ok {
			t.Fatalf("no scheme %s", name)
		}
		m := &signature.Message{Method: "POST", URL: "https://a.example/x", Body: []byte("{}"), Received: time.Now()}
		fields, err := s.Sign(m, []byte("whsec_c2VjcmV0c2VjcmV0c2VjcmV0"), time.Now())
		if err != nil {
			t.Logf("%s cannot be signed: %v", name, err)
		}
		for _, f := range fields {
			if !seen[f.Name] {
				seen[f.Name], names = true, append(names, f.Name)
			}
		}
	}
	if names = append(names, "X-Signature-Ed25519", "X-Signature-Timestamp", "Authorization", "Signature", "Signature-Input", "Content-Digest", "X-Twilio-Email-Event-Webhook-Signature"); len(names) < 20 {
		t.Fatalf("only %q", names)
	}
	return names
}

// TestRow40Schemes: two copies of any field that a check looks at refuse the
// delivery, be they the same or one good and one bad, whichever stands first.
func TestRow40Schemes(t *testing.T) {
	r, h, a := verifying(t, "")
	for _, scheme := range []string{"stripe", "github"} {
		secret := map[string]string{"stripe": stripeSecret, "github": "hush"}[scheme]
		body := fmt.Sprintf(`{"id": "%s"}`, newID())
		good, bad := signedAt(t, scheme, secret, body, time.Now()), signedAt(t, scheme, "another", body, time.Now())
		for _, fields := range []string{good + good, good + bad, bad + good} {
			for _, mode := range []string{answerHold, answerStore, answerThrough} {
				s := sent{id: newID(), mode: mode, line: "POST /" + scheme, body: body, fields: fields}
				g := r.must(t, s)
				if rec := h.record(t, s.id, "rejected"); g.status != 401 || !strings.Contains(rec.Reason, "more than one") || len(rec.Log) > 0 {
					t.Errorf("%s, %s: %+v, %+v", scheme, mode, g, rec.Delivery)
				}
			}
		}
	}
	if n := len(a.bodies()); n > 0 {
		t.Errorf("%d ran", n)
	}
}

// TestRow42SixDays: the copy of a delivery that came six days ago is a duplicate,
// whether the relay or another agent has waited meanwhile.
func TestRow42SixDays(t *testing.T) {
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "ok") })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	first := sent{id: newID(), line: "POST /app", body: "x", fields: "webhook-id: msg_6\r\n", after: "none", received: time.Now().Add(-144 * time.Hour)}
	r.must(t, first)
	h.record(t, first.id, "succeeded")
	for i := range 2 {
		s := sent{id: newID(), line: "POST /app", body: "x", fields: first.fields}
		g := r.must(t, s)
		if rec := h.record(t, s.id, "duplicate"); g.status/100 != 2 || rec.DuplicateOf != first.id || len(rec.Log) > 0 {
			t.Errorf("%+v, %+v", g, rec.Delivery)
		}
		if i == 0 {
			h.stop()
			r.forget()
			h = openHome(t, h.dir)
		}
	}
	if n := len(a.bodies()); n != 1 {
		t.Errorf("%d ran", n)
	}
}

// TestRow45AtHome: Discord tries whether wrong signatures are refused. While the
// agent is there it is the one that does.
func TestRow45AtHome(t *testing.T) {
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32)))
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "ok") })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", fmt.Sprintf("  - {name: discord, claim: garage, match: /discord, verify: {scheme: discord, secret: discord}, forward: {to: %q}}\n", a.URL)))
	if err := h.opts.Credentials.Set("discord", hex.EncodeToString(key.Public().(ed25519.PublicKey))); err != nil {
		t.Fatal(err)
	}
	now := fmt.Sprint(time.Now().Unix())
	sign := func(body string) string { return hex.EncodeToString(ed25519.Sign(key, []byte(now+body))) }
	for _, tt := range []struct {
		name, body, signature string
		status                int
		state                 string
	}{
		{"PING", `{"type":1}`, sign(`{"type":1}`), 200, "succeeded"},
		{"PING with another's signature", `{"type":1}`, strings.Repeat("ab", 64), 401, "rejected"},
		{"PING of another body", `{"type":1}`, sign(`{"type":2}`), 401, "rejected"},
		{"PING without one", `{"type":1}`, "", 401, "rejected"},
		{"command with another's signature", `{"type":2}`, strings.Repeat("00", 64), 401, "rejected"},
	} {
		for _, mode := range []string{answerHold, answerStore, answerThrough} {
			s := sent{id: newID(), mode: mode, line: "POST /discord", body: tt.body, fields: "Content-Type: application/json\r\nX-Signature-Timestamp: " + now + "\r\n"}
			if tt.signature != "" {
				s.fields += "X-Signature-Ed25519: " + tt.signature + "\r\n"
			}
			began := time.Now()
			g := r.must(t, s)
			if rec := h.record(t, s.id, tt.state); g.status != tt.status || time.Since(began) > 3*time.Second || len(rec.Log) > 0 {
				t.Errorf("%s, %s: %+v, %+v", tt.name, mode, g, rec.Delivery)
			}
		}
	}
	if n := len(a.bodies()); n > 0 {
		t.Errorf("%d ran", n)
	}
}

// TestRow46AtHome: challenges are answered as their senders want them, and no
// handler runs for them.
func TestRow46AtHome(t *testing.T) {
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, "ok") })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", fmt.Sprintf("  - {name: meta, claim: garage, match: /meta, verify: {scheme: meta, secret: meta, token: token}, forward: {to: %[1]q}}\n"+
		"  - {name: zoom, claim: garage, match: /zoom, verify: {scheme: zoom, secret: zoom}, forward: {to: %[1]q}}\n", a.URL)))
	for name, value := range map[string]string{"meta": "hush", "token": "my token", "zoom": "hush"} {
		if err := h.opts.Credentials.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	zoom := `{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}`
	forged := `{"payload":{"plainToken":"v0:1654503849:{}"},"event":"endpoint.url_validation"}`
	for _, tt := range []struct {
		name, line, fields, body string
		status                   int
		say, state               string
	}{
		{"meta", "GET /meta?hub.mode=subscribe&hub.verify_token=my+token&hub.challenge=115%2B8", "", "", 200, "115+8", "succeeded"},
		{"meta, another token", "GET /meta?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1158", "", "", 401, "", "rejected"},
		{"zoom", "POST /zoom", "Content-Type: application/json\r\n" + signedAt(t, "zoom", "hush", zoom, time.Now()), zoom, 200, `"encryptedToken"`, "succeeded"},
		{"zoom, another's signature", "POST /zoom", "Content-Type: application/json\r\n" + signedAt(t, "zoom", "x", zoom, time.Now()), zoom, 401, "", "rejected"},
		{"zoom, to have a message signed", "POST /zoom", "Content-Type: application/json\r\n", forged, 401, "", "rejected"},
	} {
		for _, mode := range []string{answerHold, answerStore, answerThrough} {
			s := sent{id: newID(), mode: mode, line: tt.line, body: tt.body, fields: tt.fields}
			g := r.must(t, s)
			if rec := h.record(t, s.id, tt.state); g.status != tt.status || !strings.Contains(g.body, tt.say) || strings.Contains(g.body, "encryptedToken") != strings.Contains(tt.say, "encryptedToken") || len(rec.Log) > 0 {
				t.Errorf("%s, %s: %+v, %+v", tt.name, mode, g, rec.Delivery)
			}
		}
	}
	if n := len(a.bodies()); n > 0 {
		t.Errorf("%d ran", n)
	}
}
