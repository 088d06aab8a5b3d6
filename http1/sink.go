package http1

import (
	"net/http"
	"sync"
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

// httpSink is a Sink over what net/http gives a handler.
type httpSink struct {
	w     http.ResponseWriter
	late  guard // of a write
	final bool  // the head of the final response is written
}

var _ Sink = (*httpSink)(nil)

func (s *httpSink) Head(res *Response, length int64) error {
	if res.Status == http.StatusSwitchingProtocols {
		return badf(502, "a stream cannot switch protocols")
	}
	h := s.w.Header()
	clear(h)
	for i := range res.Len() {
		name, value, kind := res.At(i)
		if HopByHop.Has(kind) && kind != ContentLength {
			continue
		}
		h.Add(string(name), string(value))
	}
	for _, name := range []string{"Content-Type", "Content-Length"} {
		if h[name] == nil {
			h[name] = nil // net/http would guess one
		}
	}
	s.w.WriteHeader(res.Status)
	s.final = res.Status >= 200
	return nil
}

func (s *httpSink) Body(p []byte) error {
	s.late.arm()
	defer s.late.disarm()
	_, err := s.w.Write(p)
	return err
}

// Flush leaves informational responses alone: net/http sends them at once, and
// would take a flush behind them for the final one's beginning.
func (s *httpSink) Flush() error {
	if !s.final {
		return nil
	}
	s.late.arm()
	defer s.late.disarm()
	return http.NewResponseController(s.w).Flush()
}

// abandon ends the stream of a client that takes nothing for too long. A write
// deadline set ahead would end it in a pause of the response too.
func (s *httpSink) abandon() { http.NewResponseController(s.w).SetWriteDeadline(time.Unix(1, 0)) }

func (s *httpSink) End(trailer *Head) error {
	if trailer != nil {
		for name, value := range trailer.All() {
			s.w.Header().Add(http.TrailerPrefix+string(name), string(value))
		}
	}
	return nil
}

// guard calls fire when what runs between arm and disarm takes longer than
// limit, and never behind disarm: net/http does not bear calls that come when
// its handler has returned.
type guard struct {
	limit time.Duration // 0 for none
	fire  func()

	mu    sync.Mutex // guards armed
	armed bool
	timer *time.Timer
}

func (g *guard) arm() {
	if g.limit <= 0 {
		return
	}
	g.mu.Lock()
	g.armed = true
	g.mu.Unlock()
	if g.timer == nil {
		g.timer = time.AfterFunc(g.limit, g.expire)
	} else {
		g.timer.Reset(g.limit)
	}
}

func (g *guard) disarm() {
	if g.limit <= 0 {
		return
	}
	g.timer.Stop()
	g.mu.Lock()
	g.armed = false
	g.mu.Unlock()
}

func (g *guard) expire() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.armed {
		g.fire()
	}
}
