package agent

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"homehook/agent/config"
	"homehook/agent/credentials"
	"homehook/agent/history"
)

// sealName is the credential with the key under which the history keeps what it
// may not show, until it is not needed any more.
const sealName = "history/seal"

// historyOptions translates the settings of the history. Without the key for what
// is to be redacted the history opens all the same, and nothing comes into it: see
// obstacleLocked.
func (a *Agent) historyOptions(h config.History) history.Options {
	o := history.Options{Keep: h.Keep, MaxSize: int64(h.MaxSize), Body: int(h.Body), Log: a.log}
	if o.Seal, a.unsealed = a.seal(len(h.Redact) > 0); a.unsealed == nil {
		o.Redact = h.Redact
	}
	a.tellUnsealed()
	return o
}

// redactLocked puts the rules of redaction in force. The first ones need a key,
// which is made for them.
func (a *Agent) redactLocked(rules []string) {
	key, err := a.seal(len(rules) > 0)
	if err == nil {
		err = a.journal.SetSeal(key)
	}
	if err == nil {
		err = a.journal.SetRedact(rules)
	}
	before := textOf(a.unsealed)
	if a.unsealed = err; textOf(err) != before {
		a.tellUnsealed()
	}
}

// tellUnsealed logs why the history cannot redact, unless that passes by itself.
func (a *Agent) tellUnsealed() {
	if a.unsealed != nil && !errors.Is(a.unsealed, credentials.ErrLocked) {
		a.log.Error("what history.redact says does not count yet, so nothing is taken in", "error", a.unsealed)
	}
}

// seal returns the key of the history, nil when there is none and none is
// wanted. One that is lost for good is not waited for unless it is wanted.
func (a *Agent) seal(wanted bool) ([]byte, error) {
	store := a.opts.Credentials
	text, err := store.Get(sealName)
	switch {
	case err == nil:
	case errors.Is(err, credentials.ErrNotFound) && !wanted:
		return nil, nil
	case errors.Is(err, credentials.ErrNotFound):
		key := make([]byte, 32)
		rand.Read(key)
		text = hex.EncodeToString(key)
		err = store.Set(sealName, text)
	case !wanted && store.Ready() == nil:
		a.log.Error("what was redacted and is unfinished cannot be read any more", "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("key of the history: %w", err)
	}
	return sealKey(text)
}

// sealKey reads the key of the history.
func sealKey(text string) ([]byte, error) {
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("credential %q is not a key of the history; remove it to have a new one made", sealName)
	}
	return key, nil
}
