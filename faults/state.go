package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// connected waits until each claim has a link, and the relay has the answer mode
// that is configured: before that it passes everything through.
func (l *lab) connected(ctx context.Context) error {
	var ended error
	err := until(ctx, 20*time.Second, "every claim has a link and its settings", func() bool {
		ended = l.alive()
		return ended != nil || l.linked(ctx)
	})
	if err != nil {
		err = errors.Join(err, l.tails())
	}
	return errors.Join(err, ended)
}

// linked reports whether it is so now.
func (l *lab) linked(ctx context.Context) bool {
	var rows []struct {
		Name, Answer string
		Connected    bool
	}
	if l.ask(ctx, http.MethodGet, "/api/claims", "", &rows) != nil {
		return false
	}
	ready := 0
	for _, r := range rows {
		for _, c := range l.claims {
			if c.name == r.Name && c.answer == r.Answer && r.Connected {
				ready++
			}
		}
	}
	return ready == len(l.claims)
}

// listening waits until the relay takes requests.
func (l *lab) listening(ctx context.Context) error {
	err := until(ctx, 20*time.Second, "the relay listens", func() bool {
		res, err := http.Get("http://" + l.addr + "/healthz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == 200
	})
	if err != nil {
		err = errors.Join(err, l.tails())
	}
	return err
}

// tails is an error that shows the ends of both logs.
func (l *lab) tails() error {
	var all []error
	for _, name := range []string{"relay.log", "agent.log"} {
		text, _ := os.ReadFile(l.path(name))
		all = append(all, fmt.Errorf("end of %s: %s", name, text[max(0, len(text)-600):]))
	}
	return errors.Join(all...)
}

// alive reports a program that ended without being asked. An agent that was
// refused is started again.
func (l *lab) alive() error {
	for _, p := range []*process{l.relay, l.agent} {
		switch {
		case p == nil || !p.ended():
		case p == l.agent && l.refused():
			l.refusals++
			if err := l.startAgent(); err != nil {
				return err
			}
		default:
			return errors.Join(fmt.Errorf("%s ended by itself: %v", p.name, p.err), l.tails())
		}
	}
	return nil
}

// refused reports whether the agent has ended because it took the one before it
// for alive: a script that is about to be started holds the lock of its dead
// agent for a moment.
func (l *lab) refused() bool {
	text, _ := os.ReadFile(l.path("agent.log"))
	return strings.Contains(string(text[max(0, len(text)-200):]), "already running")
}

// settle waits until the relay's queue is empty and nothing at home is on its
// way. It does not fail when that takes too long: the checker names what hangs.
func (l *lab) settle(ctx context.Context, limit time.Duration) (took time.Duration, err error) {
	began := time.Now()
	for time.Since(began) < limit {
		if err := l.alive(); err != nil {
			return 0, err
		}
		left, err := backlog(ctx, l)
		if err == nil && left == 0 {
			return time.Since(began), nil
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}
