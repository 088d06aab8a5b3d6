package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

const askGarage = "POST /~garage/ HTTP/1.1\r\nHost: r\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"

// TestUpgrade asks for links in every way, right and wrong.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	all := t
	tr := startRelay(t, Options{MaxLinks: 4})
	other, err := tr.CreateToken(t.Context(), "other", 1)
	if err != nil {
		t.Fatal(err)
	}
	if status, err := dialAs(tr, other, "taken"); err != nil {
		t.Fatal(status, err)
	}
	const up = "Upgrade: PTTH/1.0\r\nConnection: Upgrade\r\n"
	auth := "Authorization: Bearer " + tr.token + "\r\n"
	tests := []struct {
		name   string
		send   string
		want   string // start of the status line
		fields []string
	}{
		{"no token", "POST /ptth/garage HTTP/1.1\r\nHost: r\r\n" + up + "\r\n", "401", []string{"WWW-Authenticate: Bearer"}},
		{"wrong token", "POST /ptth/garage HTTP/1.1\r\nHost: r\r\nAuthorization: Bearer hh_x\r\n" + up + "\r\n", "401", nil},
		{"basic authentication", "POST /ptth/garage HTTP/1.1\r\nHost: r\r\nAuthorization: Basic " + tr.token + "\r\n" + up + "\r\n", "401", nil},
		{"two Authorizations", "POST /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + auth + up + "\r\n", "401", nil},
		{"name of another", "POST /ptth/taken HTTP/1.1\r\nHost: r\r\n" + auth + up + "\r\n", "403", nil},
		{"reserved name", "POST /ptth/www HTTP/1.1\r\nHost: r\r\n" + auth + up + "\r\n", "403", nil},
		{"malformed name", "POST /ptth/a_b HTTP/1.1\r\nHost: r\r\n" + auth + up + "\r\n", "400", nil},
		{"no Upgrade", "POST /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + "Content-Length: 0\r\n\r\n", "426", []string{"Upgrade: ptth, PTTH/1.0", "Connection: Upgrade"}},
		{"foreign protocol", "GET /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "426", []string{"Upgrade: ptth, PTTH/1.0"}},
		{"unknown version", "GET /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + "Upgrade: PTTH/2.0\r\nConnection: Upgrade\r\n\r\n", "426", []string{"Upgrade: ptth, PTTH/1.0"}},
		{"the draft's token without ALPN", "GET /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + "Upgrade: ptth\r\nConnection: Upgrade\r\n\r\n", "426", nil},
		{"no Connection", "POST /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + "Upgrade: PTTH/1.0\r\n\r\n", "426", nil},
		{"method", "PUT /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + up + "\r\n", "405", nil},
		{"long body", "POST /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + up + "Content-Length: 100000\r\n\r\n", "413", nil},

		{
			"our agent", "POST /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + up + "PTTH-Ping: 20\r\nPTTH-Max-Conns: 32\r\nContent-Length: 0\r\n\r\n", "101",
			[]string{"Upgrade: PTTH/1.0", "Connection: Upgrade", "PTTH-Ping: 20", "PTTH-Max-Conns: 4"},
		},
		{"old agent without Host", "GET /ptth/Garage HTTP/1.1\r\n" + auth + "connection: keep-alive, upgrade\r\nupgrade: foo, ptth/1.0\r\n\r\n", "101", nil},
		{"token in the path, a body", "OPTIONS /ptth/garage/" + tr.token + " HTTP/1.1\r\nHost: r\r\n" + up + "Content-Length: 3\r\n\r\nabc", "101", nil},
		{"the draft's token without ALPN, and another", "GET /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + "Upgrade: ptth, PTTH/1.0\r\nConnection: Upgrade\r\n\r\n", "101", []string{"Upgrade: PTTH/1.0"}},
		{"beyond the limit", "POST /ptth/garage HTTP/1.1\r\nHost: r\r\n" + auth + up + "\r\n", "429", []string{"Retry-After: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nc := tr.conn(all) // open until all are done: dead links make room
			io.WriteString(nc, tt.send)
			b := make([]byte, 4096)
			n, err := nc.Read(b)
			head := string(b[:n])
			if err != nil || !strings.HasPrefix(head, "HTTP/1.1 "+tt.want+" ") {
				t.Fatalf("got %q, %v; want %s", head, err, tt.want)
			}
			for _, f := range tt.fields {
				if !strings.Contains(head, "\r\n"+f) {
					t.Errorf("no %q in %q", f, head)
				}
			}
			if tt.want == "101" && strings.Contains(head, "Content-Length") {
				t.Errorf("101 with a length: %q", head)
			}
		})
	}
	tr.stop()
	if log := tr.log.String(); strings.Contains(log, tr.token) || strings.Contains(log, other) {
		t.Errorf("a token is in the log:\n%s", log)
	}
}

// dialAs opens a link that lives as long as the relay.
func dialAs(tr *testRelay, token, name string) (int, error) {
	d := tr.dialer()
	d.Token = token
	_, err := d.Dial(context.Background(), name)
	var refused *ptth.RefusedError
	if errors.As(err, &refused) {
		return refused.Status, err
	}
	return 101, err
}

func TestAccessLogHidesSecrets(t *testing.T) {
	tr := startRelay(t, Options{AccessLog: true})
	var got seen
	tr.agent(t, "garage", 1, got.record)
	tr.ask(t, "POST /~garage/x?key=s3cret HTTP/1.1\r\nHost: r\r\nX-Api-Key: s3cret\r\nContent-Length: 6\r\nConnection: close\r\n\r\ns3cret")
	tr.ask(t, "GET /ptth/garage/hh_s3cret HTTP/1.1\r\nHost: r\r\nUpgrade: PTTH/1.0\r\nConnection: close, Upgrade\r\n\r\n")
	waitFor(t, "both requests are logged", func() bool { return strings.Count(tr.log.String(), "msg=request") == 3 }) // one opened the link
	log := tr.log.String()
	if strings.Contains(log, "s3cret") || strings.Contains(log, tr.token) {
		t.Errorf("a secret is in the log:\n%s", log)
	}
	for _, want := range []string{"path=/~garage/x", "path=/ptth/garage/…", "status=200", "status=401", "claim=garage"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in:\n%s", want, log)
		}
	}
}

// TestRevokeDropsLinks revokes as another process does, while a request runs.
func TestRevokeDropsLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tr := startRelay(t, Options{Data: dir})
	started := make(chan struct{})
	hold := make(chan struct{})
	slow := func(_ context.Context, x *http1.Exchange) {
		close(started)
		<-hold
	}
	tr.dial(t, "garage", slow)
	tr.dial(t, "garage", slow)
	t.Cleanup(func() { close(hold) })
	tr.waitLinks(t, "garage", 2)
	answer := make(chan int, 1)
	go func() {
		status, _ := tr.ask(t, askGarage)
		answer <- status
	}()
	<-started
	if err := openRelay(t, Options{Data: dir}).RevokeToken(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	tr.waitLinks(t, "garage", 0)
	if status := <-answer; status != 502 {
		t.Errorf("the request that ran got %d, want 502", status)
	}
	if status, _ := dialAs(tr, tr.token, "garage"); status != 401 {
		t.Errorf("the revoked token got %d, want 401", status)
	}
}

// TestLinkEnds kills agents' connections at different moments.
func TestLinkEnds(t *testing.T) {
	t.Parallel()
	short := Options{LinkWait: 200 * time.Millisecond}
	t.Run("at rest", func(t *testing.T) {
		tr := startRelay(t, short)
		nc := rawLink(t, tr, "garage")
		tr.waitLinks(t, "garage", 1)
		nc.Close()
		tr.waitLinks(t, "garage", 0) // the sweep notices
		if status, _ := tr.ask(t, askGarage); status != 503 {
			t.Errorf("got %d, want 503", status)
		}
	})
	t.Run("at rest, several, before a request", func(t *testing.T) {
		tr := startRelay(t, short)
		var got seen
		tr.dial(t, "garage", got.record)
		tr.waitLinks(t, "garage", 1)
		for range 5 {
			nc := rawLink(t, tr, "garage")
			defer nc.Close()
		}
		tr.waitLinks(t, "garage", 6)
		c := tr.dir.claim([]byte("garage"))
		c.mu.Lock()
		for _, l := range c.all[1:] {
			l.Close()
		}
		c.mu.Unlock()
		if status, _ := tr.ask(t, askGarage); status != 200 || got.count() != 1 {
			t.Errorf("got %d, %d deliveries; want 200 and 1", status, got.count())
		}
	})
	t.Run("with bytes that nobody asked for", func(t *testing.T) {
		tr := startRelay(t, short)
		nc := rawLink(t, tr, "garage")
		defer nc.Close()
		tr.waitLinks(t, "garage", 1)
		io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
		tr.waitLinks(t, "garage", 0)
		if status, body := tr.ask(t, askGarage); status != 503 || strings.Contains(body, "evil") {
			t.Errorf("got %d %q, want 503", status, body)
		}
	})
	breaks := []struct {
		name, answer string
		want         int // 0 for an answer that breaks off
	}{
		{"before its answer", "", 502},
		{"inside the head", "HTTP/1.1 200 OK\r\nContent-", 502},
		{"behind a malformed answer", "PTTH/1.0 200 OK\r\n\r\n", 502},
		{"behind a switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", 502},
		{"inside the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 0},
		{"inside a chunked body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 0},
		{"behind a whole answer", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200},
		{"behind an answer without length", "HTTP/1.0 200 OK\r\n\r\nok", 200},
		{"behind an answer of an old server", "HTTP/1.1 200\nContent-Length: 2\n\nok", 200},
	}
	for _, tt := range breaks {
		t.Run(tt.name, func(t *testing.T) {
			tr := startRelay(t, short)
			nc := rawLink(t, tr, "garage")
			tr.waitLinks(t, "garage", 1)
			go func() {
				nc.Read(make([]byte, 4096))
				io.WriteString(nc, tt.answer)
				nc.Close()
			}()
			res, err := http.Post("http://"+tr.addr+"/~garage/", "text/plain", strings.NewReader("hi"))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			_, err = io.ReadAll(res.Body)
			if tt.want == 0 && err == nil || tt.want != 0 && (err != nil || res.StatusCode != tt.want) {
				t.Errorf("got %d, %v; want %d", res.StatusCode, err, tt.want)
			}
			http.DefaultClient.CloseIdleConnections()
		})
	}
}

// TestRequestWaitsForItsAgent comes while the agent redials.
func TestRequestWaitsForItsAgent(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	var got seen
	first := tr.dial(t, "garage", got.record)
	tr.waitLinks(t, "garage", 1)
	first.Close()
	tr.waitLinks(t, "garage", 0)
	answer := make(chan int, 1)
	go func() {
		status, _ := tr.ask(t, askGarage)
		answer <- status
	}()
	c := tr.dir.claim([]byte("garage"))
	waitFor(t, "the request waits", func() bool { return c.waiting() == 1 })
	tr.dial(t, "garage", got.record)
	if status := <-answer; status != 200 || got.body[0] != "hi" {
		t.Errorf("got %d, bodies %q", status, got.body)
	}
}

func TestAwayAnswersAtOnce(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{AwayAfter: time.Nanosecond, LinkWait: time.Hour})
	l := tr.dial(t, "garage", echo)
	tr.waitLinks(t, "garage", 1)
	l.Close()
	tr.waitLinks(t, "garage", 0)
	answer := tr.raw(t, askGarage)
	if !strings.HasPrefix(answer, "HTTP/1.1 503 ") || !strings.Contains(answer, "\r\nRetry-After: 30\r\n") {
		t.Errorf("got %q", answer)
	}
}

// TestWaitingIsStated holds requests in line and looks at what the agent hears.
func TestWaitingIsStated(t *testing.T) {
	tr := startRelay(t, Options{})
	var got seen
	hold := make(chan struct{})
	tr.dial(t, "garage", func(ctx context.Context, x *http1.Exchange) {
		<-hold
		got.record(ctx, x)
	})
	tr.waitLinks(t, "garage", 1)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { tr.ask(t, askGarage) })
	}
	c := tr.dir.claim([]byte("garage"))
	waitFor(t, "two requests wait", func() bool { return c.waiting() == 2 })
	close(hold)
	wg.Wait()
	var said []string
	for _, head := range got.head {
		_, rest, _ := strings.Cut(head, "Homehook-Waiting: ")
		n, _, _ := strings.Cut(rest, "\r\n")
		said = append(said, n)
	}
	if fmt.Sprint(said[1:]) != "[1 ]" {
		t.Errorf("Homehook-Waiting was %q", said)
	}
}

// TestAnswerTimeoutDefault holds that home has time for long work.
func TestAnswerTimeoutDefault(t *testing.T) {
	if got := (Options{}).withDefaults().AnswerTimeout; got != 5*time.Minute {
		t.Errorf("default %v, want 5m", got)
	}
	if got := (Options{AnswerTimeout: time.Second}).withDefaults().AnswerTimeout; got != time.Second {
		t.Errorf("given 1s, got %v", got)
	}
}

// TestAnswerTimeout lets the home be too slow.
func TestAnswerTimeout(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{AnswerTimeout: 100 * time.Millisecond})
	hold := make(chan struct{})
	tr.dial(t, "garage", func(_ context.Context, x *http1.Exchange) { <-hold })
	defer close(hold)
	tr.waitLinks(t, "garage", 1)
	if status, _ := tr.ask(t, askGarage); status != 504 {
		t.Errorf("got %d, want 504", status)
	}
	tr.waitLinks(t, "garage", 0)
}

// TestSenderGoes ends the exchange of a sender that does not wait.
func TestSenderGoes(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	var ended atomic.Bool
	tr.dial(t, "garage", func(ctx context.Context, x *http1.Exchange) {
		io.Copy(io.Discard, x.Request.Body)
		waitFor(t, "the relay closes the link", func() bool { return x.Conn().PeerState() == http1.PeerGone })
		ended.Store(true)
	})
	tr.waitLinks(t, "garage", 1)
	nc := tr.conn(t)
	io.WriteString(nc, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nContent-Length: 2\r\n\r\nhi")
	c := tr.dir.claim([]byte("garage"))
	waitFor(t, "the request is at the agent", func() bool { return atRest(c) == 0 })
	nc.Close()
	tr.waitLinks(t, "garage", 0)
	waitFor(t, "the agent has noticed", ended.Load)
}
