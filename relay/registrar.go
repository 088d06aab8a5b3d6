package relay

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// maxOpenNames is how many names agents at one address may hold without a
// token.
const maxOpenNames = 64

var errOpenNames = refuseFor(429, 60, "agents at this address hold as many names as they may without a token")

// registerWish is what an agent asks for at the access point of ReverseHttp.
type registerWish struct {
	name  string        // in lower case
	token string        // as the agent shows it; may be empty where open is set
	owner *tokenRecord  // of that token
	open  bool          // the agent has no token of the relay's
	lease time.Duration // 0 for not stated
	addr  netip.Addr
}

// leaseOf returns the lease that a wish comes to, where was is granted so far,
// 0 for nothing.
func (w *registerWish) leaseOf(was time.Duration) time.Duration {
	usual, most := defaultLease, maxLease
	if w.open {
		usual, most = defaultOpenLease, maxOpenLease
	}
	switch {
	case w.lease != 0:
		return min(max(w.lease, minLease), most)
	case was != 0:
		return was
	}
	return usual
}

// registration returns that of a name in lower case, nil if there is none.
func (d *directory) registration(name []byte) *registration {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.regs[string(name)]
}

// released returns one of a name that has ended of late and is opened by the
// secret, so that replies under way arrive; nil if there is none.
func (d *directory) released(name []byte, secret string) *registration {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, g := range d.leaving {
		if g.claim.name == string(name) && g.opens(secret) {
			return g
		}
	}
	return nil
}

// owner returns the good token that holds a claim, nil if there is none.
func (d *directory) owner(c *claim) *tokenRecord {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.owners[c.record().Token]
}

// openOwner is the owner of what agents without a token claim.
func (d *directory) openOwner() *tokenRecord {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.owners[openToken]
}

// register makes a registration, or refreshes the one that the same agent has.
// It returns the secret of its URLs too, and whether it was made.
func (d *directory) register(ctx context.Context, w registerWish) (g *registration, secret string, made bool, err error) {
	d.change.Lock()
	defer d.change.Unlock()
	if g := d.same(&w); g != nil {
		err := d.updateLocked(ctx, g, func(rec *registrationRecord) { rec.Lease = w.leaseOf(rec.Lease) })
		return g, secretOf(w.token, g.record().Salt), false, err
	}
	if w.open && d.registration([]byte(w.name)) != nil {
		return nil, "", false, errNotYours
	}
	if w.open && !d.roomFor(w.addr) {
		return nil, "", false, errOpenNames
	}
	rec := registrationRecord{Name: w.name, Asked: w.name, Token: hashToken(w.token), Salt: newSalt(), Lease: w.leaseOf(0)}
	if w.open {
		rec.Name = openName(w.name)
	}
	secret = secretOf(w.token, rec.Salt)
	rec.Secret = hashToken(secret)
	got, rec, err := d.store.register(ctx, claimRecord{Name: rec.Name, Token: w.owner.Name, Answer: answerThrough}, rec)
	if err != nil {
		return nil, "", false, err
	}
	if d.claim([]byte(got.Name)) == nil {
		if err := d.clearStrangers(ctx, &got); err != nil {
			return nil, "", false, err
		}
	}
	return d.enter(&got, &rec, w.addr), secret, true, nil
}

// same returns the registration that the wish refreshes, nil if there is none.
func (d *directory) same(w *registerWish) *registration {
	d.mu.RLock()
	defer d.mu.RUnlock()
	hash := hashToken(w.token)
	if !w.open {
		if g := d.regs[w.name]; g != nil && g.record().Token == hash {
			return g
		}
		return nil
	}
	// The whole name stands in the public URL, so a token that everybody knows
	// must not be enough to take it over.
	if g := d.regs[w.name]; g != nil && isOwn(w.token) && g.claim.record().Token == openToken && g.record().Token == hash {
		return g
	}
	if len(w.token) < strongToken {
		return nil
	}
	for _, g := range d.regs {
		rec := g.record()
		if rec.Asked == w.name && rec.Token == hash && g.claim.record().Token == openToken {
			return g
		}
	}
	return nil
}

// isOwn reports whether a token is one that its agent has chosen: old clients send
// a hyphen where nobody chose one.
func isOwn(token string) bool { return token != "" && token != "-" }

// roomFor reports whether an address may hold one more name without a token.
func (d *directory) roomFor(a netip.Addr) bool {
	if !a.IsValid() {
		return true
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	n := 0
	for _, g := range d.regs {
		if g.addr == a {
			n++
		}
	}
	return n < maxOpenNames
}

// enter puts a registration that is in the store into memory.
func (d *directory) enter(claim *claimRecord, rec *registrationRecord, a netip.Addr) *registration {
	d.mu.Lock()
	c := d.claims[claim.Name]
	if c == nil {
		c = newClaim(claim, d.pool)
		d.claims[claim.Name] = c
		d.log.Info("claim taken", keyClaim, claim.Name, keyToken, claim.Token)
	}
	old := d.regs[rec.Name]
	g := newRegistration(c, rec)
	g.addr = a
	d.regs[rec.Name] = g
	d.mu.Unlock()
	if old != nil {
		old.end()
	}
	return g
}

// update changes what may change of a registration.
func (d *directory) update(ctx context.Context, g *registration, change func(*registrationRecord)) error {
	d.change.Lock()
	defer d.change.Unlock()
	if d.registration([]byte(g.claim.name)) != g {
		return errUnknown
	}
	return d.updateLocked(ctx, g, change)
}

// updateLocked needs d.change. It begins the lease anew.
func (d *directory) updateLocked(ctx context.Context, g *registration, change func(*registrationRecord)) error {
	rec := *g.record()
	change(&rec)
	if was := g.record(); rec.Lease != was.Lease || rec.Token != was.Token {
		if err := d.store.updateRegistration(ctx, rec); err != nil {
			return err
		}
		g.rec.Store(&rec)
	}
	g.touch()
	return nil
}

// unregister ends a registration, and its claim too if that was made for it
// and has neither other links nor deliveries in the queue. The error is [errUnknown] when it has ended already.
func (d *directory) unregister(ctx context.Context, g *registration) error {
	d.change.Lock()
	defer d.change.Unlock()
	name := g.claim.name
	if d.registration([]byte(name)) != g {
		return errUnknown
	}
	g.claim.keeping.Lock()
	defer g.claim.keeping.Unlock()
	waiting, _ := d.queued(name)
	withClaim := g.record().Made && g.claim.polledOnly() && waiting == 0
	if err := d.store.unregister(ctx, name, withClaim); err != nil {
		return err
	}
	d.mu.Lock()
	delete(d.regs, name)
	if withClaim {
		delete(d.claims, name)
	}
	d.leaving = append(d.leaving, g)
	d.mu.Unlock()
	d.leave(g)
	if withClaim {
		g.claim.retire()
		d.log.Info("claim released", keyClaim, name, keyToken, g.claim.record().Token)
	}
	return nil
}

// leave ends a registration that the directory has no more.
func (d *directory) leave(g *registration) {
	g.end()
	g.claim.lease.Store(0)
}

// expire ends the registrations whose lease is over.
func (d *directory) expire(ctx context.Context) {
	d.mu.Lock()
	d.leaving = slices.DeleteFunc(d.leaving, func(g *registration) bool { return g.claim.replies.Len() == 0 })
	var over []*registration
	for _, g := range d.regs {
		if g.busy() {
			g.touch()
		} else if !g.claim.leased() {
			over = append(over, g)
		}
	}
	d.mu.Unlock()
	for _, g := range over {
		if err := d.unregister(ctx, g); err != nil && ctx.Err() == nil {
			d.log.Error("end registration", keyClaim, g.claim.name, keyError, err)
		}
	}
}

// setRegistrations takes those of the store. It returns the ones in memory that
// are no more, and those in the store whose token was revoked. It needs d.mu,
// behind the setting of tokens and claims.
func (d *directory) setRegistrations(recs []registrationRecord) (gone []*registration, lost []registrationRecord) {
	was := d.regs
	d.regs = make(map[string]*registration, len(recs))
	for i := range recs {
		rec := &recs[i]
		c := d.claims[rec.Name]
		if c == nil {
			continue
		}
		owner, open := d.owners[c.record().Token], c.record().Token == openToken
		switch {
		case open && !d.open:
			continue // for the relay that serves to remove
		case owner == nil, !open && owner.hash != rec.Token:
			lost = append(lost, *rec)
			continue
		}
		g := was[rec.Name]
		if g == nil || g.claim != c || !bytes.Equal(g.record().Salt, rec.Salt) {
			g = newRegistration(c, rec)
		} else {
			delete(was, rec.Name)
		}
		g.rec.Store(rec)
		d.regs[rec.Name] = g
	}
	for _, g := range was {
		gone = append(gone, g)
	}
	return gone, lost
}

// forget drops registrations that have lost their ground. The names stay with
// their tokens.
func (d *directory) forget(ctx context.Context, lost []registrationRecord) error {
	for _, rec := range lost {
		if err := d.store.unregister(ctx, rec.Name, false); err != nil {
			return err
		}
	}
	return nil
}

// dropOpen releases the names that were claimed without a token while the relay
// was open, if it is not any longer.
func (d *directory) dropOpen(ctx context.Context) error {
	if d.open {
		return nil
	}
	var names []string
	d.each(func(c *claim) {
		if c.record().Token == openToken {
			names = append(names, c.name)
		}
	})
	for _, name := range names {
		if err := d.release(ctx, name, openToken, true); err != nil {
			return fmt.Errorf("release open name: %w", err)
		}
	}
	return nil
}
