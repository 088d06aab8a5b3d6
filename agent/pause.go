package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"homehook/access"
)

// pausing is the user's wish that nothing comes in for a while. A file beside
// the history keeps it over a restart. The agent's lock guards it.
type pausing struct {
	path   string
	paused bool
	until  time.Time   // zero: until the user resumes
	timer  *time.Timer // ends it
}

// pauseFile is the content of the file.
type pauseFile struct {
	Until time.Time `json:"until,omitzero"`
}

// pausePath is where the pause of the agent with that history is kept.
func pausePath(history string) string { return filepath.Join(filepath.Dir(history), "paused.json") }

// recallPause goes on with a pause that an agent before this one was in. A file
// that says nothing is no pause: what is owed to senders goes on in doubt.
func (a *Agent) recallPause() error {
	if err := access.Mine(a.pausing.path); err != nil {
		return fmt.Errorf("recall pause: %w", err)
	}
	text, err := os.ReadFile(a.pausing.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var f pauseFile
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		a.log.Warn("the file of the pause cannot be read, so the agent is not paused", "file", a.pausing.path, "error", err)
		return nil
	}
	if !f.Until.IsZero() && !time.Now().Before(f.Until) {
		return os.Remove(a.pausing.path)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pauseLocked(f.Until)
	return nil
}

// pause keeps deliveries at their relays and from their handlers, until a time
// or, if that is zero, until resume.
func (a *Agent) pause(until time.Time) error {
	text, err := json.Marshal(pauseFile{Until: until})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := putInPlace(a.pausing.path, append(text, '\n')); err != nil {
		return fmt.Errorf("keep pause: %w", err)
	}
	a.pauseLocked(until)
	a.reconcileLocked()
	var about []any
	if !until.IsZero() {
		about = []any{"until", until}
	}
	a.log.Info("paused", about...)
	return nil
}

// putInPlace writes a file whole or not at all, for its owner to read: what was
// there before stays if the disk is full or the power fails.
func putInPlace(path string, text []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	// The name lasts longer for it where the system syncs folders.
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
	return nil
}

func (a *Agent) pauseLocked(until time.Time) {
	a.pausing.end()
	a.pausing.paused, a.pausing.until = true, until
	if !until.IsZero() {
		a.pausing.timer = time.AfterFunc(time.Until(until), func() {
			if err := a.resume(until); err != nil {
				a.log.Error("pause does not end", "error", err)
			}
		})
	}
	if a.base != nil {
		a.inbox.executor.hold(true)
	}
}

// end stops the clock of the pause.
func (p *pausing) end() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// resume ends the pause; of one that was to last until a time, only that.
func (a *Agent) resume(until time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.pausing.paused || !until.IsZero() && !a.pausing.until.Equal(until) {
		return nil
	}
	if err := os.Remove(a.pausing.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("end pause: %w", err)
	}
	a.pausing.end()
	a.pausing.paused, a.pausing.until = false, time.Time{}
	a.inbox.executor.hold(false)
	if a.base != nil && a.base.Err() == nil {
		a.reconcileLocked()
	}
	a.silence.awake()
	a.log.Info("resumed")
	return nil
}
