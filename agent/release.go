package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"homehook/agent/config"
	"homehook/agent/control"
)

// ReleaseClaim gives a claim back to its relay and takes it out of the
// configuration. Its links are ended first: they would be dialled again as soon
// as the relay drops them, and take the claim anew.
func (b *backend) ReleaseClaim(ctx context.Context, name string, discard bool) error {
	b.mu.Lock()
	k := b.keepers[name]
	b.releasing[name] = true
	b.mu.Unlock()
	if k != nil {
		k.stop()
		select {
		case <-k.done:
		case <-ctx.Done():
		}
	}
	err := release(ctx, b.opts.Config, b.opts.Credentials.Get, b.unserved, name, discard)
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.releasing, name)
	if err == nil {
		b.withoutLocked(name)
	} else if k != nil && b.keepers[name] == k {
		b.partLocked(name, k) // to be started anew
	}
	if b.base != nil && b.base.Err() == nil {
		b.reconcileLocked()
	}
	return translated(err)
}

// withoutLocked takes a claim out of the configuration in use: the file without
// it is read a while later, and until then a keeper would take the claim anew.
func (a *Agent) withoutLocked(name string) {
	c := *a.config
	c.Claims = slices.DeleteFunc(slices.Clone(c.Claims), func(c config.Claim) bool { return c.Name == name })
	a.config = &c
	a.inbox.install(&c)
}

// Release gives a claim back to its relay and takes it out of the
// configuration file. secret returns the value of a credential. A claim that
// routes still use, whose relay cannot be reached, or, unless discard is set,
// for which deliveries wait at the relay ([control.ErrQueued]), stays as it is.
func Release(ctx context.Context, path string, secret func(name string) (string, error), name string, discard bool) error {
	return release(ctx, path, secret, func(r config.Relay) error {
		if r.Embedded {
			return errUnembedded // it runs in the agent, if it does
		}
		return nil
	}, name, discard)
}

// release is Release; served says why nothing may be sent to a relay.
func release(ctx context.Context, path string, secret func(name string) (string, error), served func(config.Relay) error, name string, discard bool) error {
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	defer c.Table.Close()
	i := slices.IndexFunc(c.Claims, func(c config.Claim) bool { return c.Name == name })
	if i < 0 {
		return fmt.Errorf("claim %q: %w", name, control.ErrNotFound)
	}
	if err := c.Removable(name); err != nil {
		return err
	}
	if err := giveBack(ctx, c, c.Claims[i], secret, served, discard); err != nil {
		return fmt.Errorf("release %q at relay %q: %w", name, c.Claims[i].Relay, err)
	}
	return config.RemoveClaim(path, name)
}

func giveBack(ctx context.Context, c *config.Config, claim config.Claim, secret func(string) (string, error), served func(config.Relay) error, discard bool) error {
	for _, r := range c.Relays {
		if r.Name != claim.Relay {
			continue
		}
		if err := served(r); err != nil {
			return err
		}
		token := ""
		if r.Token != "" {
			var err error
			if token, err = secret(r.Token); err != nil {
				return err
			}
		}
		d, err := newDialer(r, token, secret)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, registryTimeout)
		defer cancel()
		reg := newRegistry(d)
		if ours, err := reg.ours(ctx); err != nil || !ours {
			return err
		}
		if err := reg.remove(ctx, claim.Name, discard); !errors.Is(err, errForeign) {
			return err
		}
	}
	return nil
}
