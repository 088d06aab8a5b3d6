package ptth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// preference is the order in which dialects are tried.
var preference = []string{Dialect10, DialectPTTH, Dialect09, DialectComet, DialectReverseHTTP}

const (
	// upward is how often a better dialect is tried than the one in use.
	upward = 24 * time.Hour

	// maxChanges is how often a single Dial finds that the relay does not take
	// any more what it took just before.
	maxChanges = 3
)

// strippedNote is what an owner can do about an Upgrade that does not arrive.
const strippedNote = "something between this machine and the relay removes the field Upgrade from requests, " +
	"so that links are polls; use https, or have the proxy in between pass Upgrade and Connection on"

// NoDialectError reports a relay that takes none of the dialects.
type NoDialectError struct {
	Attempts []Attempt // in their order
	Note     string    // what may be in the way, a sentence; "" for nothing
}

// Error says what the relay answered to the first attempt.
func (e *NoDialectError) Error() string {
	s := "no dialect was tried"
	if len(e.Attempts) > 0 {
		s = e.Attempts[0].Err.Error()
	}
	if len(e.Attempts) > 1 {
		var others []string
		for _, a := range e.Attempts[1:] {
			others = append(others, a.Dialect)
		}
		s += "; nor does it take " + strings.Join(others, ", ") + ": check the relay's address"
	}
	if e.Note != "" {
		s += "; " + e.Note
	}
	return s
}

// Unwrap returns what the first attempt came to, a [*RefusedError].
func (e *NoDialectError) Unwrap() error {
	if len(e.Attempts) == 0 {
		return nil
	}
	return e.Attempts[0].Err
}

// choice is what a dialer has learned of its relay.
type choice struct {
	mu      sync.Mutex // guards the rest
	dialect string     // what worked last; "" when nothing did
	place   string     // where polls go; "" for the usual place
	note    string
	looked  time.Time // when better ones were tried last
	search  *search   // under way; nil for none
}

// search is the one look for a dialect that is under way. Who wants a link
// meanwhile waits for it.
type search struct {
	done chan struct{}
	err  error // valid when done is closed
}

// pollPlace is where a relay takes polls: one that took an upgrade request for
// a poll takes them there.
func (c *choice) pollPlace() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.place != "" {
		return c.place
	}
	return "comet"
}

// choose opens a link in the dialect that the relay took last, or in the best
// one that it takes.
func (d *Dialer) choose(ctx context.Context, name string) (AgentLink, error) {
	var last *RefusedError
	for changes := 0; changes < maxChanges; {
		known, s, mine := d.choice.begin(d.time(), last)
		switch {
		case mine && known != "":
			return d.lookUpward(ctx, name, known)
		case mine:
			return d.find(ctx, name, s, last)
		case s != nil:
			select {
			case <-s.done:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if s.err != nil && !errors.Is(s.err, context.Canceled) {
				return nil, s.err
			}
			continue
		}
		link, err := d.attempt(ctx, known, name, defaultDialTimeout)
		if last = nil; !errors.As(err, &last) || !last.notOffered() {
			return d.noted(link), err
		}
		changes++
	}
	return nil, last
}

// begin says what to do: with mine, to look for a dialect, for a better one
// than known if that is not empty; with a search, to wait for it; else to use
// known. last is a refusal that makes what is known worthless.
func (c *choice) begin(now time.Time, last *RefusedError) (known string, s *search, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last != nil && c.dialect == dialectOrDefault(last.Dialect) {
		c.dialect, c.place, c.note = "", "", ""
	}
	switch {
	case c.search != nil:
		return "", c.search, false
	case c.dialect == "":
		c.search = &search{done: make(chan struct{})}
		return "", c.search, true
	case c.dialect != preference[0] && now.Sub(c.looked) >= upward:
		c.looked = now // the others go on as before
		return c.dialect, nil, true
	}
	return c.dialect, nil, false
}

func dialectOrDefault(dialect string) string {
	if dialect == "" {
		return Dialect10
	}
	return dialect
}

// find is the search of a relay of which nothing is known, but perhaps what it
// refused last.
func (d *Dialer) find(ctx context.Context, name string, s *search, last *RefusedError) (AgentLink, error) {
	t := &trial{d: d, name: name, left: slices.Clone(preference)}
	if last != nil {
		t.refused(Attempt{Dialect: dialectOrDefault(last.Dialect), Err: last}, last)
	}
	link, err := t.run(ctx)
	d.choice.end(d.time(), s, link, t.note, err)
	return d.noted(link), err
}

// end takes in what a search came to.
func (c *choice) end(now time.Time, s *search, link AgentLink, note string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if link != nil {
		c.learn(link, note)
		c.looked = now
	}
	c.search, s.err = nil, err
	close(s.done)
}

func (c *choice) learn(link AgentLink, note string) {
	c.dialect, c.place, c.note = link.About().Dialect, "", note
	if l, ok := link.(*cometLink); ok {
		c.place = l.place
	}
}

// lookUpward tries what is better than the known dialect, and falls back on
// that.
func (d *Dialer) lookUpward(ctx context.Context, name, known string) (AgentLink, error) {
	t := &trial{d: d, name: name, left: slices.Clone(preference[:slices.Index(preference, known)])}
	link, err := t.run(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		link, err = d.attempt(ctx, known, name, defaultDialTimeout)
		return d.noted(link), err
	}
	d.choice.mu.Lock()
	defer d.choice.mu.Unlock()
	if d.choice.search == nil {
		d.choice.learn(link, t.note)
	}
	return link, nil
}

// noted tells a link of what is known to be in the way of a better one.
func (d *Dialer) noted(link AgentLink) AgentLink {
	if l, ok := link.(interface{ setNote(string) }); ok {
		d.choice.mu.Lock()
		note := d.choice.note
		d.choice.mu.Unlock()
		if note != "" {
			l.setNote(note)
		}
	}
	return link
}

func (d *Dialer) time() time.Time {
	if d.now != nil {
		return d.now()
	}
	return time.Now()
}

// trial goes through dialects until one is taken.
type trial struct {
	d        *Dialer
	name     string
	left     []string
	attempts []Attempt
	stripped bool // an upgrade request did not arrive as one
	note     string
}

// run returns the first link that the relay grants. It ends early where trying
// on would not help.
func (t *trial) run(ctx context.Context) (AgentLink, error) {
	for len(t.left) > 0 {
		dialect := t.left[0]
		link, err := t.d.attempt(ctx, dialect, t.name, searchTimeout)
		if err == nil {
			if Token(link.About().Dialect) != "" {
				t.note = ""
			}
			return link, nil
		}
		var e *RefusedError
		if !errors.As(err, &e) || !e.notOffered() {
			if t.note != "" {
				err = fmt.Errorf("%w; %s", err, t.note)
			}
			return nil, err
		}
		t.refused(Attempt{Dialect: dialect, Err: err}, e)
	}
	return nil, &NoDialectError{Attempts: t.attempts, Note: t.note}
}

// refused takes in that a dialect is not offered. What the relay offers
// instead comes next. Where it offers just what was asked for, something has
// cut the question out: then only what it names is asked for in that way.
func (t *trial) refused(a Attempt, e *RefusedError) {
	t.attempts = append(t.attempts, a)
	t.left = slices.DeleteFunc(t.left, func(s string) bool { return s == a.Dialect })
	var named []string
	for token := range strings.SplitSeq(e.Offers, ",") {
		for _, dialect := range t.left {
			if strings.EqualFold(dialect, strings.TrimSpace(token)) {
				named = append(named, dialect)
			}
		}
	}
	if e.stripped() {
		t.stripped, t.note = true, strippedNote
	}
	t.left = slices.DeleteFunc(t.left, func(s string) bool {
		return slices.Contains(named, s) || t.stripped && Token(s) != ""
	})
	t.left = append(named, t.left...)
}
