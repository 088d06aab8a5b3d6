package routes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// pin is the digest with which a program was approved. A nil pin allows any.
type pin struct {
	path string
	want []byte

	mu   sync.Mutex
	seen fileState // of the file when it had that digest; the zero value for never
}

// pin checks the digest of a script's program. Whether the program has it counts
// when it is started: one that has changed stops its own route, not all others.
func (c *compiler) pin(path string, s *ScriptSpec) *pin {
	want, err := hex.DecodeString(s.SHA256)
	if err != nil || len(want) != sha256.Size {
		c.report(path, fmt.Sprintf("%q is not a SHA-256 digest", s.SHA256), "homehook route approve writes it; by hand, it is the 64 digits that sha256sum prints")
	}
	if len(s.Command) == 0 {
		return nil
	}
	return &pin{path: s.Command[0], want: want}
}

// settled is how long a file must have been left alone for its state to tell
// whether it changes: what writes twice within a tick of the file system's clock
// may leave the state as it was.
const settled = 2 * time.Second

// check reports a program that is not the one that was approved. A program that
// looks as it did when it was is not read again.
func (p *pin) check() error {
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
	if want := strings.ToLower(hex.EncodeToString(p.want)); got != want {
		p.seen = fileState{}
		return fmt.Errorf("it has changed since you approved it: its SHA-256 is %.12s… now, and was %.12s…; look at it, then run homehook route approve", got, want)
	}
	if time.Since(changed) > settled {
		p.seen = state
	}
	return nil
}

// Digest returns the SHA-256 digest of a program in hex, as ScriptSpec.SHA256
// has it.
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
