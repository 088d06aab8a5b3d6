package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// session is one run of one program: its folder, its random numbers and its
// summary.
type session struct {
	summary
	dir  string
	keep bool
	bin  string // folder with programs that are built already
	race bool
	// ordered makes it a violation when scripts do not run in order.
	ordered bool
	began   time.Time
}

// summary is what a program prints in the end.
type summary struct {
	Program string  `json:"program"`
	OK      bool    `json:"ok"`
	Skipped string  `json:"skipped,omitempty"` // why nothing was tried
	Seed    uint64  `json:"seed"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"`
	// Figures are the program's own.
	Figures map[string]any `json:"figures"`
	// Ledger counts the fates of what was sent.
	Ledger     *verdict    `json:"ledger,omitempty"`
	Violations []violation `json:"violations,omitempty"`
}

// run makes the folder, works in it, and removes it when nothing is wrong.
func (s *session) run(ctx context.Context, work func(context.Context, *session) error) error {
	made := s.dir == ""
	if made {
		dir, err := os.MkdirTemp("", "homehook-faults-")
		if err != nil {
			return err
		}
		s.dir = dir
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	s.dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	err = work(ctx, s)
	if s.keep || !made || len(s.Violations) > 0 {
		s.say("data and logs are in %s", dir)
		return err
	}
	if gone := os.RemoveAll(dir); err == nil {
		err = gone
	}
	return err
}

// say tells a person how it goes.
func (s *session) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

// breach adds a violation to the summary.
func (s *session) breach(kind, key, format string, args ...any) {
	s.Violations = append(s.Violations, violation{kind, key, fmt.Sprintf(format, args...)})
}

// judge takes a verdict into the summary.
func (s *session) judge(v *verdict) {
	s.Ledger = v
	s.Violations = append(s.Violations, v.violations...)
	for i, x := range v.violations {
		if i == 20 {
			s.say("… and %d more", len(v.violations)-i)
			break
		}
		s.say("VIOLATION %s: %s: %s", x.Kind, x.Key, x.Detail)
	}
}

// random returns random numbers that follow from the seed, a series of its own
// for each number.
func (s *session) random(number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(s.Seed, number))
}

// sleep waits, but not past the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// until polls for a state.
func until(ctx context.Context, limit time.Duration, what string, reached func() bool) error {
	for end := time.Now().Add(limit); !reached(); {
		if time.Now().After(end) {
			return fmt.Errorf("not within %s: %s", limit, what)
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func round(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}

// milliseconds is d as the summary shows it.
func milliseconds(d time.Duration) float64 { return round(float64(d)/float64(time.Millisecond), 2) }
