package process

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Pin is the digest with which a program was approved. A nil Pin allows any. It is
// safe for concurrent use.
type Pin struct {
	path string
	want []byte

	mu   sync.Mutex
	seen fileState // of the file when it had that digest; the zero value for never
}

// NewPin makes a pin of a program's path and its digest in hex, as [Digest]
// returns it; nil if that is none.
func NewPin(path, digest string) *Pin {
	want, err := hex.DecodeString(digest)
	if err != nil || len(want) != sha256.Size {
		return nil
	}
	return &Pin{path: path, want: want}
}

// settled is how long a file must have been left alone for its state to tell
// whether it changes: what writes twice within a tick of the file system's clock
// may leave the state as it was.
const settled = 2 * time.Second

// ErrChanged is the error for a program that is not the one that was approved.
var ErrChanged = errors.New("it has changed since you approved it")

// Check reports a program that is not the one that was approved. A program that
// looks as it did when it was is not read again.
func (p *Pin) Check() error {
	if p == nil {
		return nil
	}
	state, changed, err := stateOf(p.path)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if state != (fileState{}) && state == p.seen {
		return nil
	}
	got, err := Digest(p.path)
	if err != nil {
		return err
	}
	if want := hex.EncodeToString(p.want); got != want {
		p.seen = fileState{}
		return fmt.Errorf("%w: its SHA-256 is %.12s… now, and was %.12s…", ErrChanged, got, want)
	}
	if time.Since(changed) > settled {
		p.seen = state
	}
	return nil
}

// Digest returns the SHA-256 digest of a program in hex.
func Digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
