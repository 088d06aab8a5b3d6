package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"time"
)

// cutting disturbs the way between agent and relay.
type cutting struct {
	d    time.Duration
	kill bool
}

func cutFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	c := new(cutting)
	fs.DurationVar(&c.d, "d", 40*time.Second, "how long the link is disturbed")
	fs.BoolVar(&c.kill, "kill", false, "kill relay or agent now and then, too")
	return c.run
}

// run disturbs the link under load. Without kills nothing may die, and no script
// may get a part of a body.
func (c *cutting) run(ctx context.Context, s *session) error {
	l, err := newLab(s, "faults", usual())
	if err != nil {
		return err
	}
	defer l.kill()
	proxy, err := startToxiproxy(ctx, l.path("toxiproxy.log"), l.addr)
	if err != nil {
		return err
	}
	defer func() { proxy.p.kill() }()
	l.via = proxy.listen
	if err := l.start(ctx); err != nil {
		return err
	}
	crowd := send(ctx, mixture(s, l, 0)...)
	killed := make(map[string]int)
	times, err := c.disturb(ctx, s, l, proxy, killed)
	if err := errors.Join(err, proxy.heal(ctx), crowd.stop()); err != nil {
		return err
	}
	s.Figures["toxiproxy_restarts"] = proxy.restarts
	s.Figures["disturbed"], s.Figures["killed"] = times, killed
	return l.finish(ctx, s, 3*time.Minute, func(e *evidence) { e.lenient = c.kill })
}

// disturb does one thing after another to the link, with short rests.
func (c *cutting) disturb(ctx context.Context, s *session, l *lab, proxy *toxiproxy, killed map[string]int) (map[string]int, error) {
	rng := s.random(3000)
	times := make(map[string]int)
	for end := time.Now().Add(c.d); time.Now().Before(end); {
		if err := l.alive(); err != nil {
			return times, err
		}
		name, err := hurt(rng, proxy)
		if err != nil {
			return times, err
		}
		times[name]++
		if err := sleep(ctx, time.Duration(100+rng.IntN(1400))*time.Millisecond); err != nil {
			return times, err
		}
		if c.kill && rng.IntN(2) == 0 {
			if err := strike(rng.IntN(3), l, killed); err != nil {
				return times, err
			}
		}
		if err := proxy.heal(ctx); err != nil {
			return times, err
		}
		if err := sleep(ctx, time.Duration(50+rng.IntN(600))*time.Millisecond); err != nil {
			return times, err
		}
	}
	s.say("%v, %d accepted", times, l.tally.count(2))
	return times, nil
}

// hurt begins one disturbance and returns its name.
func hurt(rng *rand.Rand, proxy *toxiproxy) (string, error) {
	stream := []string{"upstream", "downstream"}[rng.IntN(2)]
	kinds := []struct {
		kind       string
		attributes map[string]any
	}{
		{"latency", map[string]any{"latency": 100, "jitter": 100}},
		{"reset_peer", map[string]any{"timeout": rng.IntN(300)}},
		{"limit_data", map[string]any{"bytes": 1 + rng.IntN(20_000)}}, // then the connection ends
		{"bandwidth", map[string]any{"rate": 40}},
		{"slow_close", map[string]any{"delay": 500}},
		{"slicer", map[string]any{"average_size": 64, "size_variation": 32, "delay": 500}},
		{"timeout", map[string]any{"timeout": 0}}, // nothing gets through any more
	}
	i := rng.IntN(len(kinds) + 2)
	if i >= len(kinds) {
		return "cut", proxy.enable(false)
	}
	k := kinds[i]
	return fmt.Sprint(k.kind, " ", stream), proxy.poison(k.kind, stream, k.attributes)
}
