package expression

import (
	"errors"
	"slices"
	"time"
)

// What an evaluation may use.
const (
	maxTime = 100 * time.Millisecond
	maxMade = 16 << 20 // bytes of text that it makes, and 16 for each entry of a list
	perLook = 4096     // steps between two looks at the clock
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
	limit    time.Duration
	steps    int
	look     int // at which step to look at the clock
	deadline time.Time
	made     int

	notes []string
	unfit error // the body demands too much to be looked into
}

func newState(in *Input) *state { return &state{in: in, limit: maxTime, look: perLook} }

// tick counts n steps. Small expressions never look at the clock, so that what
// they come to does not depend on how busy the machine is.
func (s *state) tick(n int) error {
	s.steps += n
	if s.steps < s.look {
		return nil
	}
	s.look = s.steps + perLook
	now := time.Now()
	if s.deadline.IsZero() {
		s.deadline = now.Add(s.limit)
	}
	if now.After(s.deadline) {
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
