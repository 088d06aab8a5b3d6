package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Backend is what the server serves: the agent. Methods are called from many
// goroutines at once and those with a context end soon after it does.
//
// An error may be a *Problem, or wrap ErrNotFound or ErrInvalid; the text of
// any error is shown to the owner and so must hold no credential.
type Backend interface {
	SetupBackend
	ConfigurationBackend

	Status() Status
	Relays() []Relay
	Claims() []Claim
	Routes() []Route

	// Credentials lists what may be shown of each. It works while their values
	// cannot be read, without fingerprints. The other methods return an error that
	// wraps ErrLocked then, if that can change by itself.
	Credentials() ([]Credential, error)
	SetCredential(name, value string) error
	// RotateCredential gives a credential another value and lets those that it
	// has be valid besides for a time, or with 0 until RemoveOldValues.
	RotateCredential(name, value string, keep time.Duration) error
	RemoveCredential(name string) error
	RemoveOldValues(name string) error
	// MoveCredentials keeps their root key at another place from now on. It takes
	// less than a minute.
	MoveCredentials(ctx context.Context, m MoveCredentials) (CredentialStore, error)

	// Deliveries returns a page, newest first, and the cursor of the next one,
	// empty after the last. The query is checked and its limit is set.
	Deliveries(ctx context.Context, q Query) (page []Delivery, next string, err error)
	// Outline counts what the query chooses and returns where each page of its limit
	// begins. The error wraps ErrInvalid if the query has what only reading tells.
	Outline(ctx context.Context, q Query) (*Outline, error)
	Delivery(ctx context.Context, id string) (*Record, error)
	// ReleaseClaim gives a claim back. With discard it forgets what still waits
	// for the claim at the relay; without, the error wraps ErrQueued if there is
	// anything.
	ReleaseClaim(ctx context.Context, name string, discard bool) error

	// Replay makes a new delivery of the one named and runs it. It returns when
	// that has ended, or after 60 s as it is then, running. The error wraps
	// ErrConfirm if a script would run and the replay is not confirmed.
	Replay(ctx context.Context, id string, r Replay) (*Record, error)
	// Retry runs a delivery anew that is dead, rejected, a duplicate or expired,
	// and one that waits, now. It returns without waiting for the run. The error
	// wraps ErrConflict in other states.
	Retry(ctx context.Context, id string) (*Delivery, error)
	// RouteTest says what routes would do, and starts and sends nothing. The
	// test is checked and its limit is set.
	RouteTest(ctx context.Context, t RouteTest) ([]RouteResult, error)
	// Export writes deliveries to w. The export is checked.
	Export(ctx context.Context, w io.Writer, e Export) error
	// Pause keeps deliveries from being run for d, or until Resume if d is 0.
	// It and Resume may be called in either state.
	Pause(d time.Duration) error
	Resume() error

	// Doctor looks at the agent and all around it. It takes less than a minute.
	Doctor(ctx context.Context, e Examination) (*Checkup, error)
	// Fix does what one of its findings offers, of the kind ActionFixMode, and
	// returns what is still wrong there. The error wraps ErrInvalid for what no
	// finding offers now.
	Fix(ctx context.Context, a Action) (*Checkup, error)
	// Report returns what a bug report may have, with a checkup in it.
	Report(ctx context.Context, found Checkup) (*Report, error)

	// Changes returns up to limit changes of deliveries that are numbered higher
	// than after, lowest first. Those made before the call are all in it, and a
	// number is never given twice, not even by an agent that runs later. The
	// error wraps ErrGap if some of them are no longer known.
	Changes(ctx context.Context, after uint64, limit int) ([]Change, error)
	// Subscribe is that of a Hub. Events of deliveries have the numbers that
	// Changes gives them.
	Subscribe(after uint64) (events <-chan Event, cancel func())
	// SubscribeShowing is that of a Hub too, for a client that shows notifications:
	// while there is one, the agent shows none itself.
	SubscribeShowing(after uint64) (events <-chan Event, cancel func())
}

// Limits of the server. They are far above what the command line and the
// desktop app need.
const (
	maxHead       = 16 << 10 // bytes of a request head; net/http adds 4 KiB
	maxCredential = 16 << 10 // bytes of a credential's value
	maxSmall      = 4 << 10  // bytes of a request that says little
	maxRouteTest  = 4 << 20  // bytes of one with a configuration file in it
	maxReplay     = 64 << 20 // bytes of one with a body in base64 in it
	maxStreams    = 64       // event streams at once
	headTimeout   = 5 * time.Second
	readTimeout   = 30 * time.Second // a whole request
	writeTimeout  = time.Minute      // from the head of the request to the end of the answer
	idleTimeout   = 2 * time.Minute
	// replayTimeout is how long a Backend may take to run a delivery: the 60 s
	// it waits for the handler, and something around it.
	replayTimeout = 75 * time.Second
)

// Keys of log attributes.
const (
	keyError  = "error"
	keyMethod = "method"
	keyPath   = "path"
	keyReason = "reason"
	keyPeer   = "peer"
)

// Server answers the control API. Make it with [NewServer].
type Server struct {
	backend Backend
	log     *slog.Logger
	streams atomic.Int64 // event streams open now

	// Tests shorten these.
	beat      time.Duration // between comments on a silent event stream
	writeWait time.Duration // for one write to an event stream
	grace     time.Duration // for requests under way when the server ends
}

// NewServer returns a server for b that writes to log what it refuses.
func NewServer(b Backend, log *slog.Logger) *Server {
	return &Server{backend: b, log: log, beat: 15 * time.Second, writeWait: 10 * time.Second, grace: 5 * time.Second}
}

// Serve answers connections from l, which comes from [Listen], until ctx ends.
// Then event streams end at once, other requests may finish within 5 s, and
// Serve returns nil. It closes l, and no goroutine of it is left when it
// returns. Any other end is an error.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	// Requests outlive ctx by the grace period, so they hang on their own context.
	base, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	ending := make(chan struct{})
	conns := newConnections()
	hs := s.httpServer(base, s.handler(ending), conns)
	var accepting sync.WaitGroup
	failed := make(chan error, 1)
	accepting.Go(func() { failed <- hs.Serve(l) })

	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serve control API: %w", err)
	case <-ctx.Done():
	}
	_ = l.Close() // ends accepting; the socket was in use until now
	accepting.Wait()
	close(ending)
	conns.closeFresh()
	grace, cancel := context.WithTimeout(base, s.grace)
	defer cancel()
	if hs.Shutdown(grace) != nil {
		abort()
		_ = hs.Close() // what it could not close is closed with the process
	}
	conns.open.Wait()
	return err
}

// httpServer returns the server with all its limits; conns follows its
// connections.
func (s *Server) httpServer(base context.Context, h http.Handler, conns *connections) *http.Server {
	return &http.Server{
		Handler:                      h,
		MaxHeaderBytes:               maxHead,
		ReadHeaderTimeout:            headTimeout,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		DisableGeneralOptionsHandler: true, // it would answer before the checks
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext:                  func(net.Listener) context.Context { return base },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, callerKey{}, &caller{conn: c})
		},
		ConnState: conns.follow,
	}
}

// callerKey is the context key of the connection's *caller.
type callerKey struct{}

// caller finds out, once per connection, who is at its other end. It does so at
// the first request, because a named pipe tells only after something was read.
type caller struct {
	conn net.Conn
	once sync.Once
	peer peer
	err  error
}

func (c *caller) identify() (peer, error) {
	c.once.Do(func() { c.peer, c.err = peerOf(c.conn) })
	return c.peer, c.err
}

var errNoCaller = errors.New("connection is not known")

func callerOf(ctx context.Context) (peer, error) {
	c, ok := ctx.Value(callerKey{}).(*caller)
	if !ok {
		return peer{}, errNoCaller
	}
	return c.identify()
}
