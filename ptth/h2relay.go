package ptth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"homehook/http1"
)

const (
	// settingsWithin is how long an agent may take to begin with HTTP/2.
	settingsWithin = 10 * time.Second

	// SharedPing is the time without a frame after which either end pings a
	// link in HTTP/2, and sharedPong how long the other may take to answer.
	SharedPing = 20 * time.Second
	sharedPong = 10 * time.Second

	// slotWithin is how long an exchange waits for the agent to confirm the
	// end of others that were given up.
	slotWithin = 2 * time.Second

	// window is how much of an answer is taken ahead of a slow sender.
	window = 256 << 10

	// writeWithin bounds a write that makes no headway.
	writeWithin = 30 * time.Second
)

var errNotHTTP2 = errors.New("the agent does not speak HTTP/2")

// Shared is the relay's end of a link in HTTP/2, which carries many exchanges
// at once: one for each of its streams. Its methods may be called by any
// goroutine.
type Shared struct {
	// Offer is what the agent asked for when it opened the link.
	Offer Offer

	conn     *h2Conn
	client   *http.ClientConn
	assigned uint32 // the highest stream that has its exchange; net/http serializes the use

	mu      sync.Mutex // guards what follows
	streams int        // not given up
	closed  bool
}

// Share makes a link in HTTP/2 of one whose 101 named that protocol, and waits
// for the agent's first word on it. Like Start, it must be called when
// [http1.Conn.Serve] has returned. The link must not be used any more; it is
// closed when there is an error.
func (l *Link) Share(ctx context.Context) (*Shared, error) {
	nc := l.conn.NetConn()
	nc.SetDeadline(time.Time{})
	s := &Shared{Offer: l.Offer, conn: newH2Conn(nc, slices.Clone(l.conn.Buffered()))}
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Shared) start(ctx context.Context) error {
	t := &http.Transport{
		DialContext:            func(context.Context, string, string) (net.Conn, error) { return s.conn, nil },
		DisableCompression:     true,
		MaxResponseHeaderBytes: int64(linkLimits.Head),
		Protocols:              new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: SharedPing, PingTimeout: sharedPong, WriteByteTimeout: writeWithin,
			MaxReadFrameSize: 64 << 10, MaxReceiveBufferPerStream: window,
		},
	}
	t.Protocols.SetUnencryptedHTTP2(true)
	late := time.NewTimer(settingsWithin)
	defer late.Stop()
	var err error
	if s.client, err = t.NewClientConn(ctx, "http", "agent:80"); err != nil {
		return err
	}
	select {
	case <-s.conn.ready:
		return nil
	case <-s.conn.gone:
	case <-late.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return errNotHTTP2
}

// Streams returns how many exchanges the agent takes at once.
func (s *Shared) Streams() int { return int(min(s.conn.streams.Load(), 1<<16)) }

// Stream returns a carrier for one of the exchanges that run at the same time.
// host stands for the one of a request that names none. When all carriers of
// the link have been closed, it is closed too.
func (s *Shared) Stream(host string) Carrier {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams++
	return newStream(s, host)
}

// Close closes the connection at once.
func (s *Shared) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	switch {
	case closed:
		return nil
	case s.client == nil:
		return s.conn.Close()
	}
	return s.client.Close()
}

// release gives up one of the carriers.
func (s *Shared) release() {
	s.mu.Lock()
	s.streams--
	last := s.streams == 0
	s.mu.Unlock()
	if last {
		s.Close()
	}
}

// alive reports whether the link takes further exchanges.
func (s *Shared) alive() bool { return !s.conn.leaving.Load() && s.client.Err() == nil }

// reserve takes a slot for an exchange. There is one, but for the moment until
// the agent has confirmed the end of an exchange that was given up.
func (s *Shared) reserve() error {
	late := time.NewTimer(slotWithin)
	defer late.Stop()
	for wait := time.Millisecond; s.alive(); wait *= 2 {
		if s.client.Reserve() == nil {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-s.conn.gone:
		case <-late.C:
			return ErrNotSent
		}
	}
	return ErrNotSent
}

// unseen reports whether the agent has said that it will never look at a
// stream.
func (s *Shared) unseen(stream uint32, err error) bool {
	var reset streamReset
	if errors.As(err, &reset) && reset.Code == refusedStream {
		return true
	}
	return s.conn.leaving.Load() && stream > s.conn.last.Load()
}

// refusedStream is the code of HTTP/2 for a stream that was not looked at
// (RFC 9113, section 8.7).
const refusedStream = 0x7

// streamReset has the form of net/http's error for a stream that was reset,
// which [errors.As] fills in by the names of its fields.
type streamReset struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

// Error satisfies the error interface, which errors.As wants.
func (streamReset) Error() string { return "the stream was reset" }

// limits of the head that is rendered for an agent: what the edge lets in, and
// what the relay adds.
var renderLimits = http1.Limits{Target: agentLimits.Target, Head: agentLimits.Head, Fields: agentLimits.Fields}
