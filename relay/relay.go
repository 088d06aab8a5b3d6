package relay

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"homehook/http1"
	"homehook/ptth"
	"homehook/relay/queue"
)

// objectMemory bounds, in bytes, what the long bodies take that go through the
// relay in JSON, and so have to be in memory whole.
const objectMemory = 256 << 20

// Options is how a relay is to run. Data is the one field without a default.
type Options struct {
	Data string // folder of the relay's data; created if need be

	// Domain is the public domain whose labels are claims: with
	// "relay.example.com", the claim garage is at garage.relay.example.com.
	// The default, "", leaves the path: /~garage/ on any host.
	Domain string

	// URL is the relay's own public address, when it cannot be seen from a
	// request, as behind a proxy that ends TLS. Scheme and host only.
	URL *url.URL

	// Local is for a relay that serves the machine that it runs on: requests under
	// another host than its own, and those of web pages of elsewhere, are refused.
	Local bool

	// TLS makes every connection a TLS one. NextProtos is set by the relay.
	TLS *tls.Config

	// MaxBody is the longest request body in bytes; 0 for no limit. A claim
	// may set a lower one.
	MaxBody int64

	MaxLinks   int // of a claim; default 64
	MaxWaiting int // requests that wait for a link of a claim; default 1024
	MaxConns   int // connections of senders; default 100,000

	// MaxPerAddress is how many connections of senders one address may hold:
	// an IPv4 address or an IPv6 /64. Loopback is exempt. Default 1,000.
	MaxPerAddress int

	// MaxQueue, MaxQueueBytes and MaxQueueAge bound what of a claim may wait in
	// the queue: deliveries, bytes of them, and the age of the oldest. A claim
	// may set lower ones. Defaults: 10,000, 1 GiB, 7 days.
	MaxQueue      int
	MaxQueueBytes int64
	MaxQueueAge   time.Duration

	// DiskReserve is how many bytes of the disk are left free: below that, no
	// delivery is taken into the queue. The default is the larger of 256 MiB and
	// 5 % of the disk; a negative one means none.
	DiskReserve int64

	LinkWait      time.Duration // longest wait for a link; default 5 s
	AwayAfter     time.Duration // how long after its last link an agent is expected back; default 30 s
	AnswerTimeout time.Duration // until the home's answer begins, then 504; default 5 min
	DrainTimeout  time.Duration // for running exchanges when Serve is to end; default 10 s

	// Dialects are those that agents may use, by the names of package ptth;
	// nil means all of them.
	Dialects []string

	// Open lets agents without a token claim names over ReverseHttp; each
	// gets an unguessable ending.
	Open bool

	// Hold is how long a poll of an agent waits for a request before it is
	// answered empty. Default 25 s, in ReverseHttp and PTTH/1.0 parked 30 s.
	Hold time.Duration

	// Version, if set, is told to agents whose token is good, so that they can say
	// that there is a newer one than theirs.
	Version string

	// Ready, if set, is called once, by Serve, when connections are accepted.
	Ready func()

	Log       *slog.Logger // default: nothing is logged
	AccessLog bool         // one line at info for each request

	// CombinedLog, if not nil, gets a line in Combined Log Format for each
	// request.
	CombinedLog io.Writer
}

// OptionError is an option that makes no sense; the sentence names it.
type OptionError struct{ Detail string }

// Error returns the sentence.
func (e *OptionError) Error() string { return e.Detail }

func (o Options) withDefaults() Options {
	def(&o.MaxLinks, 64)
	def(&o.MaxWaiting, 1024)
	def(&o.MaxConns, 100_000)
	def(&o.MaxPerAddress, 1000)
	def(&o.MaxQueue, 10_000)
	def(&o.MaxQueueBytes, 1<<30)
	def(&o.MaxQueueAge, 7*24*time.Hour)
	def(&o.LinkWait, 5*time.Second)
	def(&o.AwayAfter, 30*time.Second)
	def(&o.AnswerTimeout, 5*time.Minute)
	def(&o.DrainTimeout, 10*time.Second)
	if o.TLS != nil {
		o.TLS = o.TLS.Clone()
		o.TLS.NextProtos = []string{"h2", "http/1.1"}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Domain = strings.ToLower(strings.TrimSuffix(o.Domain, "."))
	return o
}

func def[T int | int64 | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// Relay is an open relay. Its methods may be called by several goroutines.
type Relay struct {
	opts   Options
	log    *slog.Logger
	store  *store
	dir    *directory
	where  whereabouts
	via    []byte // the value that the relay adds to Via
	viaTwo []byte // the same for a message in HTTP/2
	viaOld []byte // the same for a message in HTTP/1.0

	advertised string // the value of Upgrade in an answer 426

	apiPlain, apiTLS http.Handler

	access *accessLog // nil for none

	objects *ptth.Budget // memory for what is in JSON

	// The queue is open while Serve runs: a relay that is opened to make a token
	// has nothing to do with it.
	stored   atomic.Pointer[queue.Queue]
	sending  context.Context // ends when nothing more is to leave the queue
	couriers sync.WaitGroup
	lines    sync.WaitGroup
	buffers  sync.Pool // of *[]byte

	conns connTable
	ends  atomic.Int64 // when Serve ends at the latest, as Unix nanoseconds, once it is to end
	h2    *h2Edge

	serving atomic.Pointer[[]net.Addr] // where Serve listens
	swept   atomic.Int64               // when the links were last looked at, as Unix nanoseconds
	calling atomic.Pointer[string]     // the address from which Healthy calls, while it does

	linkID atomic.Uint64
	close  sync.Once
}

// New opens the relay's data, or creates them. It starts nothing: see
// [Relay.Serve]. The caller closes the relay. The error is an [*OptionError]
// when an option is wrong.
func New(ctx context.Context, o Options) (*Relay, error) {
	o = o.withDefaults()
	where, err := newWhereabouts(o)
	if err != nil {
		return nil, err
	}
	if err := checkDialects(o.Dialects); err != nil {
		return nil, err
	}
	s, err := openStore(ctx, o.Data)
	if err != nil {
		return nil, err
	}
	r := &Relay{opts: o, log: o.Log, store: s, where: where, advertised: advertised(o.Dialects)}
	r.apiPlain, r.apiTLS = r.newAPI(false), r.newAPI(true)
	if o.CombinedLog != nil {
		r.access = &accessLog{to: o.CombinedLog}
	}
	r.buffers.New = func() any { b := make([]byte, smallBody); return &b }
	r.objects = ptth.NewBudget(objectMemory, o.LinkWait)
	r.conns.init(o.MaxConns, o.MaxPerAddress)
	r.h2 = newH2Edge(r)
	if err := r.load(ctx); err != nil {
		s.close()
		return nil, err
	}
	return r, nil
}

func (r *Relay) load(ctx context.Context) error {
	var random [4]byte
	rand.Read(random[:])
	pseudonym, err := r.store.fact(ctx, "pseudonym", "homehook-"+hex.EncodeToString(random[:]))
	if err != nil {
		return fmt.Errorf("read relay data: %w", err)
	}
	r.via, r.viaOld, r.viaTwo = []byte("1.1 "+pseudonym), []byte("1.0 "+pseudonym), []byte("2.0 "+pseudonym)
	pool := poolLimits{
		links: r.opts.MaxLinks, waiting: r.opts.MaxWaiting, wait: r.opts.LinkWait, recent: r.opts.AwayAfter,
		body: r.opts.MaxBody, queue: queue.Limits{Items: r.opts.MaxQueue, Bytes: r.opts.MaxQueueBytes, Age: r.opts.MaxQueueAge},
	}
	r.dir, err = newDirectory(ctx, r.store, pool, r.opts.Open, r.log)
	return err
}

// Close closes every connection at once and the relay's data. A Serve that
// runs returns.
func (r *Relay) Close() error {
	var err error
	r.close.Do(func() {
		r.conns.end()
		r.dir.each(func(c *claim) { c.end() })
		err = r.store.close()
	})
	return err
}

// CreateToken makes a token of the given name that may hold maxClaims names,
// and returns it. This is the one time that it can be seen. The name of a
// revoked token may be used again, with its claims. The error is
// [ErrTokenExists] when a good token has the name.
func (r *Relay) CreateToken(ctx context.Context, name string, maxClaims int) (string, error) {
	if err := tokenName(name); err != nil {
		return "", err
	}
	if maxClaims < 1 {
		return "", fmt.Errorf("a token must be allowed at least 1 claim, not %d", maxClaims)
	}
	token := newToken()
	if err := r.dir.addToken(ctx, name, hashToken(token), maxClaims); err != nil {
		return "", fmt.Errorf("create token %q: %w", name, err)
	}
	return token, nil
}

// Tokens returns all tokens, revoked ones too, in the order of their names.
func (r *Relay) Tokens(ctx context.Context) ([]Token, error) {
	recs, err := r.store.tokens(ctx)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	all := make([]Token, 0, len(recs))
	for i := range recs {
		if recs[i].Name != openToken {
			all = append(all, recs[i].Token)
		}
	}
	return all, nil
}

// RevokeToken ends a token and drops the links that it opened. The names it
// holds stay taken. The error is [ErrNoToken] when no good token has the name.
func (r *Relay) RevokeToken(ctx context.Context, name string) error {
	if err := r.dir.revokeToken(ctx, name); err != nil {
		return fmt.Errorf("revoke token %q: %w", name, err)
	}
	return nil
}

// edgeLimits are those of a sender's connection. The first request must begin
// sooner than later ones: who connects has something to say.
func (r *Relay) edgeLimits() http1.Limits {
	return http1.Limits{Body: r.opts.MaxBody, IdleTimeout: firstByte}
}

// firstByte is how long a new connection may be silent.
const firstByte = 6 * time.Second
