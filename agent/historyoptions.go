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

// historyOptions translates the settings of the history.
func (a *Agent) historyOptions(h config.History) (history.Options, error) {
	o := history.Options{Keep: h.Keep, MaxSize: int64(h.MaxSize), Body: int(h.Body), Redact: h.Redact, Log: a.log}
	seal, err := a.seal(len(h.Redact) > 0)
	o.Seal = seal
	return o, err
}

// redact puts the rules of redaction in force. The first ones need a key, which
// is made for them.
func (a *Agent) redact(rules []string) error {
	key, err := a.seal(len(rules) > 0)
	if err == nil {
		err = a.journal.SetSeal(key)
	}
	if err == nil {
		err = a.journal.SetRedact(rules)
	}
	if err != nil {
		a.log.Error("what history.redact says now does not count yet", "error", err)
		return fmt.Errorf("what history.redact says does not count yet: %w", err)
	}
	return nil
}

// seal returns the key of the history, nil when there is none and none is
// wanted.
func (a *Agent) seal(wanted bool) ([]byte, error) {
	text, err := a.opts.Credentials.Get(sealName)
	if errors.Is(err, credentials.ErrNotFound) {
		if !wanted {
			return nil, nil
		}
		key := make([]byte, 32)
		rand.Read(key)
		text = hex.EncodeToString(key)
		err = a.opts.Credentials.Set(sealName, text)
	}
	if err != nil {
		return nil, fmt.Errorf("keep key of history: %w", err)
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("credential %q is not a key of the history; remove it to have a new one made", sealName)
	}
	return key, nil
}
