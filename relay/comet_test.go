package relay

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/ptth"
)

const cometFields = "Access-Control-Allow-Origin: *\r\n" +
	"Access-Control-Expose-Headers: Link, Location, Message-Id, Requesting-Client, Retry-After, PTTH-Max-Conns\r\n" +
	"Cache-Control: no-store\r\n"

// event is what a poll was answered with.
type event struct {
	ID       string      `json:"message-id"`
	Method   string      `json:"method"`
	Target   string      `json:"request-uri"`
	Version  string      `json:"http-version"`
	Headers  [][2]string `json:"headers"`
	Body     string      `json:"body"`
	Encoding string      `json:"body-encoding"`
}

func readEvent(t testing.TB, a answer) (e event) {
	t.Helper()
	if a.status != 200 || a.fields["content-type"] != "application/json" {
		t.Fatalf("no event: %s%s", a.head, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return e
}

func (tr *testRelay) cometHead(extra string) string {
	return "POST /comet/garage HTTP/1.1\nHost: relay\nAuthorization: Bearer " + tr.token + "\n" + extra
}

// TestCometBytes holds the relay to the bytes of the protocol.
func TestCometBytes(t *testing.T) {
	tr := startRelay(t, Options{Hold: 50 * time.Millisecond, Domain: "example"})
	agent := tr.peer(t)
	empty := agent.ask(tr.cometHead("Content-Length: 0\n"), "")
	want := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + cometFields + "Content-Length: 2\r\n"
	if diff := cmp.Diff(want+"{}", empty.head+empty.body); diff != "" {
		t.Errorf("no event (-want +got):\n%s", diff)
	}

	agent.send(tr.cometHead("PTTH-Max-Conns: 8\n"), "")
	tr.waitIdle(t, "garage", 1)
	sender := tr.sendLater(t, "GET /a?b=c HTTP/1.1\nHost: garage.example\nAccept: */*\nX-Two: 1\nx-two: 2\n", "")
	got := agent.read()
	e := readEvent(t, got)
	if got.fields["ptth-max-conns"] != "64" || e.Version != "PTTH/0.9" || e.Method != "GET" || e.Target != "/a?b=c" || e.Body != "" || e.Encoding != "" {
		t.Errorf("event %+v", e)
	}
	if diff := cmp.Diff([][2]string{{"Host", "garage.example"}, {"Accept", "*/*"}, {"X-Two", "1"}, {"x-two", "2"}}, e.Headers[:4]); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if !regexp.MustCompile(`^\{"message-id":"[0-9a-f]{32}","method":"GET","request-uri":"/a\?b=c","http-version":"PTTH/0.9","headers":\[\["Host",`).MatchString(got.body) {
		t.Errorf("not in the order of the protocol: %s", got.body)
	}

	reply := `{"message-id":"` + e.ID + `","http-version":"PTTH/0.9","status":201,"reason":"Fine","headers":[["X-A","1"],["x-a","2"],["Transfer-Encoding","chunked"]],"body":"hé"}`
	next := agent.ask(tr.cometHead("Content-Type: application/json\n"), reply)
	if next.body != "{}" {
		t.Errorf("the reply was answered with %q", next.body)
	}
	a := sender()
	if via := regexp.MustCompile(`(?m)^Via: .*\r\n`); via.ReplaceAllString(a.head, "") != "HTTP/1.1 201 Fine\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n" || a.body != "hé" {
		t.Errorf("sender got %q %q", a.head, a.body)
	}
	tr.waitNone(t, "garage")
}

// TestCometKinds sends what is special through polls of both forms.
func TestCometKinds(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	big := binary(1 << 20)
	tests := []struct {
		name, head, body string // of the sender
		status           int
		reply            string // of the agent; the id stands for %s
		answer, length   string // what the sender gets
	}{
		{
			"1 MiB up and down", "POST /~garage/ HTTP/1.1\nHost: relay\n", big, 200,
			`{"message-id":"%s","status":200,"reason":"OK","headers":[],"body":"` + base64.StdEncoding.EncodeToString([]byte(big)) + `","body-encoding":"base64"}`, big, fmt.Sprint(len(big)),
		},
		{
			"HEAD", "HEAD /~garage/ HTTP/1.1\nHost: relay\nConnection: close\n", "", 200,
			`{"message-id":"%s","status":200,"reason":"OK","headers":[["Content-Length","77"]],"body":""}`, "", "77",
		},
		{
			"204", "GET /~garage/ HTTP/1.1\nHost: relay\n", "", 204,
			`{"message-id":"%s","status":204,"reason":"No Content","headers":[],"body":"what"}`, "", "",
		},
		{
			"304", "GET /~garage/ HTTP/1.1\nHost: relay\n", "", 304,
			`{"message-id":"%s","status":304,"reason":"","headers":[["ETag","\"x\""]],"body":""}`, "", "",
		},
		{
			"empty", "GET /~garage/ HTTP/1.1\nHost: relay\n", "", 200,
			`{"message-id":"%s","http-version":"HTTP/1.0","status":200}`, "", "0",
		},
	}
	agent := tr.peer(t)
	agent.send(tr.cometHead("Content-Length: 0\n"), "")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr.waitIdle(t, "garage", 1)
			s := tr.peer(t)
			s.send(tt.head, tt.body)
			e := readEvent(t, agent.read())
			body := e.Body
			if e.Encoding == "base64" {
				b, err := base64.StdEncoding.DecodeString(e.Body)
				if err != nil {
					t.Error(err)
				}
				body = string(b)
			}
			sameBody(t, "event", body, tt.body)
			agent.send(tr.cometHead("Content-Type: application/json\n"), fmt.Sprintf(tt.reply, e.ID))
			if e.Method == "HEAD" {
				res, err := s.conn.ReadResponse([]byte("HEAD"))
				if err != nil || res.Status != tt.status || res.ContentLength() != 77 {
					t.Errorf("%v, %v", res, err)
				}
			} else {
				a := s.read()
				if a.status != tt.status || a.fields["content-length"] != tt.length {
					t.Errorf("got %s", a.head)
				}
				sameBody(t, "answer", a.body, tt.answer)
			}
		})
	}
	agent.nc.Close()
	tr.waitNone(t, "garage")
}

// TestCometChunked sends a body whose length is not known at first.
func TestCometChunked(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	agent := tr.peer(t)
	agent.send(tr.cometHead(""), "")
	tr.waitIdle(t, "garage", 1)
	nc := tr.conn(t)
	fmt.Fprint(nc, "POST /~garage/ HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
	if e := readEvent(t, agent.read()); e.Body != "hello" || strings.Contains(fmt.Sprint(e.Headers), "chunked") {
		t.Errorf("event %+v", e)
	}
}

func TestCometText(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{Hold: time.Second})
	for _, kind := range []string{"message/http", "text/plain"} {
		t.Run(kind, func(t *testing.T) {
			agent := tr.peer(t)
			none := agent.ask(tr.cometHead("Accept: "+kind+"\n"), "")
			if diff := cmp.Diff("HTTP/1.1 204 No Content\r\n"+cometFields, none.head); diff != "" {
				t.Errorf("no event (-want +got):\n%s", diff)
			}
			body := binary(1 << 20)
			agent.send(tr.cometHead("Accept: "+kind+"\n"), "")
			tr.waitIdle(t, "garage", 1)
			s := tr.peer(t)
			s.send("POST /~garage/x HTTP/1.1\nHost: relay\nA: b\n", body)
			got := agent.read()
			head, entity, _ := strings.Cut(got.body, "\r\n\r\n")
			if got.fields["content-type"] != kind || !strings.HasPrefix(head, "POST /x HTTP/1.1\r\nHost: relay\r\nA: b\r\n") || !strings.HasSuffix(head, "\r\nContent-Length: 1048576") {
				t.Errorf("got %s%s", got.head, head)
			}
			sameBody(t, "request", entity, body)
			agent.send(tr.cometHead("Message-Id: "+got.fields["message-id"]+"\nContent-Type: "+kind+"\nAccept: "+kind+"\n"), "HTTP/1.0 200 OK\nX: y\n\n"+body)
			a := s.read()
			if a.status != 200 || a.fields["x"] != "y" {
				t.Errorf("got %s", a.head)
			}
			sameBody(t, "answer", a.body, body)
			if a := agent.read(); a.status != 204 {
				t.Errorf("the reply polls on: %s", a.head)
			}
			tr.waitNone(t, "garage")
		})
	}
}

// TestCometRefusals lists what is not a poll.
func TestCometRefusals(t *testing.T) {
	tr := startRelay(t, Options{Hold: 10 * time.Millisecond, MaxLinks: 1})
	other, err := tr.CreateToken(t.Context(), "other", 1)
	if err != nil {
		t.Fatal(err)
	}
	auth := "Host: relay\nAuthorization: Bearer " + tr.token + "\n"
	tests := []struct {
		name, head, body string
		status           int
		want             string // part of the head
	}{
		{"claims the name", "POST /comet/garage HTTP/1.1\n" + auth, "", 200, "application/json"},
		{"token in the path", "POST /comet/garage/" + tr.token + " HTTP/1.1\nHost: relay\n", "", 200, ""},
		{"no Host", "POST /comet/garage/" + tr.token + " HTTP/1.0\nConnection: keep-alive\n", "", 200, ""},
		{"empty object", "POST /comet/garage HTTP/1.1\n" + auth, "{}", 200, ""},
		{"unknown id", "POST /comet/garage HTTP/1.1\n" + auth, `{"message-id":"x","status":200}`, 200, ""},
		{"unknown id of a message", "POST /comet/garage HTTP/1.1\nMessage-Id: x\nContent-Type: message/http\n" + auth, "HTTP/1.1 200 OK\r\n\r\n", 200, ""},
		{"an upgrade that cannot be", "POST /comet/garage HTTP/1.1\nUpgrade: PTTH/3.0\nConnection: Upgrade\n" + auth, "", 200, ""},
		{"no token", "POST /comet/garage HTTP/1.1\nHost: relay\n", "", 401, "WWW-Authenticate: Bearer"},
		{"bad token", "POST /comet/garage/hh_no HTTP/1.1\nHost: relay\n", "", 401, "Access-Control-Allow-Origin: *"},
		{"another's name", "POST /comet/garage/" + other + " HTTP/1.1\nHost: relay\n", "", 403, ""},
		{"reserved name", "POST /comet/www HTTP/1.1\n" + auth, "", 403, ""},
		{"no name", "POST /comet/ HTTP/1.1\n" + auth, "", 404, ""},
		{"malformed name", "POST /comet/a_b HTTP/1.1\n" + auth, "", 400, ""},
		{"GET", "GET /comet/garage HTTP/1.1\n" + auth, "", 405, "Allow: POST, OPTIONS\r\n"},
		{"preflight", "OPTIONS /comet/garage HTTP/1.1\nHost: relay\nOrigin: https://a.example\nAccess-Control-Request-Method: POST\n", "", 204, "Access-Control-Allow-Headers: Authorization, Content-Type"},
		{"no JSON", "POST /comet/garage HTTP/1.1\n" + auth, "hello", 400, "Access-Control-Allow-Origin: *"},
		{"an array", "POST /comet/garage HTTP/1.1\n" + auth, "[]", 400, ""},
		{"no id", "POST /comet/garage HTTP/1.1\n" + auth, `{"status":200}`, 400, ""},
		{"single quotes", "POST /comet/garage HTTP/1.1\n" + auth, `{'message-id': 'm1'}`, 400, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a := tr.peer(t).ask(tt.head, tt.body); a.status != tt.status || !strings.Contains(a.head, tt.want) {
				t.Errorf("got %s%s", a.head, a.body)
			}
		})
	}
	tr.waitNone(t, "garage")
}

// TestCometTooMany wants 429 beyond the links that a claim may have.
func TestCometTooMany(t *testing.T) {
	tr := startRelay(t, Options{MaxLinks: 2})
	for range 2 {
		tr.peer(t).send(tr.cometHead(""), "")
	}
	tr.waitIdle(t, "garage", 2)
	if a := tr.peer(t).ask(tr.cometHead(""), ""); a.status != 429 || a.fields["retry-after"] == "" {
		t.Errorf("got %s", a.head)
	}
}

// TestCometUpgrade opens a link of PTTH/1.0 at a queue URL.
func TestCometUpgrade(t *testing.T) {
	tr := startRelay(t, Options{})
	if a := tr.peer(t).ask(tr.cometHead("Upgrade: PTTH/1.0\nConnection: Upgrade\nContent-Length: 0\n"), ""); a.status != 101 {
		t.Errorf("got %s", a.head)
	}
	only := startRelay(t, Options{Dialects: []string{"comet"}, Hold: 10 * time.Millisecond})
	if a := only.peer(t).ask(only.cometHead("Upgrade: PTTH/1.0\nConnection: Upgrade\nContent-Length: 0\n"), ""); a.status != 200 || a.body != "{}" {
		t.Errorf("got %s", a.head)
	}
	none := startRelay(t, Options{Dialects: []string{"ptth/1.0"}})
	if a := none.peer(t).ask(none.cometHead(""), ""); a.status != 404 {
		t.Errorf("got %s", a.head)
	}
}

// TestCometBadReplies wants 400 for the agent and 502 for the sender.
func TestCometBadReplies(t *testing.T) {
	tr := startRelay(t, Options{Hold: 10 * time.Millisecond})
	tr.peer(t).ask(tr.cometHead(""), "")
	for name, reply := range map[string]string{
		"header injection": `{"message-id":"%s","status":200,"headers":[["a","b\r\nSet-Cookie: x=y"]]}`,
		"bad name":         `{"message-id":"%s","status":200,"headers":[["a b","c"]]}`,
		"no status":        `{"message-id":"%s"}`,
		"informational":    `{"message-id":"%s","status":101}`,
		"reason":           `{"message-id":"%s","status":200,"reason":"a\nb"}`,
		"bad base64":       `{"message-id":"%s","status":200,"body":"?","body-encoding":"base64"}`,
	} {
		t.Run(name, func(t *testing.T) {
			agent := tr.peer(t)
			sender := tr.sendLater(t, "GET /~garage/ HTTP/1.1\nHost: relay\n", "")
			e := poll(t, tr, agent, "")
			if a := agent.ask(tr.cometHead(""), fmt.Sprintf(reply, e.ID)); a.status != 400 {
				t.Errorf("agent got %s", a.head)
			}
			if a := sender(); a.status != 502 || strings.Contains(a.head, "Set-Cookie") {
				t.Errorf("sender got %s", a.head)
			}
			tr.waitNone(t, "garage")
		})
	}
}

// poll polls until there is an event.
func poll(t testing.TB, tr *testRelay, agent *peer, body string) event {
	t.Helper()
	for range 200 {
		a := agent.ask(tr.cometHead(""), body)
		if a.status != 200 {
			t.Fatalf("got %s%s", a.head, a.body)
		}
		if a.body != "{}" {
			return readEvent(t, a)
		}
		body = ""
	}
	t.Fatal("no event came")
	return event{}
}

// TestCometMemory uses up the memory for what is in JSON: senders and agents
// with long bodies hear 503, short ones go on, and the rest of an exchange
// gives it all back.
func TestCometMemory(t *testing.T) {
	tr := startRelay(t, Options{LinkWait: 50 * time.Millisecond})
	tr.objects = ptth.NewBudget(2<<20, 50*time.Millisecond)
	agent := tr.peer(t)
	agent.send(tr.cometHead("Content-Length: 0\n"), "")
	tr.waitIdle(t, "garage", 1)
	long := strings.Repeat("a", 1<<20)
	if a := tr.peer(t).ask("POST /~garage/ HTTP/1.1\nHost: relay\nConnection: close\n", long); a.status != 503 || a.fields["retry-after"] == "" {
		t.Errorf("a long request got %d", a.status)
	}
	if a := tr.peer(t).ask(tr.cometHead(""), `{"message-id":"x","status":200,"body":"`+long+`"}`); a.status != 503 {
		t.Errorf("a long reply got %d", a.status)
	}
	for range 3 { // each takes more than half of it while it is read
		body := long[:300<<10]
		sender := tr.sendLater(t, "POST /~garage/ HTTP/1.1\nHost: relay\nConnection: close\n", body)
		e := readEvent(t, agent.read())
		agent.send(tr.cometHead(""), `{"message-id":"`+e.ID+`","status":200,"body":"`+body+`"}`)
		if a := sender(); a.status != 200 || a.body != body || e.Body != body {
			t.Errorf("got %d with %d bytes, the agent %d", a.status, len(a.body), len(e.Body))
		}
	}
	tr.waitIdle(t, "garage", 1)
	waitFor(t, "all memory back", func() bool {
		g := tr.objects.Take(2 << 20)
		g.Give()
		return g != nil
	})
}
