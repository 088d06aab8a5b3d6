package main

import (
	"context"
	"errors"
	"flag"
	"time"
)

// brokenBuild is whether the relay that is killed answers before it has
// committed: the proof that the checker would find a loss.
type brokenBuild bool

func (b *brokenBuild) flag(fs *flag.FlagSet) {
	fs.BoolVar((*bool)(b), "broken", false, "run a relay that answers before it has committed; succeed if the loss is found")
}

// start builds that relay, or the one that keeps its word, and starts a lab.
func (b brokenBuild) start(ctx context.Context, s *session) (*lab, error) {
	tags := "faults"
	if b {
		tags = "faults,ackearly"
	}
	return startLab(ctx, s, tags, usual())
}

// finish holds the ledger law against a lab in which both programs were killed.
func (b brokenBuild) finish(ctx context.Context, s *session, l *lab) error {
	if err := l.finish(ctx, s, 2*time.Minute, lenient); err != nil {
		return err
	}
	return b.judge(s)
}

// judge turns the verdict around for a broken build, in which the checker has
// to find a loss.
func (b brokenBuild) judge(s *session) error {
	if !b {
		return nil
	}
	s.Figures["broken_build_lost"] = s.Ledger.Lost
	if s.Ledger.Lost == 0 {
		return errors.New("the relay answered before it had committed, and the checker found no loss")
	}
	s.Violations = nil // they were wanted
	return nil
}
