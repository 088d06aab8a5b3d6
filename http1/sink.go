package http1

import (
	"net/http"
	"time"
)

// Sink takes a response in parts where it does not go out as HTTP/1.1 on a
// connection: as a stream of HTTP/2, or in an envelope. Its methods are called
// by one goroutine, in the order Head, Body, End; Head comes once for each
// informational response before the final one, and Flush at any time.
type Sink interface {
	// Head takes a head. Content-Length is among its fields when it is known,
	// Transfer-Encoding never. length is that of the body that follows, -1
	// when it is not known. res is valid until Head returns.
	Head(res *Response, length int64) error
	Body(p []byte) error
	Flush() error
	// End says that the response is whole. trailer may be nil.
	End(trailer *Head) error
}

// NewSinkExchange returns an exchange whose response goes to s.
func NewSinkExchange(r *Request, s Sink) *Exchange {
	return &Exchange{Writer: &Writer{sink: s}, Request: r}
}

// sinkLimits do not bound what this program itself writes.
var sinkLimits = Limits{Head: 1 << 20, Fields: 4096}.withDefaults()

// sinkHead hands the head that was just ended to the sink.
func (w *Writer) sinkHead(mode writeMode) {
	var res Response
	res.load(w.buf[w.begin:])
	w.buf = w.buf[:w.begin]
	if err := res.parse(&sinkLimits); err != nil {
		w.err = err
		return
	}
	length := int64(-1)
	switch mode {
	case writeNone:
		length = 0
	case writeLength:
		length = w.left
	}
	if w.discard {
		length = 0
	}
	w.final = res.Status >= 200
	w.err = w.sink.Head(&res, length)
}

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
	if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
		b := req.Body
		b.kind, b.left, b.limit = bodyStored, r.ContentLength, lim.Body
		b.src = &pacedReader{src: r.Body, control: http.NewResponseController(w), lim: &lim}
		b.TrailerFrom(func() []Field { return headerFields(r.Trailer) })
	}
	return NewSinkExchange(req, &httpSink{w: w}), nil
}

func requestFrom(r *http.Request, lim *Limits) (*Request, error) {
	fields := append([]Field{{"Host", r.Host}}, headerFields(r.Header)...)
	if r.ContentLength > 0 {
		fields = append(fields, Field{"Content-Length", decimal(r.ContentLength)})
	}
	return buildRequest(r.Method, r.RequestURI, fields, lim)
}

// httpSink is a Sink over what net/http gives a handler.
type httpSink struct{ w http.ResponseWriter }

var _ Sink = (*httpSink)(nil)

func (s *httpSink) Head(res *Response, length int64) error {
	h := s.w.Header()
	clear(h)
	for i := range res.Len() {
		name, value, kind := res.At(i)
		if HopByHop.Has(kind) && kind != ContentLength {
			continue
		}
		h.Add(string(name), string(value))
	}
	if h["Content-Type"] == nil {
		h["Content-Type"] = nil // net/http would guess one
	}
	s.w.WriteHeader(res.Status)
	return nil
}

func (s *httpSink) Body(p []byte) error {
	_, err := s.w.Write(p)
	return err
}

func (s *httpSink) Flush() error { return http.NewResponseController(s.w).Flush() }

func (s *httpSink) End(trailer *Head) error {
	if trailer != nil {
		for name, value := range trailer.All() {
			s.w.Header().Add(http.TrailerPrefix+string(name), string(value))
		}
	}
	return nil
}

// pacedReader holds a body of net/http to the least rate of Limits.
type pacedReader struct {
	src interface {
		Read([]byte) (int, error)
	}
	control *http.ResponseController
	lim     *Limits
	waited  time.Duration
	got     int
}

func (p *pacedReader) Read(b []byte) (int, error) {
	rate, window := p.lim.BodyRate, p.lim.BodyWindow
	if window > 0 {
		p.control.SetReadDeadline(time.Now().Add(window))
	}
	start := time.Now()
	n, err := p.src.Read(b)
	if timeout, ok := err.(interface{ Timeout() bool }); ok && timeout.Timeout() {
		return n, ErrBodyTooSlow
	}
	if p.got += n; rate <= 0 || p.got >= rate {
		p.got, p.waited = 0, 0
	} else if p.waited += time.Since(start); p.waited > window && err == nil {
		return n, ErrBodyTooSlow
	}
	return n, err
}
