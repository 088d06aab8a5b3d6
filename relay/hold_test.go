package relay

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// TestHoldInTime: a prompt answer of the home reaches the sender, and costs no
// write.
func TestHoldInTime(t *testing.T) {
	for _, mode := range []string{"ours", "foreign"} {
		t.Run(mode, func(t *testing.T) {
			tr := startRelay(t, Options{})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold})
			h := &home{Foreign: mode == "foreign"}
			if h.Foreign {
				h.Answer = func(x *http1.Exchange, _ int) { x.Text(500, "home's own") }
				tr.foreignOf(t, ptth.Dialect10, "garage", 2, h.handle)
			} else {
				tr.agent(t, "garage", 2, h.handle)
			}
			for _, path := range []string{"/a", "/b", "/c"} {
				status, body := tr.ask(t, postOf(path))
				if h.Foreign && (status != 500 || body != "home's own\n") || !h.Foreign && (status != 200 || body != "done") {
					t.Errorf("%s: %d %q", path, status, body)
				}
			}
			big := strings.Repeat("x", 1<<20)
			status, _ := tr.ask(t, "POST /~garage/big HTTP/1.1\r\nHost: r\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n"+big+"\r\n0\r\n\r\n")
			if status/100 == 2 != !h.Foreign || h.bodies[len(h.bodies)-1] != big {
				t.Errorf("big body: %d", status)
			}
			if s := tr.queue().Stats(); s.Puts != 0 || s.Commits != 0 || s.Files != 0 {
				t.Errorf("the queue was written: %+v", s)
			}
			head := h.last()
			if !strings.Contains(head, "\r\nHomehook-Attempt: 1\r\nHomehook-Answer: hold\r\n") || strings.Contains(head, "Homehook-After") {
				t.Errorf("head %q", head)
			}
		})
	}
}

// TestHoldLate: a slow home gives 202 within the hold time, and the delivery ends
// when its answer comes, or is sent again if that says nothing of a journal.
func TestHoldLate(t *testing.T) {
	tests := []struct {
		name    string
		foreign bool
		answer  func(x *http1.Exchange)
		times   int
	}{
		{"ours keeps it", false, func(x *http1.Exchange) { keep(x, 200, "late") }, 1},
		{"ours does not", false, func(x *http1.Exchange) { x.Text(200, "late") }, 2},
		{"ours keeps another", false, func(x *http1.Exchange) {
			x.Start(200, nil)
			x.Field("Homehook-Accepted", "01a20280-c333-7311-b1d9-4a666db00e63")
			x.EndLength(0)
			x.Finish()
		}, 2},
		{"ours breaks off", false, nil, 2},
		{"foreign", true, func(x *http1.Exchange) { x.Text(503, "late") }, 1},
		{"foreign breaks off", true, nil, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := startRelay(t, Options{})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold, More: moreSettings{HoldMS: 200}})
			release := make(chan struct{})
			h := &home{Foreign: tt.foreign, Answer: func(x *http1.Exchange, times int) {
				if times > 1 {
					keep(x, 202, "")
					return
				}
				<-release
				if tt.answer != nil {
					tt.answer(x)
				} else {
					x.Conn().Close()
				}
			}}
			if tt.foreign {
				tr.foreignOf(t, ptth.Dialect10, "garage", 2, h.handle)
			} else {
				tr.agent(t, "garage", 2, h.handle)
			}
			if took := tr.accepted(t, "/slow"); took < 200*time.Millisecond || took > time.Second {
				t.Errorf("202 came after %v", took)
			}
			if n := tr.queued(); n != 1 {
				t.Errorf("%d in the queue, want 1", n)
			}
			close(release)
			tr.emptied(t)
			h.mu.Lock()
			defer h.mu.Unlock()
			if len(h.heads) != tt.times {
				t.Errorf("home got it %d times, want %d", len(h.heads), tt.times)
			}
			if again := h.heads[len(h.heads)-1]; tt.times == 2 && !strings.Contains(again, "\r\nHomehook-Attempt: 2\r\n") ||
				tt.times == 2 && strings.Contains(again, "\r\nHomehook-After: none\r\nHomehook-Queued: 0\r\n") == tt.foreign {
				t.Errorf("sent again as %q", again)
			}
		})
	}
}

// TestHoldKeeps has the relay keep what home cannot take, and send it later.
func TestHoldKeeps(t *testing.T) {
	tests := []struct {
		name   string
		answer func(x *http1.Exchange) // the first time
	}{
		{"the journal is broken", func(x *http1.Exchange) { x.Text(503, "no journal") }},
		{"home dies in the middle", func(x *http1.Exchange) { x.Conn().Close() }},
		{"home dies with half an answer", func(x *http1.Exchange) {
			x.Conn().NetConn().Write([]byte("HTTP/1.1 200 O"))
			x.Conn().Close()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := startRelay(t, Options{})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold})
			h := &home{Answer: func(x *http1.Exchange, times int) {
				if times == 1 {
					tt.answer(x)
				} else {
					keep(x, 202, "")
				}
			}}
			tr.agent(t, "garage", 2, h.handle)
			tr.accepted(t, "/x")
			tr.emptied(t)
			if !strings.Contains(h.last(), "\r\nHomehook-Attempt: 2\r\nHomehook-Answer: hold\r\n") || h.times[h.id()] != 2 {
				t.Errorf("sent again as %q", h.last())
			}
		})
	}
}

// id returns the id of the delivery that came last.
func (h *home) id() string {
	_, rest, _ := strings.Cut(h.last(), "Homehook-Delivery: ")
	id, _, _ := strings.Cut(rest, "\r\n")
	return id
}

// TestHoldWaitsInLine: what comes while deliveries are in the queue waits behind
// them, but for requests that change nothing.
func TestHoldWaitsInLine(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold, More: moreSettings{HoldMS: 300}})
	release := make(chan struct{})
	h := &home{Answer: func(x *http1.Exchange, _ int) {
		if string(x.Request.Target) == "/0" {
			<-release
		}
		keep(x, 200, "done")
	}}
	tr.agent(t, "garage", 3, h.handle)
	tr.accepted(t, "/0")
	if status, body := tr.ask(t, strings.Replace(askGarage, "POST", "GET", 1)); status != 200 || body != "done" {
		t.Errorf("GET: %d %q", status, body)
	}
	if took := tr.accepted(t, "/1"); took > 250*time.Millisecond {
		t.Errorf("202 came after %v", took)
	}
	waitFor(t, "it is sent behind the other", func() bool { return tr.queued() == 1 })
	if head := h.last(); !strings.Contains(head, "\r\nHomehook-After: 0") {
		t.Errorf("sent as %q", head)
	}
	close(release)
	tr.emptied(t)
	if status, body := tr.ask(t, postOf("/2")); status != 200 || body != "done" {
		t.Errorf("behind the queue: %d %q", status, body)
	}
}

// TestStoreMode: 202 in every state of the home.
func TestStoreMode(t *testing.T) {
	tr := startRelay(t, Options{AwayAfter: time.Millisecond})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore, More: moreSettings{
		Accepted: &acceptedJSON{Status: 200, Headers: [][]string{{"X-A", "b"}, {"Content-Type", "text/html"}}, Body: "<p>thanks"},
	}})
	h := &home{}
	got := tr.raw(t, postOf("/away"))
	for _, want := range []string{"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Type: text/html\r\nContent-Security-Policy: sandbox ", "\r\n\r\n<p>thanks"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, which lacks %q", got, want)
		}
	}
	tr.agent(t, "garage", 2, h.handle)
	tr.emptied(t)
	if got := tr.raw(t, postOf("/there")); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\nX-A: b\r\n") {
		t.Errorf("got %q", got)
	}
	tr.emptied(t)
	if got := strings.Join(h.order(), " "); got != "/away /there" {
		t.Errorf("home got %s", got)
	}
	if !strings.Contains(h.last(), "\r\nHomehook-Answer: store\r\nHomehook-After: none\r\nHomehook-Queued: 0\r\n") {
		t.Errorf("head %q", h.last())
	}
}

// TestHoldAway: 202 at once while home is away, and 202 at the end of the hold
// time while it is expected back.
func TestHoldAway(t *testing.T) {
	for _, tt := range []struct {
		name        string
		away        time.Duration
		least, most time.Duration
	}{
		{"away", time.Millisecond, 0, 150 * time.Millisecond},
		{"expected", time.Minute, 200 * time.Millisecond, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := startRelay(t, Options{AwayAfter: tt.away})
			tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold, More: moreSettings{HoldMS: 200}})
			waitFor(t, "home counts as away", func() bool { return tt.away > time.Second || tr.dir.claim([]byte("garage")).away() })
			if took := tr.accepted(t, "/0"); took < tt.least || took > tt.most {
				t.Errorf("202 came after %v", took)
			}
			if took := tr.accepted(t, "/1"); took > 150*time.Millisecond {
				t.Errorf("the second 202 came after %v", took)
			}
			h := &home{}
			tr.agent(t, "garage", 2, h.handle)
			tr.emptied(t)
			if got := strings.Join(h.order(), " "); got != "/0 /1" {
				t.Errorf("home got %s", got)
			}
			if strings.Contains(h.last(), "Homehook-Attempt: 1\r\n") != true {
				t.Errorf("head %q", h.last())
			}
		})
	}
}

// TestHoldForWebSockets: a switch of protocols goes through, whatever the mode.
func TestHoldForWebSockets(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{AwayAfter: time.Millisecond})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	const ask = "GET /~garage/ HTTP/1.1\r\nHost: r\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
	if got := tr.rawEnd(t, ask); !strings.HasPrefix(got, "HTTP/1.1 503 ") || tr.queued() != 0 {
		t.Errorf("home away: %q, %d in the queue", got, tr.queued())
	}
	h := &home{Answer: func(x *http1.Exchange, _ int) { x.Text(403, "no") }}
	tr.agent(t, "garage", 1, h.handle)
	if got := tr.rawEnd(t, ask); !strings.HasPrefix(got, "HTTP/1.1 403 ") {
		t.Errorf("home there: %q", got)
	}
	if !strings.Contains(h.last(), "\r\nHomehook-Answer: through\r\n") {
		t.Errorf("head %q", h.last())
	}
}

// TestHoldFromH2: deliveries in HTTP/2 are kept like others.
func TestHoldFromH2(t *testing.T) {
	h := &home{}
	tr, client, conf := startTLSIn(t, answerHold, Options{AwayAfter: time.Millisecond}, nil)
	for _, body := range [][]byte{[]byte("small"), bytes.Repeat([]byte("0123456789"), 50_000)} {
		res, err := client.Post("https://"+tr.addr+"/~garage/h2", "text/plain", io.MultiReader(bytes.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusAccepted || string(text) != "accepted\n" || err != nil {
			t.Fatalf("got %d %q %v", res.StatusCode, text, err)
		}
	}
	h.Answer = func(x *http1.Exchange, _ int) { keep(x, 202, "") }
	d := tr.dialer()
	d.Relay, d.TLS = &url.URL{Scheme: "https", Host: tr.addr}, conf
	dialWith(t, d, "garage", h.handle)
	tr.emptied(t)
	if !strings.Contains(h.last(), "\r\nVia: 2.0 homehook-") || len(h.bodies[1]) != 500_000 {
		t.Errorf("head %q", h.last())
	}
}

// TestHoldStreams: an answer that begins in time goes on for as long as it likes.
func TestHoldStreams(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold, More: moreSettings{HoldMS: 100}})
	more := make(chan struct{})
	tr.agent(t, "garage", 1, func(_ context.Context, x *http1.Exchange) {
		x.Start(200, nil)
		x.EndStream()
		io.WriteString(x.Writer, "first ")
		x.Flush()
		<-more
		io.WriteString(x.Writer, "second")
		x.Finish()
	})
	s := tr.rawConn(t)
	s.send("POST /~garage/ HTTP/1.1\r\nHost: r\r\nContent-Length: 1\r\n\r\nx")
	if head := s.head(); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Fatalf("got %q", head)
	}
	s.takes("6\r\nfirst \r\n")
	time.AfterFunc(300*time.Millisecond, func() { close(more) })
	s.takes("6\r\nsecond\r\n0\r\n\r\n")
	s.send(postOf("/next"))
	if head := s.head(); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Errorf("the next one: %q", head)
	}
	if n := tr.queue().Stats().Puts; n != 0 {
		t.Errorf("%d were stored", n)
	}
}
