package relay

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"homehook/ptth"
)

const (
	minLease     = 30 * time.Second
	defaultLease = 24 * time.Hour // agents in use state none, and never claim again
	maxLease     = 30 * 24 * time.Hour

	// Of a name claimed without a token.
	defaultOpenLease = time.Hour
	maxOpenLease     = 24 * time.Hour

	// strongToken is the least length of an open agent's token that proves
	// later that it is the same agent.
	strongToken = 16

	saltBytes  = 20
	nonceBytes = 10
	macBytes   = 16

	// spentKept is how many request URLs of a registration are remembered
	// after they were answered.
	spentKept = 64
)

// registration is a name that an agent has claimed over ReverseHttp. Its URLs
// hold a secret, of which the relay keeps the hash only.
type registration struct {
	claim *claim
	rec   atomic.Pointer[registrationRecord]
	ours  atomic.Bool // the agent knows the fields that Homehook negotiates
	addr  netip.Addr  // of an agent without a token

	mu     sync.Mutex // guards what follows; the claim's is locked under it
	parked map[string]*link
	polls  int      // open ones
	spent  []string // ids that were answered, the latest at the end
	ended  bool
}

func newRegistration(c *claim, rec *registrationRecord) *registration {
	g := &registration{claim: c, parked: map[string]*link{}}
	g.rec.Store(rec)
	g.touch()
	return g
}

// record returns what is kept of the registration, which must not be changed.
func (g *registration) record() *registrationRecord { return g.rec.Load() }

// touch begins the lease anew: the agent was there.
func (g *registration) touch() {
	g.claim.lease.Store(time.Now().Add(g.record().Lease).UnixNano())
}

// opens reports whether a secret is the registration's.
func (g *registration) opens(secret string) bool {
	hash, want := hashToken(secret), g.record().Secret
	return subtle.ConstantTimeCompare(hash[:], want[:]) == 1
}

// park takes note of a poll at the URL with the given id. An older poll there
// is the same agent's, which has lost it: it leaves the pool.
func (g *registration) park(id string, l *link) *refusal {
	g.mu.Lock()
	old := g.parked[id]
	switch {
	case g.ended, slices.Contains(g.spent, id), g.claim.replies.Waiting(id):
		g.mu.Unlock()
		return errUnknown
	}
	g.parked[id] = l
	g.polls++
	g.mu.Unlock()
	g.touch()
	if old != nil && g.claim.withdraw(old) {
		old.Close()
	}
	return nil
}

// unpark forgets a poll that has ended, and reports whether the registration
// has ended too.
func (g *registration) unpark(id string, l *link) (ended bool) {
	g.touch()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.polls--
	if g.parked[id] == l {
		delete(g.parked, id)
	}
	return g.ended
}

// take returns the exchange that waits for a reply at the URL with the given
// id, nil when none does. The URL is of no more use then.
func (g *registration) take(id string) *ptth.Awaited {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.claim.replies.Take(id)
	if a != nil {
		if len(g.spent) == spentKept {
			g.spent = slices.Delete(g.spent, 0, 1)
		}
		g.spent = append(g.spent, id)
	}
	return a
}

// busy reports whether the agent polls, or has a request to answer.
func (g *registration) busy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.polls > 0 || g.claim.replies.Len() > 0
}

func (g *registration) isEnded() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ended
}

// end ends the open polls. Exchanges under way go on.
func (g *registration) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	for _, l := range g.parked {
		if g.claim.withdraw(l) {
			l.Close()
		}
	}
}

// polledOnly reports whether all links of a claim, and those that are being
// opened, are polls of ReverseHttp.
func (c *claim) polledOnly() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.coming == 0 && c.polledOnlyLocked()
}

func (c *claim) polledOnlyLocked() bool {
	return !slices.ContainsFunc(c.all, func(l *link) bool { return l.traits.Dialect != ptth.DialectReverseHTTP })
}

// retire ends a claim, but lets the exchanges under way finish.
func (c *claim) retire() {
	c.drain()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for c.first != nil {
		w := c.first
		c.unlinkLocked(w)
		w.hand <- nil
	}
}

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newSalt makes what a registration's secret is made of.
func newSalt() []byte {
	b := make([]byte, saltBytes)
	rand.Read(b)
	return b
}

// secretOf makes the secret of a registration's URLs. Whoever shows the token
// again gets the same URLs, and who reads the store gets none.
func secretOf(token string, salt []byte) string {
	m := hmac.New(sha256.New, []byte(token))
	m.Write([]byte("reversehttp url\x00"))
	m.Write(salt)
	return lowerBase32.EncodeToString(m.Sum(nil)[:saltBytes])
}

// newRequestID makes the last part of a Request URL. It proves by itself that
// it was given out with that secret, so that it outlives a restart.
func newRequestID(secret string) string {
	var b [nonceBytes + macBytes]byte
	rand.Read(b[:nonceBytes])
	copy(b[nonceBytes:], requestMAC(secret, b[:nonceBytes]))
	return lowerBase32.EncodeToString(b[:])
}

func goodRequestID(secret, id string) bool {
	b, err := lowerBase32.DecodeString(id)
	return err == nil && len(b) == nonceBytes+macBytes && lowerBase32.EncodeToString(b) == id &&
		hmac.Equal(b[nonceBytes:], requestMAC(secret, b[:nonceBytes]))
}

func requestMAC(secret string, nonce []byte) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("request url\x00"))
	m.Write(nonce)
	return m.Sum(nil)[:macBytes]
}

// openName makes a name that nobody guesses of one that was asked for.
func openName(asked string) string {
	var b [16]byte
	rand.Read(b[:])
	suffix := "-" + lowerBase32.EncodeToString(b[:])
	asked = asked[:min(len(asked), maxName-len(suffix))]
	return strings.TrimRight(asked, "-") + suffix
}
