package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homehook/agent/config"
	"homehook/http1"
	"homehook/ptth"
)

// arriving is a request whose body comes as the test sends it.
func arriving(t *testing.T, head string) (*http1.Exchange, net.Conn) {
	t.Helper()
	far, near := net.Pipe()
	t.Cleanup(func() { far.Close(); near.Close() })
	go io.WriteString(far, head)
	r, err := http1.NewConn(near, http1.Limits{BodyRate: -1, BodyWindow: -1}).ReadRequest()
	if err != nil {
		t.Fatal(err)
	}
	return http1.NewExchange(r, io.Discard), far
}

// reader is an inbox as far as bodies go, and a claim with a bound.
func reader(ctx context.Context, most int) (*inbox, *keeper) {
	return &inbox{bodies: newRoom(bodiesAtOnce), stopping: ctx}, &keeper{claim: config.Claim{Name: "garage", MaxBody: config.Size(most)}}
}

const chunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

// TestBodyIsReadWhole: of any size and framing, with memory for what has come.
func TestBodyIsReadWhole(t *testing.T) {
	for _, n := range []int{0, 1, firstPiece - 1, firstPiece, firstPiece + 1, 2 * firstPiece, 1_000_000} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d, chunked %t", n, chunked), func(t *testing.T) {
				in, k := reader(t.Context(), n)
				want := bytes.Repeat([]byte("x"), n)
				head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", n)
				if chunked {
					head = chunkedHead
				}
				x, far := arriving(t, head)
				if n > 0 {
					x.Request.Body.SetLimit(int64(n))
				}
				go func() {
					if !chunked {
						far.Write(want)
						return
					}
					for part := want; len(part) > 0; {
						piece := part[:min(len(part), 50_000)]
						fmt.Fprintf(far, "%x\r\n%s\r\n", len(piece), piece)
						part = part[len(piece):]
					}
					io.WriteString(far, "0\r\n\r\n")
				}()
				b, no := in.readBody(k, x, senderPace)
				if no != nil || b.bytes == nil || !bytes.Equal(b.bytes, want) || b.sum != sumOf(want) {
					t.Fatalf("%v, %d bytes", no, len(b.bytes))
				}
				if used := in.bodies.inUse(); used < int64(n) || used > int64(max(2*n, firstPiece)) {
					t.Errorf("%d in use", used)
				}
				b.share.end()
				if used := in.bodies.inUse(); used != 0 {
					t.Errorf("%d left", used)
				}
			})
		}
	}
}

// TestBodyIsRefused: nothing is held of a body that is not to be.
func TestBodyIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name, head, body string
		used             int64 // of the claim
		want             *rejection
		broken           bool
	}{
		{"announced too large", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n", "", 0, errTooLarge, false},
		{"grows too large", chunkedHead, "186a1\r\n" + strings.Repeat("x", 100_001) + "\r\n", 0, errTooLarge, false},
		{"no room", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n", strings.Repeat("x", 20000), bodiesAtOnce/2 - firstPiece, errNoRoom, true},
		{"cut off", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "x", 0, errCutOff, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, k := reader(t.Context(), 100_000)
			others := in.bodies.of("garage")
			others.grow(tt.used)
			x, far := arriving(t, tt.head)
			x.Request.Body.SetLimit(100_000)
			go func() { io.WriteString(far, tt.body); far.Close() }()
			b, no := in.readBody(k, x, senderPace)
			if no != tt.want || b.broken != tt.broken || b.bytes != nil || in.bodies.inUse() != tt.used {
				t.Errorf("%+v, broken %t, %d bytes, %d in use", no, b.broken, len(b.bytes), in.bodies.inUse())
			}
		})
	}
}

// TestIncompleteIsAnswered: what a relay has it sends again, unless its sender is
// to blame.
func TestIncompleteIsAnswered(t *testing.T) {
	for _, tt := range []struct {
		no     *rejection
		stored bool
		want   string
	}{
		{errNoRoom, true, "503"},
		{errNoRoom, false, "503"},
		{errStopped, true, "503"},
		{errTooSlow, true, "503"},
		{errTooSlow, false, "408"},
		{errCutOff, true, "400"},
	} {
		var out bytes.Buffer
		x := http1.NewExchange(request(t, "/", "Host: a\r\n"), &out)
		incomplete(x, tt.no, tt.stored)
		text := out.String()
		if !strings.HasPrefix(text, "HTTP/1.1 "+tt.want) || strings.Contains(text, acceptedField) || strings.Contains(text, "Retry-After") != (tt.want == "503") {
			t.Errorf("%s, stored %t: %s", tt.no.reason, tt.stored, text)
		}
	}
}

// TestSlowBody: who sends nothing, or a little now and then, holds no memory for
// long; a line that is slow gets more time.
func TestSlowBody(t *testing.T) {
	for _, tt := range []struct {
		name  string
		pace  pace
		every time.Duration // between two bytes
		want  time.Duration
	}{
		{"nothing", senderPace, time.Hour, senderPace.grace},
		{"a little", senderPace, time.Second, senderPace.grace},
		{"nothing from a relay", relayPace, time.Hour, relayPace.grace},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, k := reader(t.Context(), 100_000)
				x, far := arriving(t, chunkedHead)
				done := make(chan struct{})
				go func() {
					defer close(done)
					for {
						time.Sleep(tt.every)
						if _, err := io.WriteString(far, "1\r\nx\r\n"); err != nil {
							return
						}
					}
				}()
				began := time.Now()
				_, no := in.readBody(k, x, tt.pace)
				if took := time.Since(began); no != errTooSlow || took < tt.want || took > tt.want+2*time.Second {
					t.Errorf("%+v after %v", no, took)
				}
				if in.bodies.inUse() != 0 {
					t.Errorf("%d in use", in.bodies.inUse())
				}
				far.Close()
				<-done
			})
		})
	}
}

func TestBodyEndsWithTheAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		in, k := reader(ctx, 100_000)
		x, _ := arriving(t, chunkedHead)
		time.AfterFunc(5*time.Second, stop)
		began := time.Now()
		b, no := in.readBody(k, x, senderPace)
		if no != errStopped || !b.broken || time.Since(began) > 7*time.Second {
			t.Errorf("%+v after %v", no, time.Since(began))
		}
	})
}

// TestSlowSendersStopNobody has senders that nobody knows announce large bodies
// and send nothing of them.
func TestSlowSendersStopNobody(t *testing.T) {
	r, h, a := verifying(t, "")
	for range 8 {
		link := <-r.links
		body, w := io.Pipe()
		head := "POST /github HTTP/1.1\r\nHost: garage.test\r\nTransfer-Encoding: chunked\r\nHomehook-Answer: through\r\n"
		req, err := http1.ParseRequest([]byte(head), body, -1)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			link.Do(&ptth.Call{Request: req, Wait: time.Minute, Head: func(w *http1.Writer) {
				w.StartRequest(req.Method, req.Target)
				w.CopyFields(&req.Head, http1.HopByHop)
			}})
		}()
		w.Write([]byte("x"))
		defer func() {
			w.CloseWithError(errors.New("the sender left"))
			link.Close()
			<-ended
		}()
	}
	eventually(t, "their bodies come in", func() bool { return h.inbox.bodies.inUse() == 8*firstPiece })
	fields := signedAt(t, "github", "hush", "good", time.Now())
	for _, mode := range []string{answerHold, answerThrough} {
		if g := r.must(t, sent{mode: mode, line: "POST /github", body: "good", fields: fields}); g.status != 200 {
			t.Errorf("%s: %+v", mode, g)
		}
	}
	if n := len(a.bodies()); n != 2 {
		t.Errorf("%d ran", n)
	}
}

// TestNoRoomForABody: the relay keeps what it has, and who keeps nothing is told
// when to come again.
func TestNoRoomForABody(t *testing.T) {
	r, h, _ := verifying(t, "")
	r.must(t, sent{line: "GET /nowhere"})
	all := h.inbox.bodies.of("garage")
	if !all.grow(bodiesAtOnce / 2) {
		t.Fatal("no room")
	}
	fields := signedAt(t, "github", "hush", "x", time.Now())
	for _, mode := range []string{answerHold, answerStore, answerThrough} {
		g := r.must(t, sent{mode: mode, line: "POST /github", body: "x", fields: fields})
		if g.status != 503 || g.accepted != "" || g.retry == "" {
			t.Errorf("%s: %+v", mode, g)
		}
	}
	all.end()
	if g := r.must(t, sent{line: "POST /github", body: "x", fields: fields}); g.status != 200 {
		t.Errorf("with room: %+v", g)
	}
}
