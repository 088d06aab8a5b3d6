package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
)

// crashPoints are the named places, by program.
var crashPoints = map[string][]string{
	"relay": {
		"relay.accept.before", "relay.accept.answered", "relay.sent", "relay.accepted",
		"queue.put.begin", "queue.put.blob", "queue.put.written", "queue.put.committed",
		"queue.done.written", "queue.done.committed",
	},
	"agent": {
		"agent.journaled", "agent.started", "agent.ran", "agent.answered",
		"journal.begin.written", "journal.begin.committed", "journal.start.committed", "journal.finish.committed",
	},
}

// pointing is kill -9 at named places.
type pointing struct {
	n    int
	only string
}

func pointsFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	p := new(pointing)
	fs.IntVar(&p.n, "n", 5, "crashes at each point")
	fs.StringVar(&p.only, "only", "", "points to try, separated by commas; all by default")
	return p.run
}

func (p *pointing) wants(point string) bool {
	return p.only == "" || slices.Contains(strings.Split(p.only, ","), point)
}

// run lets relay and agent crash at each point n times under load. The ledger
// is checked at the end of all: a breach names the request, and the logs say
// at which point it was.
func (p *pointing) run(ctx context.Context, s *session) error {
	l, err := startLab(ctx, s, "faults", usual())
	if err != nil {
		return err
	}
	defer l.kill()
	crowd := send(ctx, mixture(s, l, 0)...)
	crashes := make(map[string]int)
	s.Figures["crashes"] = crashes
	for _, program := range []string{"relay", "agent"} {
		for _, point := range crashPoints[program] {
			if !p.wants(point) {
				continue
			}
			n, err := p.crash(ctx, s, l, program, point)
			crashes[point] = n
			if err != nil {
				return errors.Join(err, crowd.stop())
			}
			s.say("%-26s %d crashes", point, n)
		}
	}
	if err := crowd.stop(); err != nil {
		return err
	}
	return l.finish(ctx, s, 3*time.Minute, lenient)
}

// crash runs a program until it has crashed n times at a point, and returns
// how often it did. A point that is not reached in time is a violation: the
// load does not go by it, or the code does not.
func (p *pointing) crash(ctx context.Context, s *session, l *lab, program, point string) (int, error) {
	rng := s.random(2000)
	for i := 0; i < p.n; {
		env := fmt.Sprintf("HOMEHOOK_CRASH=%s:%d", point, 1+rng.IntN(12))
		if err := l.restart(program, env); err != nil {
			return i, err
		}
		victim := l.victim(program)
		err := until(ctx, 15*time.Second, point+" is reached", victim.ended)
		if ctx.Err() != nil {
			return i, err
		}
		if err != nil {
			s.breach("point", point, "%v", err)
			return i, l.restart(program)
		}
		if victim.crashed() {
			i++
		} else if err := l.alive(); err != nil {
			return i, err
		}
	}
	return p.n, l.restart(program)
}

func (l *lab) victim(program string) *process {
	if program == "relay" {
		return l.relay
	}
	return l.agent
}

// restart kills a program if it runs, and starts it.
func (l *lab) restart(program string, env ...string) error {
	l.victim(program).kill()
	if program == "relay" {
		return l.startRelay(env...)
	}
	return l.startAgent(env...)
}
