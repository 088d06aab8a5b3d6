package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
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
	broken brokenBuild
}

func killFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	k := new(killing)
	fs.IntVar(&k.cycles, "cycles", 300, "how often something is killed")
	fs.DurationVar(&k.cycle, "cycle", 350*time.Millisecond, "mean time between two kills")
	k.broken.flag(fs)
	return k.run
}

// run kills relay, agent or both under load, again and again, and starts them
// at once.
func (k *killing) run(ctx context.Context, s *session) error {
	l, err := k.broken.start(ctx, s)
	if err != nil {
		return err
	}
	defer l.kill()
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
	return k.broken.finish(ctx, s, l)
}

// mixture is two senders for each claim, with names that no other round has. Half
// of them repeat what was not accepted.
func mixture(s *session, l *lab, round int) []*sender {
	all := l.newSenders(s, 100*round, 2, 15*time.Millisecond, 60*time.Millisecond)
	for i, one := range all {
		one.repeats = 3 * (i % 2)
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
	return l.connected(ctx)
}

// strikes does the killing.
func (k *killing) strikes(ctx context.Context, l *lab, rng *rand.Rand, n int, killed map[string]int) error {
	for range n {
		pause := 20*time.Millisecond + time.Duration(rng.Int64N(int64(2*k.cycle-40*time.Millisecond)))
		if err := sleep(ctx, pause); err != nil {
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
