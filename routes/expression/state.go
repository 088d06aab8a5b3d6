package expression

import (
	"errors"
	"slices"
	"time"
)

// What an evaluation may use.
const (
	maxTime  = 100 * time.Millisecond
	maxTotal = 250 * time.Millisecond // with all others for the same delivery
	maxMade  = 16 << 20               // bytes of text that it makes, and 16 for each entry of a list
	perLook  = 4096                   // steps between two looks at the clock
)

// trouble is why an expression cannot be evaluated. It tells nothing of the
// delivery's values.
type trouble string

func (t trouble) Error() string { return string(t) }

const (
	errSlow   trouble = "this takes too long"
	errMemory trouble = "this needs too much memory"
)

// state is one evaluation.
type state struct {
	in       *Input
	steps    int
	look     int       // at which step to look at the clock
	began    time.Time // when it first looked at the clock
	deadline time.Time
	made     int

	notes []string
	unfit error // the body demands too much to be looked into
}

// budget is what the evaluations for a delivery have used together, on whichever
// routes.
type budget struct{ spent time.Duration }

// newState begins an evaluation. Where the others have used up the time, only a
// tiny one comes to its end.
func newState(in *Input) *state {
	s := &state{in: in, look: perLook}
	if in.used.spent >= maxTotal {
		s.look = perLook / 16
	}
	return s
}

// done counts the time of an evaluation that has looked at the clock.
func (s *state) done() {
	if !s.began.IsZero() {
		s.in.used.spent += time.Since(s.began)
	}
}

// tick counts n steps, before they are made: of about 50 ns, or 64 bytes of a
// text that are looked at one by one. Small expressions never look at the clock,
// so that what they come to does not depend on how busy the machine is.
func (s *state) tick(n int) error {
	s.steps += n
	if s.steps < s.look {
		return nil
	}
	s.look = s.steps + perLook
	now := time.Now()
	if s.began.IsZero() {
		s.began, s.deadline = now, now.Add(min(maxTime, maxTotal-s.in.used.spent))
	}
	if s.deadline.Sub(now) <= 0 {
		return errSlow
	}
	return nil
}

// make counts n bytes that come into being.
func (s *state) make(n int) error {
	if s.made += n; s.made > maxMade || n < 0 {
		return errMemory
	}
	return s.tick(n / 256)
}

// pass counts what it takes to go through a text.
func (s *state) pass(text string) error { return s.tick(len(text) / 64) }

// maxNotes is how many notes an evaluation leaves at most.
const maxNotes = 4

func (s *state) note(text string) {
	if text != "" && len(s.notes) < maxNotes && !slices.Contains(s.notes, text) {
		s.notes = append(s.notes, text)
	}
}

// reason is why an evaluation went wrong, in words that tell nothing of the
// delivery.
func reason(err error) error {
	if t, ok := errors.AsType[trouble](err); ok {
		return t
	}
	return trouble("the expression cannot be evaluated")
}
