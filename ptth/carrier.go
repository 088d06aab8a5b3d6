package ptth

import (
	"time"

	"homehook/http1"
)

// The dialects, by the names that configuration and status use.
const (
	DialectPTTH        = "ptth"        // draft-kazuho-ptth-ptth: HTTP/2 or HTTP/1.1, roles reversed
	Dialect10          = "ptth/1.0"    // draft-lentczner-rhttp-00, immediate or parked
	Dialect09          = "ptth/0.9"    // its first form
	DialectComet       = "comet"       // polls that carry JSON, or messages as they are
	DialectReverseHTTP = "reversehttp" // polls at URLs that a claim gives out
)

// Carrier is the relay's end of what takes exchanges to an agent: a [Link], one
// stream of a link that carries several, or an open [Poll]. One exchange runs
// on it at a time, on the goroutine that calls Do; only Close and Check may be
// called by others meanwhile, Check by none while Do or Ping runs.
type Carrier interface {
	// Traits tells what the carrier can do. They never change.
	Traits() Traits

	// Do sends a request and returns the response. Done must be called
	// afterwards, whatever Do returned. The errors of this package tell what
	// may be done next; a [*http1.CopyError] with Reading set says that the
	// sender's body broke. After any other error the request may have been
	// seen by the agent.
	Do(*Call) (*http1.Response, error)

	// Uploading reports whether the sender's body is still on its way
	// although the response has begun. The connection to the sender must then
	// be closed behind the response.
	Uploading() bool

	// Switched gives away the connection behind a response 101. The carrier
	// is spent then.
	Switched() *http1.Conn

	// Done ends an exchange and reports whether the carrier can take another
	// one. If not, the caller closes it.
	Done() bool

	// Check looks at a carrier at rest without waiting. Only a silent one is
	// good.
	Check() http1.PeerState

	// Ping asks the agent whether it is there and waits for the answer at
	// most for the given time. Like Do, it is followed by Done. It is for
	// carriers whose traits have a Ping only.
	Ping(time.Duration) error

	// Used reports whether an exchange was carried: the agent was there then.
	Used() bool

	// IdleSince tells when the last exchange ended.
	IdleSince() time.Time

	// Close gives the carrier up at once. It may be called at any time.
	Close() error

	// RemoteAddr is the agent's address as the relay sees it.
	RemoteAddr() string
}

// Traits are what a relay has to know of a carrier.
type Traits struct {
	Dialect string

	// Ours says that the agent knows the fields that Homehook negotiates.
	Ours bool

	// Ping is the time at rest after which to ping; 0 for never.
	Ping time.Duration

	// Tunnels says that a switch of protocols, as for WebSocket, can be
	// carried.
	Tunnels bool

	// Streams says that an answer reaches the sender while it is being made.
	Streams bool

	// Once says that the carrier takes one exchange and is spent. Those that
	// rest longest go first.
	Once bool

	// Stays says that the carrier belongs, from its first exchange on, to the
	// sender's connection that it was used for.
	Stays bool

	// Whole says that requests are passed on with their target as it came,
	// the prefix of path mode included.
	Whole bool

	// MaxWait is the longest wait for an answer; 0 leaves it to the relay.
	MaxWait time.Duration
}

// CannotError reports an exchange that a dialect has no means for. Nothing was
// sent.
type CannotError struct{ Reason string }

// Error returns the reason, a clause for the sender.
func (e *CannotError) Error() string { return e.Reason }
