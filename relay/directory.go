package relay

import (
	"context"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"homehook/relay/queue"
)

const (
	// refreshEvery is how soon a running relay notices a change that another
	// process has made.
	refreshEvery = time.Second

	// refreshLeast is the least time between two looks that unknown tokens
	// cause.
	refreshLeast = 50 * time.Millisecond
)

// directory is what the relay knows of tokens and claims: the store's rows in
// memory, and beside each claim the links of its agent. Nothing outside it
// touches the store. Lock order: change, mu, then the mu of a claim.
type directory struct {
	store *store
	log   *slog.Logger
	pool  poolLimits
	open  bool // agents may claim names without a token

	stored atomic.Pointer[queue.Queue] // nil unless the relay serves

	change  sync.Mutex // held over a change of the store and what follows from it
	seen    int64      // version of the store that is in memory; guarded by change
	checked time.Time  // guarded by change

	mu     sync.RWMutex // guards the maps below
	tokens map[tokenHash]*tokenRecord
	owners map[string]*tokenRecord // the good tokens by name
	claims map[string]*claim
	regs   map[string]*registration // by the names of their claims

	// leaving are registrations that have ended while replies were on their
	// way.
	leaving []*registration
}

func newDirectory(ctx context.Context, s *store, pool poolLimits, open bool, log *slog.Logger) (*directory, error) {
	d := &directory{store: s, log: log, pool: pool, open: open, claims: map[string]*claim{}}
	d.change.Lock()
	defer d.change.Unlock()
	v, err := s.version(ctx)
	if err != nil {
		return nil, fmt.Errorf("read relay data: %w", err)
	}
	d.seen = v
	return d, d.loadLocked(ctx)
}

// claim returns the claim of a name in lower case, nil if there is none.
func (d *directory) claim(name []byte) *claim {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.claims[string(name)]
}

// token returns the good token that a bearer shows. It looks at the store
// anew before it says no, because a token may be a moment old.
func (d *directory) token(ctx context.Context, bearer []byte) (*tokenRecord, error) {
	if len(bearer) == 0 || len(bearer) > maxToken {
		return nil, errBadToken
	}
	hash := hashToken(string(bearer))
	if t := d.tokenOf(hash); t != nil {
		return t, nil
	}
	if err := d.refresh(ctx, refreshLeast); err != nil {
		d.log.Error("read relay data", keyError, err)
		return nil, errNotNow
	}
	if t := d.tokenOf(hash); t != nil {
		return t, nil
	}
	return nil, errBadToken
}

func (d *directory) tokenOf(hash tokenHash) *tokenRecord {
	d.mu.RLock()
	defer d.mu.RUnlock()
	t := d.tokens[hash]
	if t == nil || subtle.ConstantTimeCompare(t.hash[:], hash[:]) != 1 {
		return nil
	}
	return t
}

// take returns the claim of a name for a token that asks for a link, and
// creates it if the name is free.
func (d *directory) take(ctx context.Context, name string, t *tokenRecord) (*claim, error) {
	if c := d.claim([]byte(name)); c != nil {
		if c.record().Token != t.Name {
			return nil, errNotYours
		}
		return c, nil
	}
	return d.changeClaim(ctx, d.store.ensureClaim, claimRecord{Name: name, Token: t.Name, Answer: answerThrough})
}

// put creates a claim or changes its settings.
func (d *directory) put(ctx context.Context, want claimRecord) (*claim, error) {
	return d.changeClaim(ctx, d.store.putClaim, want)
}

func (d *directory) changeClaim(ctx context.Context, f func(context.Context, claimRecord) (claimRecord, error), want claimRecord) (*claim, error) {
	d.change.Lock()
	defer d.change.Unlock()
	got, err := f(ctx, want)
	if err != nil {
		return nil, err
	}
	if d.claim([]byte(got.Name)) == nil {
		if err := d.clearStrangers(ctx, &got); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.claims[got.Name]
	if c == nil {
		c = newClaim(&got, d.pool)
		d.claims[got.Name] = c
		d.log.Info("claim taken", keyClaim, got.Name, keyToken, got.Token)
	}
	c.set(&got)
	return c, nil
}

// release removes a claim that a token holds and drops its links. What waits in
// the queue for it stands in the way, unless it is to be discarded.
func (d *directory) release(ctx context.Context, name, token string, discard bool) error {
	d.change.Lock()
	defer d.change.Unlock()
	if c := d.claim([]byte(name)); c != nil && c.record().Token == token {
		c.keeping.Lock()
		defer c.keeping.Unlock()
		if err := d.clear(ctx, name, discard); err != nil {
			return err
		}
	}
	if err := d.store.removeClaim(ctx, name, token); err != nil {
		return err
	}
	d.mu.Lock()
	c, g := d.claims[name], d.regs[name]
	delete(d.claims, name)
	delete(d.regs, name)
	d.mu.Unlock()
	if g != nil {
		d.leave(g)
	}
	if c != nil {
		c.end()
	}
	d.log.Info("claim released", keyClaim, name, keyToken, token)
	return nil
}

// held returns the claims of a token in the order of their names.
func (d *directory) held(t *tokenRecord) []*claim {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var all []*claim
	for _, c := range d.claims {
		if c.record().Token == t.Name {
			all = append(all, c)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].name < all[j].name })
	return all
}

// each calls f with every claim, without a lock.
func (d *directory) each(f func(*claim)) {
	d.mu.RLock()
	all := make([]*claim, 0, len(d.claims))
	for _, c := range d.claims {
		all = append(all, c)
	}
	d.mu.RUnlock()
	for _, c := range all {
		f(c)
	}
}

// admit puts a new link into its claim's pool, at the place reserved for it,
// unless the token that opened it has ended since.
func (d *directory) admit(l *link, t *tokenRecord) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.tokens[t.hash] == nil {
		l.claim.unreserve()
		return errBadToken
	}
	return l.claim.add(l)
}

// refresh loads what another process has changed, unless the store was looked
// at within the given time.
func (d *directory) refresh(ctx context.Context, atMost time.Duration) error {
	d.change.Lock()
	defer d.change.Unlock()
	if time.Since(d.checked) < atMost {
		return nil
	}
	d.checked = time.Now()
	v, err := d.store.version(ctx)
	if err != nil || v == d.seen {
		return err
	}
	if err := d.loadLocked(ctx); err != nil {
		return err
	}
	d.seen = v
	return nil
}

// addToken and revokeToken change the store and memory alike.
func (d *directory) addToken(ctx context.Context, name string, hash tokenHash, maxClaims int) error {
	d.change.Lock()
	defer d.change.Unlock()
	if err := d.store.addToken(ctx, name, hash, maxClaims); err != nil {
		return err
	}
	return d.loadLocked(ctx)
}

func (d *directory) revokeToken(ctx context.Context, name string) error {
	if name == openToken {
		return ErrNoToken
	}
	d.change.Lock()
	defer d.change.Unlock()
	if err := d.store.revokeToken(ctx, name); err != nil {
		return err
	}
	return d.loadLocked(ctx)
}
