package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"homehook/http1"
	"homehook/ptth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testRelay is the relay's end of PTTH/1.0 and nothing more: links come in,
// and the test sends requests down them.
type testRelay struct {
	t     testing.TB
	addr  string
	token string
	links chan *ptth.Link

	mu     sync.Mutex
	opened int
	stop   func()
}

func startRelay(t testing.TB, addr, token string) *testRelay {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	r := &testRelay{t: t, addr: l.Addr().String(), token: token, links: make(chan *ptth.Link, 256)}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { r.serve(ctx, nc) })
		}
	})
	r.stop = sync.OnceFunc(func() {
		l.Close()
		cancel()
		wg.Wait()
		close(r.links)
		for l := range r.links {
			l.Close()
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *testRelay) serve(ctx context.Context, nc net.Conn) {
	var link *ptth.Link
	http1.NewConn(nc, http1.Limits{}).Serve(ctx, func(_ context.Context, x *http1.Exchange) {
		o, err := ptth.ParseOffer(x.Request)
		if err != nil {
			x.Reply(404, "text/html", "<p>nothing here")
			return
		}
		if auth, _ := x.Request.Get("Authorization"); r.token != "" && string(auth) != "Bearer "+r.token {
			x.Text(401, "the token is not known")
			return
		}
		link, _ = ptth.Accept(x, o, func(w *http1.Writer) {
			w.Field("PTTH-Ping", "20")
			w.Field("PTTH-Max-Conns", fmt.Sprint(o.MaxLinks))
		})
	})
	if link != nil && link.Start() == nil {
		r.mu.Lock()
		r.opened++
		r.mu.Unlock()
		r.links <- link
	}
}

func (r *testRelay) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opened
}

// answer is what came back for a request.
type answer struct {
	status int
	body   string
}

// send carries one request over a link that is taken from the pool.
func (r *testRelay) send(id, head, body string) (answer, error) {
	for {
		select {
		case link := <-r.links:
			a, err := exchange(link, id, head, body)
			if link.Done() {
				r.links <- link
			} else {
				link.Close()
			}
			if errors.Is(err, http1.ErrIdleClosed) {
				continue // the agent had one too many; a relay takes another, too
			}
			return a, err
		case <-time.After(patient):
			return answer{}, errors.New("no link")
		}
	}
}

// relayTime is when the relay says that it received its deliveries.
var relayTime = time.Now().UTC().Add(-time.Minute).Truncate(time.Millisecond)

func exchange(link *ptth.Link, id, head, body string) (answer, error) {
	if !strings.Contains(head, "Host:") {
		head += "\r\nHost: garage.test"
	}
	full := fmt.Sprintf("%s\r\nContent-Length: %d\r\nX-Forwarded-For: 203.0.113.9\r\n", head, len(body))
	if id != "" {
		full += "Homehook-Delivery: " + id + "\r\nHomehook-Received: " + relayTime.Format(time.RFC3339Nano) + "\r\n"
	}
	req, err := http1.ParseRequest([]byte(full), strings.NewReader(body), int64(len(body)))
	if err != nil {
		return answer{}, err
	}
	res, err := link.Do(&ptth.Call{Request: req, Wait: 5 * time.Second, Head: func(w *http1.Writer) {
		w.StartRequest(req.Method, req.Target)
		w.CopyFields(&req.Head, http1.HopByHop)
	}})
	if err != nil {
		return answer{}, err
	}
	got, err := io.ReadAll(res.Body)
	return answer{res.Status, string(got)}, err
}
