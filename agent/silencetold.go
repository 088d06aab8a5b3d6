package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"homehook/access"
	"homehook/agent/history"
	"homehook/routes"
)

// dayAndTime is how a person is told when something was.
const dayAndTime = time.DateTime

// lengthOf is a length of time as the configuration has it.
func lengthOf(d time.Duration) string { return routes.Duration(d).String() }

// silenced says that nothing comes for a claim.
func silenced(claim string, h *hush) routes.Notification {
	text := "No delivery has ever come."
	if !h.last.IsZero() {
		text = fmt.Sprintf("The last delivery came on %s.", h.last.Local().Format(dayAndTime))
	}
	return routes.Notification{Claim: claim, Title: fmt.Sprintf("%s is silent for %s", claim, lengthOf(h.limit)), Text: text, Urgent: true}
}

// resumed says that something comes again.
func resumed(claim string, h *hush) routes.Notification {
	return routes.Notification{
		Claim: claim, Title: fmt.Sprintf("%s: deliveries come again", claim),
		Text: fmt.Sprintf("It was silent since %s.", h.mark.Local().Format(dayAndTime)),
	}
}

// silenceFile is what is kept over a restart, so that nobody is told twice.
type silenceFile struct {
	// Silent are the claims that somebody was told of, and since when they are
	// silent.
	Silent map[string]time.Time `json:"silent"`
}

// silencePath is where the agent with that history keeps it.
func silencePath(history string) string { return filepath.Join(filepath.Dir(history), "silence.json") }

// recall reads the file. One that cannot be read is none.
func (s *silence) recall() map[string]time.Time {
	var f silenceFile
	if access.Mine(s.path) != nil {
		return nil
	}
	text, err := os.ReadFile(s.path)
	if err != nil || json.Unmarshal(text, &f) != nil {
		return nil
	}
	return f.Silent
}

// keep writes the file.
func (s *silence) keep() {
	f := silenceFile{Silent: map[string]time.Time{}}
	s.mu.Lock()
	for name, h := range s.claims {
		if h.silent {
			f.Silent[name] = h.mark
		}
	}
	s.mu.Unlock()
	text, err := json.Marshal(f)
	if err == nil {
		err = putInPlace(s.path, append(text, '\n'))
	}
	if err != nil {
		s.log.Error("which claims are silent is told again after a restart", "file", s.path, "error", err)
	}
}

const (
	// newestPages and newestPage bound how far the newest delivery of a claim is
	// looked for that is no replay.
	newestPages = 4
	newestPage  = 100
)

// newestOf is when the last delivery of a claim came that home did not reject, by
// the history.
func (a *Agent) newestOf(ctx context.Context, claim string) (newest time.Time) {
	for _, state := range []string{history.Succeeded, history.Dead, history.Duplicate, history.Waiting} {
		q := history.Query{Claim: claim, State: state, Limit: newestPage, Since: newest}
		for range newestPages {
			page, next, err := a.journal.List(ctx, q)
			if err != nil {
				a.log.Error("when the last delivery came is not known", "claim", claim, "error", err)
				return newest
			}
			at := firstOwn(page)
			if at.After(newest) {
				newest = at
			}
			if q.Cursor = next; next == "" || !at.IsZero() {
				break
			}
		}
	}
	return newest
}

// firstOwn is when the first delivery of a page came that is no replay.
func firstOwn(page []history.Delivery) time.Time {
	for i := range page {
		if page[i].ReplayOf == "" {
			return page[i].Received
		}
	}
	return time.Time{}
}

// followSilence tells of claims that are silent until ctx ends.
func (a *Agent) followSilence(ctx context.Context) {
	a.silence.run(ctx, a.publishStatus)
}

// expectSilence prepares for that.
func (a *Agent) expectSilence() {
	a.silence = newSilence(silencePath(a.opts.History), a.log)
	a.silence.paused = func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.pausing.paused
	}
	a.silence.tell = func(ctx context.Context, n routes.Notification) {
		if err := a.inbox.host.Notify(ctx, n); err != nil {
			a.log.Debug("nobody was there to be told", "claim", n.Claim, "error", err)
		}
	}
}
