package agent

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/history"
	"homehook/routes"
)

// checkSilence is the check of findings about claims that nothing comes for.
const checkSilence = "silence"

// settlingIn is what an agent that was off, asleep or paused waits before time that
// passed meanwhile counts as silence: relays hand over what they kept, and senders
// that had no answer try again.
const settlingIn = 15 * time.Minute

// silence knows when something last came for each claim, and tells when nothing
// has come for too long. What home has rejected does not count: anybody on the
// internet can send that. Any goroutine may use it; run owns the telling.
type silence struct {
	path   string // of the file that keeps which claims are silent
	log    *slog.Logger
	paused func() bool
	tell   func(context.Context, routes.Notification) // nobody waits for what comes of it
	wake   chan struct{}

	mu     sync.Mutex // guards the rest
	up     time.Time  // since when all that comes could have come
	claims map[string]*hush
	known  map[string]time.Time // what the file said of claims, by name
}

// hush is what is known of one claim.
type hush struct {
	limit  time.Duration // 0: it may be silent
	since  time.Time     // from when silence counts where nothing has ever come
	last   time.Time     // when the newest delivery came; zero for none
	silent bool
	mark   time.Time // when silence began, while silent
}

func newSilence(path string, log *slog.Logger) *silence {
	s := &silence{
		path: path, log: log, wake: make(chan struct{}, 1), up: time.Now().Round(0), claims: make(map[string]*hush),
		paused: func() bool { return false }, tell: func(context.Context, routes.Notification) {},
	}
	s.known = s.recall()
	return s
}

// begins is when a claim's silence began, or would have.
func (h *hush) begins() time.Time {
	if h.last.IsZero() {
		return h.since
	}
	return h.last
}

// configure follows the claims of a configuration. newest says when the last
// delivery of a claim came that was not followed until now.
func (s *silence) configure(c *config.Config, newest func(claim string) time.Time) {
	var fresh []string
	s.mu.Lock()
	kept := make(map[string]*hush, len(c.Claims))
	for _, claim := range c.Claims {
		h := s.claims[claim.Name]
		if h == nil {
			h = &hush{since: time.Now().Round(0)}
			fresh = append(fresh, claim.Name)
		}
		h.limit = time.Duration(claim.Silence)
		kept[claim.Name] = h
	}
	s.claims = kept
	s.mu.Unlock()
	for _, name := range fresh {
		s.heard(name, newest(name))
	}
	s.resumeSilent(fresh)
	s.kick()
}

// resumeSilent goes on with the silence of claims that an agent before this one has
// told of.
func (s *silence) resumeSilent(names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		h, mark := s.claims[name], s.known[name]
		if h == nil || mark.IsZero() || h.limit == 0 || h.last.After(mark) {
			continue
		}
		h.silent, h.mark, h.since = true, mark, mark
	}
	s.known = nil
}

// note takes in a delivery as the history has it now.
func (s *silence) note(d *history.Delivery) {
	switch {
	case d.ReplayOf != "":
		return
	case d.State == history.Running && d.Starts > 0: // a handler has begun
	case d.State == history.Succeeded, d.State == history.Dead, d.State == history.Duplicate, d.State == history.Waiting:
	default:
		return
	}
	s.heard(d.Claim, d.Received)
}

// heard notes when a delivery of a claim came. The clock is the relay's, and one that
// is ahead must not put off the warning.
func (s *silence) heard(claim string, at time.Time) {
	if now := time.Now(); at.After(now) {
		at = now
	}
	s.mu.Lock()
	h := s.claims[claim]
	newer := h != nil && at.After(h.last)
	if newer {
		h.last = at.Round(0)
	}
	ends := newer && h.silent
	s.mu.Unlock()
	if ends {
		s.kick()
	}
}

// awake says that deliveries could not come until now.
func (s *silence) awake() {
	s.mu.Lock()
	s.up = time.Now().Round(0)
	s.mu.Unlock()
	s.kick()
}

func (s *silence) kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run tells of claims that become silent, and of those that are so no more, until
// ctx ends. changed is called for each, when it can be seen.
func (s *silence) run(ctx context.Context, changed func()) {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-s.wake:
		}
		if s.paused() {
			s.mu.Lock()
			s.up = time.Now().Round(0)
			s.mu.Unlock()
		}
		news, moved, next := s.look(time.Now().Round(0))
		t.Reset(next)
		if !moved {
			continue
		}
		s.keep()
		changed()
		for _, n := range news {
			s.tell(ctx, n)
		}
	}
}

// look finds out which claims are silent by a time, and when to look again: what is to
// be told of that, and whether any has moved, since a changed limit is no news.
func (s *silence) look(now time.Time) (news []routes.Notification, moved bool, next time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next = 24 * time.Hour
	for name, h := range s.claims {
		due := h.begins().Add(h.limit)
		switch {
		case h.limit == 0:
			moved = moved || h.silent
			h.silent = false
		case h.silent && now.Before(due):
			h.silent, moved = false, true
			if h.last.After(h.mark) { // and the limit was not only raised
				s.log.Info("deliveries come again", "claim", name, "silent_since", h.mark)
				news = append(news, resumed(name, h))
			}
		case h.silent:
			continue
		}
		if h.limit == 0 {
			continue
		}
		if settled := s.up.Add(min(h.limit, settlingIn)); settled.After(due) {
			due = settled
		}
		if wait := due.Sub(now); wait > 0 {
			next = min(next, wait)
			continue
		}
		h.silent, h.mark, moved = true, h.begins(), true
		s.log.Warn("no delivery has come for too long", "claim", name, "since", h.mark, "silence", routes.Duration(h.limit).String())
		news = append(news, silenced(name, h))
	}
	return news, moved, next
}

// show fills in what is known of a claim.
func (s *silence) show(c *control.Claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.claims[c.Name]; h != nil {
		c.LastDelivery, c.Silence, c.Silent = h.last, h.limit.Seconds(), h.silent
	}
}

// silenceFinding tells of a silent claim.
func silenceFinding(c *control.Claim) control.Finding {
	text := "no delivery has ever come"
	if !c.LastDelivery.IsZero() {
		text = "no delivery has come since " + c.LastDelivery.Local().Format(dayAndTime)
	}
	return control.Finding{
		Check: checkSilence, Subject: c.Name, State: control.FindingWarning,
		Text: fmt.Sprintf("%s, which is longer than %s", text, lengthOf(time.Duration(c.Silence*float64(time.Second)))),
		Remedy: "look at the sender's own list of deliveries, and whether it still has the address of this claim, " +
			"or change silence: of the claim",
	}
}

// silenceFindings are those of all claims that are silent.
func silenceFindings(claims []control.Claim) (found []control.Finding) {
	for i := range claims {
		if claims[i].Silent {
			found = append(found, silenceFinding(&claims[i]))
		}
	}
	return found
}
