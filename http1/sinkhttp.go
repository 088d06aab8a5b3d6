package http1

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// FromHTTP makes an exchange of a request that net/http has read, such as one
// that came over HTTP/2. Its response goes to w. The error is an [*Error] that
// says what to answer instead. A handler that leaves the exchange unfinished
// must panic with http.ErrAbortHandler, so that the client does not take a
// part for the whole.
func FromHTTP(w http.ResponseWriter, r *http.Request, lim Limits) (*Exchange, error) {
	lim = lim.withDefaults()
	req, err := requestFrom(r, &lim)
	if err != nil {
		return nil, err
	}
	req.Body.limit = lim.Body
	if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
		p := &pacedReader{src: r.Body, control: http.NewResponseController(w), lim: &lim}
		p.late = guard{limit: lim.BodyWindow, fire: p.interrupt}
		req.Body.store(p, r.ContentLength)
		req.Body.TrailerFrom(func() []Field { return headerFields(r.Trailer) })
	} else if req.length > 0 {
		return nil, bad("the body is shorter than its Content-Length")
	}
	s := &httpSink{w: w}
	s.late = guard{limit: lim.WriteTimeout, fire: s.abandon}
	return NewSinkExchange(req, s), nil
}

// requestFrom makes a request in HTTP/1.1 of one of net/http, which has taken
// some fields out of the header.
func requestFrom(r *http.Request, lim *Limits) (*Request, error) {
	var fields []Field
	if r.Host != "" {
		fields = append(fields, Field{"Host", r.Host})
	}
	for _, f := range headerFields(r.Header) {
		// In HTTP/2, Host may repeat what :authority says.
		if kindOf([]byte(f.Name)) == Host && f.Value == r.Host && len(r.Header["Host"]) == 1 {
			continue
		}
		fields = append(fields, f)
	}
	if len(r.Trailer) > 0 {
		fields = append(fields, Field{"Trailer", trailerNames(r.Trailer)})
	}
	req, err := buildRequest(r.Method, r.RequestURI, fields, lim)
	if err != nil {
		return nil, err
	}
	if _, ok := req.GetKind(Expect); ok { // net/http sees to 100-continue, and takes it out
		return nil, badf(417, "the only expectation understood is 100-continue")
	}
	return req, nil
}

func trailerNames(h http.Header) string {
	var names []string
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// pacedReader holds a body of net/http to the least rate of Limits.
type pacedReader struct {
	src interface {
		Read([]byte) (int, error)
	}
	control *http.ResponseController
	lim     *Limits
	late    guard // of a read
	aborted atomic.Bool
	waited  time.Duration
	got     int
}

var _ aborter = (*pacedReader)(nil)

func (p *pacedReader) Read(b []byte) (int, error) {
	if p.aborted.Load() {
		return 0, ErrAborted
	}
	rate, window := p.lim.BodyRate, p.lim.BodyWindow
	p.late.arm()
	defer p.late.disarm()
	start := time.Now()
	n, err := p.src.Read(b)
	switch {
	case err != nil && p.aborted.Load():
		return n, ErrAborted
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, ErrBodyTooSlow
	}
	if p.got += n; rate <= 0 || p.got >= rate {
		p.got, p.waited = 0, 0
	} else if p.waited += time.Since(start); p.waited > window && err == nil {
		return n, ErrBodyTooSlow
	}
	return n, err
}

// interrupt makes a read that runs fail, and every later one.
func (p *pacedReader) interrupt() { p.control.SetReadDeadline(time.Unix(1, 0)) }

// Abort is interrupt by the reader's owner.
func (p *pacedReader) Abort() {
	p.aborted.Store(true)
	p.interrupt()
}
