package ptth_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// ring hands out the same bytes again and again.
type ring struct {
	text string
	at   int
}

func (r *ring) Read(p []byte) (int, error) {
	if r.at == len(r.text) {
		r.at = 0
	}
	n := copy(p, r.text[r.at:])
	r.at += n
	return n, nil
}

// hooks is a sender that never stops: every read gives a webhook of 1 KiB.
func hooks(size int) *http1.Conn {
	return http1.NewConn(&memConn{in: &ring{text: fmt.Sprintf("POST /github/blog HTTP/1.1\r\nHost: garage.relay.example.com\r\n"+
		"User-Agent: GitHub-Hookshot/044aadd\r\nContent-Length: %d\r\nAccept: */*\r\nContent-Type: application/json\r\n"+
		"X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\nX-GitHub-Event: push\r\n"+
		"X-Hub-Signature-256: sha256=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c\r\n\r\n%s", size, strings.Repeat("x", size))}}, http1.Limits{})
}

// deliver carries one request of a sender over a link.
func deliver(front *http1.Conn, l *ptth.Link, call *ptth.Call) error {
	req, err := front.ReadRequest()
	if err != nil {
		return err
	}
	call.Request = req
	res, err := l.Do(call)
	if err != nil {
		return err
	}
	if !res.Body.Drain(1 << 30) {
		return io.ErrUnexpectedEOF
	}
	if !l.Done() {
		return fmt.Errorf("the link is spent")
	}
	return nil
}

// newCall returns a call whose request deliver fills in.
func newCall() *ptth.Call {
	c := &ptth.Call{Wait: time.Minute}
	c.Head = func(w *http1.Writer) {
		w.StartRequest(c.Request.Method, c.Request.Target)
		w.CopyFields(&c.Request.Head, http1.HopByHop)
	}
	return c
}

// BenchmarkLink echoes 1 KiB over one link, one request behind the other.
func BenchmarkLink(b *testing.B) {
	for _, size := range []int{0, 1 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			link := home(b, newRelay(b, nil), echo)
			front, call := hooks(size), newCall()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := deliver(front, link, call); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

// BenchmarkPool echoes 1 KiB over 32 links for 64 senders.
func BenchmarkPool(b *testing.B) {
	r := newRelay(b, nil)
	const links = 32
	pool := make(chan *ptth.Link, links)
	for range links {
		pool <- home(b, r, echo)
	}
	b.ReportAllocs()
	b.SetParallelism(32) // times the processors
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		front, call := hooks(1<<10), newCall()
		for pb.Next() {
			l := <-pool
			err := deliver(front, l, call)
			pool <- l
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}
