package relay

import (
	"context"
	"fmt"
)

// loadLocked reads tokens, claims and registrations from the store, puts them
// in the place of those in memory, and drops what has lost its ground. It needs
// d.change.
func (d *directory) loadLocked(ctx context.Context) error {
	tokens, err := d.store.tokens(ctx)
	if err != nil {
		return fmt.Errorf("read tokens: %w", err)
	}
	claims, err := d.store.claims(ctx)
	if err != nil {
		return fmt.Errorf("read claims: %w", err)
	}
	registrations, err := d.store.registrations(ctx)
	if err != nil {
		return fmt.Errorf("read registrations: %w", err)
	}
	d.mu.Lock()
	before := d.owners
	d.setTokens(tokens)
	gone := d.setClaims(claims)
	released, lost := d.setRegistrations(registrations)
	cut := d.withoutGround(before)
	d.mu.Unlock()
	for _, g := range released {
		d.leave(g)
	}
	for _, c := range gone {
		c.end()
		d.log.Info("claim released", keyClaim, c.name)
	}
	for _, c := range cut {
		if n := c.cut(); n > 0 {
			d.log.Info("links dropped, token revoked", keyClaim, c.name, keyToken, c.record().Token, keyLinks, n)
		}
	}
	if err := d.forget(ctx, lost); err != nil {
		return fmt.Errorf("remove registrations: %w", err)
	}
	return nil
}

func (d *directory) setTokens(tokens []tokenRecord) {
	d.tokens = make(map[tokenHash]*tokenRecord, len(tokens))
	d.owners = make(map[string]*tokenRecord, len(tokens))
	for i := range tokens {
		if t := &tokens[i]; t.Revoked.IsZero() {
			d.tokens[t.hash], d.owners[t.Name] = t, t
		}
	}
}

// setClaims returns the claims that are no more.
func (d *directory) setClaims(claims []claimRecord) (gone []*claim) {
	was := d.claims
	d.claims = make(map[string]*claim, len(claims))
	for i := range claims {
		rec := &claims[i]
		c := was[rec.Name]
		if c == nil || c.record().Token != rec.Token {
			c = newClaim(rec, d.pool)
		} else {
			delete(was, rec.Name)
			c.set(rec)
		}
		d.claims[rec.Name] = c
	}
	for _, c := range was {
		gone = append(gone, c)
	}
	return gone
}

// withoutGround returns the claims whose token is another than before, or
// none at all.
func (d *directory) withoutGround(before map[string]*tokenRecord) (cut []*claim) {
	for _, c := range d.claims {
		name := c.record().Token
		old, now := before[name], d.owners[name]
		if old != nil && (now == nil || now.hash != old.hash) {
			cut = append(cut, c)
		}
	}
	return cut
}
