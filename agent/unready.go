package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/credentials"
)

// The credentials may not be there to be read: their root key is in a keyring that
// nobody has unlocked yet, or it is lost. The agent runs all the same, and holds
// off what would need one: claims have no links then, so that their relays queue,
// and what was left unfinished for them gets no turn. All of that goes on by
// itself once the root key is there.

// lookAgain is the time between two looks at credentials that will hardly become
// readable by themselves.
const lookAgain = 5 * time.Second

// followCredentials has everything that waits for the credentials go on when they
// can be read, until ctx ends.
func (a *Agent) followCredentials(ctx context.Context) {
	for told := ""; ctx.Err() == nil; {
		err := a.opts.Credentials.Ready()
		if err == nil || textOf(err) != told {
			a.refresh()
			a.tellCredentials(told, err)
			told = textOf(err)
		}
		if err != nil && a.opts.Credentials.Wait(ctx) == nil {
			continue
		}
		var again <-chan time.Time
		if err != nil || a.isUnsealed() {
			again = time.After(lookAgain)
		}
		select {
		case <-ctx.Done():
		case <-a.closed:
		case <-again:
		}
	}
}

// tellCredentials logs that the credentials cannot be read any more, or can again.
// told is what stood in the way until now.
func (a *Agent) tellCredentials(told string, err error) {
	switch {
	case err == nil && told == "":
	case err == nil:
		a.log.Info("the credentials can be read; what waited for them goes on")
	case errors.Is(err, credentials.ErrLocked):
		a.log.Warn("what needs a credential waits, all else goes on", "reason", err, "remedy", unlockRemedy)
	default:
		a.log.Error("what needs a credential cannot be done", "error", err)
	}
}

// isUnsealed reports whether nothing comes into the history for want of its key.
func (a *Agent) isUnsealed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.unsealed != nil
}

// refresh makes what the credentials are now count everywhere.
func (a *Agent) refresh() {
	a.journal.veil.renew()
	a.mu.Lock()
	if a.unsealed != nil && a.opts.Credentials.Ready() == nil {
		a.redactLocked(a.config.History.Redact)
	}
	if a.base != nil && a.base.Err() == nil {
		a.reconcileLocked()
	}
	a.mu.Unlock()
	if a.opts.Credentials.Ready() == nil {
		a.inbox.executor.wakeUnchecked()
	}
	a.publishStatus()
}

// values returns the values of a credential that are valid, newest first.
func (a *Agent) values(name string) ([]string, error) {
	all, err := a.opts.Credentials.All(name)
	if err != nil && a.opts.Credentials.Ready() != nil {
		select {
		case a.closed <- struct{}{}: // they could be read until now
		default:
		}
	}
	return all, err
}

// obstacleLocked says why nothing may come in for a claim, and nothing of it run;
// nil if nothing stands in the way.
func (a *Agent) obstacleLocked(claim *config.Claim) error {
	switch err := a.opts.Credentials.Ready(); {
	case errors.Is(a.unsealed, credentials.ErrLocked):
		return fmt.Errorf("%w, which has the key for what history.redact names", credentials.ErrLocked)
	case a.unsealed != nil:
		return errUnsealed
	case err == nil || !needsCredential(a.config, claim):
		return nil
	case errors.Is(err, credentials.ErrLocked):
		return credentials.ErrLocked // the rest of it is told once, in the status
	}
	return errUnreadable
}

var (
	errUnsealed   = errors.New("what history.redact names could not be sealed; see: homehook status")
	errUnreadable = errors.New("its credentials cannot be read; see: homehook secret store")
)

// withholdLocked keeps the handlers of claims from running that wait for a
// credential, and lets go those that do not any more.
func (a *Agent) withholdLocked() {
	claims := map[string]bool{}
	if a.opts.Credentials.Ready() != nil {
		for i := range a.config.Claims {
			if c := &a.config.Claims[i]; needsCredential(a.config, c) {
				claims[c.Name] = true
			}
		}
	}
	a.inbox.executor.withhold(a.unsealed != nil, claims)
}

// unhindered says why a delivery of a claim cannot be run again just now.
func (b *backend) unhindered(claim string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.inbox.claimOf(claim)
	if c == nil {
		c = &config.Claim{Name: claim}
	}
	if err := b.obstacleLocked(c); err != nil {
		return refusedFor(fmt.Errorf("it would need a credential: %w", err))
	}
	return nil
}

// refusedFor marks an error of the credentials as the state that they are in.
func refusedFor(err error) error {
	if errors.Is(err, credentials.ErrLocked) {
		return marked{err, control.ErrLocked}
	}
	return marked{err, control.ErrConflict}
}

// unsealedFindings say that nothing comes in for want of the history's own key.
func (b *backend) unsealedFindings() []control.Finding {
	b.mu.Lock()
	err := b.unsealed
	b.mu.Unlock()
	if err == nil {
		return nil
	}
	f := control.Finding{
		Check: checkHistory, State: control.FindingProblem, Text: "nothing is taken in, since what history.redact names could not be sealed: " + err.Error(),
		Remedy: unlockRemedy,
	}
	switch {
	case errors.Is(err, credentials.ErrLocked):
		f.Action.Kind = control.ActionUnlock
	case b.opts.Credentials.Ready() != nil:
		f.Remedy = seeStore
	default:
		f.Remedy = "have a new key made, which gives up what waits sealed under the old one: homehook secret remove " + sealName
	}
	return []control.Finding{f}
}

// credentialStore says where the credentials are kept, and whether they can be
// read.
func (b *backend) credentialStore() control.CredentialStore {
	return StoreOf(b.opts.Credentials)
}

// StoreOf says where the root key of a store is, and whether it can be had.
func StoreOf(s *credentials.Store) control.CredentialStore {
	out := control.CredentialStore{Store: string(s.Place()), State: control.CredentialsReady}
	switch err := s.Ready(); {
	case err == nil && s.Place() == credentials.PlacePlain:
		out.Text = "left in the clear by an earlier version; they are sealed as soon as the keyring is unlocked"
	case err == nil:
	case errors.Is(err, credentials.ErrLocked):
		out.State, out.Text = control.CredentialsWaiting, err.Error()
	default:
		out.State, out.Text = control.CredentialsProblem, err.Error()
	}
	return out
}
