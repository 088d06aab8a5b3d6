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

// roundOf is how many kills are between two rests, in which home gets what waits.
// Without rests the queue grows, until a killed relay takes longer to look through
// it than it has before the next kill.
const roundOf = 100

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
	killed := make(map[string]int)
	rng := s.random(1000)
	for done := 0; done < k.cycles; done += roundOf {
		if done > 0 {
			if _, err := l.settle(ctx, 2*time.Minute); err != nil {
				return err
			}
		}
		if err := k.round(ctx, s, l, rng, done, killed); err != nil {
			return fmt.Errorf("after %d kills: %w", done, err)
		}
	}
	s.Figures["cycles"], s.Figures["killed"] = k.cycles, killed
	if err := l.finish(ctx, s, 2*time.Minute, func(e *evidence) { e.lenient = true }); err != nil {
		return err
	}
	return s.wanted(k.broken)
}

// mixture is two senders for each claim, with names that no other round has. Half
// of them repeat what was not accepted.
func mixture(s *session, l *lab, round int) (all []*sender) {
	for i, c := range l.claims {
		for j := range 2 {
			one := l.newSender(s, 100*round+10*i+j, c.name)
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

// round kills a hundred times under load, and counts who was killed. It returns
// when both programs run.
func (k *killing) round(ctx context.Context, s *session, l *lab, rng *rand.Rand, done int, killed map[string]int) error {
	before := l.tally.count(2)
	crowd := send(ctx, mixture(s, l, done/roundOf)...)
	n := min(roundOf, k.cycles-done)
	err := k.strikes(ctx, l, rng, n, killed)
	if err := errors.Join(err, crowd.stop()); err != nil {
		return err
	}
	s.say("%d kills, %d accepted", done+n, l.tally.count(2))
	if l.tally.count(2) == before {
		return errors.Join(errors.New("nothing was accepted meanwhile: this run shows nothing"), l.tails())
	}
	if err := until(ctx, 10*time.Second, "the agent runs", func() bool {
		return l.refused(killed) != nil || l.relay.ended() || l.connected(ctx) == nil
	}); err != nil {
		return err
	}
	return l.alive()
}

// strikes does the killing.
func (k *killing) strikes(ctx context.Context, l *lab, rng *rand.Rand, n int, killed map[string]int) error {
	for range n {
		pause := 20*time.Millisecond + time.Duration(rng.Int64N(int64(2*k.cycle-40*time.Millisecond)))
		if err := errors.Join(sleep(ctx, pause), l.refused(killed)); err != nil {
			return err
		}
		whom := rng.IntN(3)
		if k.broken {
			whom = 0 // it is the relay that is broken
		}
		if err := errors.Join(l.alive(), strike(whom, l, killed)); err != nil {
			return err
		}
	}
	return nil
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
