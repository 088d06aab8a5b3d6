package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"homehook/http1"
	"homehook/relay/queue"
)

// originJSON is what the queue keeps of a request beside its head and body.
type originJSON struct {
	Addr     string `json:"addr"`               // unknown where there is none
	For      string `json:"for"`                // the parameter of Forwarded
	Client   string `json:"client,omitempty"`   // address and port
	Proto    string `json:"proto"`              // http or https
	Two      bool   `json:"http2,omitempty"`    // it came in HTTP/2
	Host     string `json:"host,omitempty"`     // what it was for
	Prefix   string `json:"prefix,omitempty"`   // of path mode
	Forwards *int   `json:"forwards,omitempty"` // Max-Forwards to pass on
	Mode     string `json:"answer"`
	Token    string `json:"token"` // the name of the token that held the claim
}

// origin is what a parcel says in the queue of where it comes from.
func (p *parcel) origin() originJSON {
	o := originJSON{
		Addr: string(p.source.addr), For: string(p.source.forwardedFor), Client: p.source.clientAddr(),
		Proto: string(p.source.proto), Two: p.source.two,
		Host: string(p.place.host), Prefix: string(p.place.prefix), Mode: string(p.mode),
		Token: p.claim.record().Token,
	}
	if p.forwards >= 0 {
		o.Forwards = &p.forwards
	}
	return o
}

// item makes a parcel one for the queue, where it has been sent home so often.
func (p *parcel) item(sent int) (*queue.Item, error) {
	origin, err := json.Marshal(p.origin())
	if err != nil {
		return nil, fmt.Errorf("describe origin: %w", err)
	}
	return &queue.Item{
		ID: p.id.String(), Claim: p.claim.name, Received: p.received, Attempts: sent,
		Head: bytes.Clone(p.request.Raw()), Origin: origin, Trailer: bytes.Clone(p.request.Body.Trailer().Raw()),
	}, nil
}

// parcelOf makes a parcel of what is in the queue. An error says that it cannot
// be sent, now or later.
func (r *Relay) parcelOf(c *claim, it *queue.Item, body io.Reader) (*parcel, error) {
	var o originJSON
	if err := json.Unmarshal(it.Origin, &o); err != nil {
		return nil, fmt.Errorf("read origin: %w", err)
	}
	p := &parcel{
		relay: r, claim: c, received: it.Received, sent: it.Attempts, mode: []byte(o.Mode),
		drop: droppedFromSender, forwards: -1,
		source: source{forwardedFor: []byte(o.For), addr: []byte(o.Addr), proto: []byte(o.Proto), two: o.Two, client: o.Client},
		place:  place{kind: placeClaim, name: []byte(c.name), host: []byte(o.Host)},
	}
	if o.Prefix != "" {
		p.place.prefix = []byte(o.Prefix)
	}
	if o.Forwards != nil {
		p.drop |= 1 << http1.MaxForwards
		p.forwards = *o.Forwards
	}
	if copy(p.id[:], it.ID) != len(p.id) || len(it.ID) != len(p.id) {
		return nil, fmt.Errorf("the id %q is none of a delivery", it.ID)
	}
	var err error
	p.request, err = storedRequest(it.Head, body, it.Size, it.Trailer)
	if err == nil && !bytes.HasPrefix(p.request.Path(), p.place.prefix) {
		err = fmt.Errorf("the path does not begin with %q", o.Prefix)
	}
	if err != nil {
		return nil, fmt.Errorf("read head: %w", err)
	}
	p.call.Head = p.writeHead
	return p, nil
}

// storedRequest makes a request of what was kept of one. With a trailer section
// the body goes out in chunks.
func storedRequest(head []byte, body io.Reader, size int64, trailer []byte) (*http1.Request, error) {
	if len(trailer) > 0 {
		size = -1
	}
	r, err := http1.ParseRequest(head, body, size)
	if err != nil {
		return nil, err
	}
	if len(trailer) > 0 {
		r.Body.TrailerFrom(func() []http1.Field { return trailerFields(trailer) })
	}
	return r, nil
}

func trailerFields(section []byte) []http1.Field {
	var all []http1.Field
	for line := range bytes.SplitSeq(section, []byte("\r\n")) {
		if name, value, ok := bytes.Cut(line, []byte{':'}); ok {
			all = append(all, http1.Field{Name: string(name), Value: string(bytes.TrimSpace(value))})
		}
	}
	return all
}

var (
	errQueueItems = refuseFor(429, 30, "too much waits for the receiver already; try again later")
	errQueueFull  = refuseFor(507, 60, "the relay has no room to keep this for the receiver; try again later")
)

// put stores a delivery such that it outlives a crash. The error is a [*refusal],
// and nothing is stored then.
func (r *Relay) put(ctx context.Context, c *claim, it *queue.Item, body *queue.Spool) *refusal {
	c.keeping.RLock()
	defer c.keeping.RUnlock()
	if c.isEnded() {
		return errUnknown
	}
	err := r.queue().Put(ctx, it, body, c.plan().limits)
	if err == nil {
		return nil
	}
	r.log.Debug("delivery not stored", keyClaim, c.name, keyDelivery, it.ID, keyError, err)
	return fullRefusal(err)
}

// fullRefusal is what the sender hears of a delivery for which there is no room.
func fullRefusal(err error) *refusal {
	full, ok := errors.AsType[*queue.FullError](err)
	if !ok {
		return errQueueFull
	}
	ref := *errQueueFull
	if full.Reason == queue.Items {
		ref = *errQueueItems
	}
	if s := int((full.RetryAfter + 999_999_999) / 1e9); s > 0 {
		ref.retry = s
	}
	return &ref
}

// spool reads the whole body of a request, lest a slow sender hold a link, and
// because the body may have to be sent again.
func (v *visitor) spool() (*queue.Spool, *refusal) {
	s := v.relay.queue().NewSpool()
	if ref := v.fill(s); ref != nil {
		s.Close()
		return nil, ref
	}
	return s, nil
}

func (v *visitor) fill(s *queue.Spool) *refusal {
	body := v.x.Request.Body
	if body.Empty() {
		return nil
	}
	whole, err := body.Fill(smallBody)
	switch {
	case err != nil:
		return v.senderBroke(err)
	case whole:
		if _, err := s.Write(body.Peek()); err != nil {
			v.x.CloseAfter()
			return fullRefusal(err)
		}
		if n := len(body.Peek()); n > 0 {
			if err := body.Discard(n); err != nil {
				return v.senderBroke(err)
			}
		}
		return nil
	}
	return v.pour(s, body)
}

// trickle is the size in bytes of the buffer for a body of which little comes at a
// time; such a sender must not cost more.
const trickle = 2 << 10

// pour reads a body of any length: with a small buffer, and a large one for as
// long as that is filled.
func (v *visitor) pour(s *queue.Spool, body *http1.Body) *refusal {
	small := make([]byte, trickle)
	buf := small
	var large *[]byte
	defer func() {
		if large != nil {
			v.relay.buffers.Put(large)
		}
	}()
	for {
		n, err := body.Read(buf)
		if _, failed := s.Write(buf[:n]); failed != nil {
			v.x.CloseAfter()
			return fullRefusal(failed)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return v.senderBroke(err)
		case large == nil && n == trickle:
			large = v.relay.buffers.Get().(*[]byte)
			buf = *large
		case large != nil && n < trickle:
			v.relay.buffers.Put(large)
			large, buf = nil, small
		}
	}
}
