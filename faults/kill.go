package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

// killing is kill -9 at random.
type killing struct {
	cycles int
	cycle  time.Duration
	broken bool
}

func killFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	k := new(killing)
	fs.IntVar(&k.cycles, "cycles", 300, "how often something is killed")
	fs.DurationVar(&k.cycle, "cycle", 350*time.Millisecond, "mean time between two kills")
	fs.BoolVar(&k.broken, "broken", false, "run a relay that answers before it has committed; succeed if the loss is found")
	return k.run
}

// run kills relay, agent or both under load, again and again, and starts them
// at once.
func (k *killing) run(ctx context.Context, s *session) error {
	tags := "faults"
	if k.broken {
		tags = "faults,ackearly"
	}
	l, err := newLab(s, tags, usual())
	if err != nil {
		return err
	}
	defer l.kill()
	if err := l.start(ctx); err != nil {
		return err
	}
	crowd := send(ctx, mixture(s, l)...)
	killed, err := k.strikes(ctx, s, l)
	if err := errors.Join(err, crowd.stop()); err != nil {
		return err
	}
	s.Figures["cycles"], s.Figures["killed"] = k.cycles, killed
	if err := l.finish(ctx, s, 2*time.Minute, func(e *evidence) { e.lenient = true }); err != nil {
		return err
	}
	return s.wanted(k.broken)
}

// mixture is two senders for each claim. Half of them repeat what was not
// accepted.
func mixture(s *session, l *lab) (all []*sender) {
	for i, c := range l.claims {
		for j := range 2 {
			one := l.newSender(s, 10*i+j, c.name)
			one.pause = 15 * time.Millisecond
			if c.scripted() {
				one.pause = 60 * time.Millisecond // a script takes its time
			}
			one.repeats = 3 * j
			all = append(all, one)
		}
	}
	return all
}

// strikes does the killing and returns how often each was killed.
func (k *killing) strikes(ctx context.Context, s *session, l *lab) (map[string]int, error) {
	rng := s.random(1000)
	killed := make(map[string]int)
	accepted := 0
	for i := range k.cycles {
		if err := sleep(ctx, 20*time.Millisecond+rand.N(2*k.cycle-40*time.Millisecond)); err != nil {
			return killed, err
		}
		if err := l.refused(killed); err != nil {
			return killed, err
		}
		if err := l.alive(); err != nil {
			return killed, fmt.Errorf("cycle %d: %w", i, err)
		}
		if err := strike(rng.IntN(3), l, killed); err != nil {
			return killed, err
		}
		if (i+1)%50 > 0 {
			continue
		}
		now := l.tally.count(2)
		s.say("%d kills, %d accepted", i+1, now)
		if now == accepted {
			return killed, errors.Join(errors.New("nothing was accepted during 50 kills: this run shows nothing"), l.tails())
		}
		accepted = now
	}
	return killed, nil
}

// strike kills one or both and starts them again.
func strike(whom int, l *lab, killed map[string]int) error {
	if whom != 1 {
		l.relay.kill()
		killed["relay"]++
	}
	if whom != 0 {
		l.agent.kill()
		killed["agent"]++
	}
	if whom != 1 {
		if err := l.startRelay(); err != nil {
			return err
		}
	}
	if whom != 0 {
		return l.startAgent()
	}
	return nil
}

// refused starts an agent again that has ended because it took the one before it
// for alive: a script that is about to be started holds the lock of its dead
// agent for a moment. It counts how often that was.
func (l *lab) refused(killed map[string]int) error {
	if !l.agent.ended() {
		return nil
	}
	text, err := os.ReadFile(l.path("agent.log"))
	if err != nil || !strings.Contains(string(text[max(0, len(text)-200):]), "already running") {
		return err
	}
	killed["agent starts refused"]++
	return l.startAgent()
}

// wanted turns the verdict around for a broken build, in which the checker has
// to find a loss.
func (s *session) wanted(broken bool) error {
	if !broken {
		return nil
	}
	s.Figures["broken_build_lost"] = s.Ledger.Lost
	if s.Ledger.Lost == 0 {
		return errors.New("the relay answered before it had committed, and the checker found no loss")
	}
	s.Violations = nil // they were wanted
	return nil
}
