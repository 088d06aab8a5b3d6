package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// draining is home coming back to a backlog.
type draining struct {
	n, size int
}

func drainFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	d := new(draining)
	fs.IntVar(&d.n, "n", 10_000, "deliveries that are accepted while home is off")
	fs.IntVar(&d.size, "size", 1024, "bytes of each body")
	return d.run
}

// run lets n deliveries be accepted with the agent off, then starts it, and
// looks at order, rate and memory.
func (d *draining) run(ctx context.Context, s *session) error {
	const name = "backlog"
	l, err := startLab(ctx, s, "faults", []claim{{
		name: name, answer: "store", handler: "respond: {body: done}",
		settings: fmt.Sprintf("    queue: {max_items: %d}\n", d.n+1000),
	}})
	if err != nil {
		return err
	}
	defer l.kill()
	if err := l.agent.stop(15 * time.Second); err != nil {
		return err
	}
	if err := d.fill(ctx, s, l, name); err != nil {
		return err
	}
	order, err := readQueue(ctx, l.data())
	if err != nil {
		return err
	}
	if len(order) != d.n {
		return fmt.Errorf("the queue has %d items, want %d; answers: %v", len(order), d.n, l.tally.answers())
	}
	began := time.Now()
	if err := l.startAgent(); err != nil {
		return err
	}
	if err := d.wait(ctx, s, l); err != nil {
		return err
	}
	took := time.Since(began)
	s.Figures["items"], s.Figures["size"] = d.n, d.size
	s.Figures["drained_in_s"] = round(took.Seconds(), 2)
	s.Figures["per_second"] = round(float64(d.n)/took.Seconds(), 0)
	s.Figures["agent_peak_mib"] = peakMiB(l.agent.pid())
	s.Figures["relay_peak_mib"] = peakMiB(l.relay.pid())
	if err := l.finish(ctx, s, time.Minute, nil); err != nil {
		return err
	}
	return d.inOrder(ctx, s, l, order)
}

// fill sends the backlog from 16 senders and waits for their ends.
func (d *draining) fill(ctx context.Context, s *session, l *lab, name string) error {
	began := time.Now()
	l.ledger.sync = false // it is the drain that is measured
	const senders = 16
	var all []*sender
	for i := range senders {
		one := l.newSender(s, i, name)
		one.size = d.size
		one.limit = d.n / senders
		if i < d.n%senders {
			one.limit++
		}
		if one.limit > 0 {
			all = append(all, one)
		}
	}
	if err := send(ctx, all...).wait(); err != nil {
		return err
	}
	s.say("%d accepted in %s", l.tally.count(2), time.Since(began).Round(time.Millisecond))
	return ctx.Err()
}

// wait returns when every delivery has its end at home.
func (d *draining) wait(ctx context.Context, s *session, l *lab) error {
	limit := 30*time.Second + time.Duration(d.n)*10*time.Millisecond
	done := 0
	err := until(ctx, limit, "all is at home", func() bool {
		done, _ = number(ctx, l.history(), "SELECT count(*) FROM deliveries WHERE state = 'succeeded'")
		return done >= d.n || l.alive() != nil
	})
	s.say("%d at home", done)
	return errors.Join(err, l.alive())
}

// inOrder compares the order of the queue with that in which the handlers ran.
func (d *draining) inOrder(ctx context.Context, s *session, l *lab, order []queued) error {
	type start struct {
		id        string
		at, place int64
	}
	var starts []start
	const text = "SELECT d.id, a.started, d.seq FROM attempts a JOIN deliveries d ON d.seq = a.seq WHERE a.number = 1"
	err := query(ctx, l.history(), text, func(r *sql.Rows) error {
		var one start
		err := r.Scan(&one.id, &one.at, &one.place)
		starts = append(starts, one)
		return err
	})
	if err != nil {
		return err
	}
	// Times are in microseconds: two runs may have the same one.
	slices.SortFunc(starts, func(a, b start) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.place, b.place)) })
	wrong := 0
	for i, one := range starts {
		if i < len(order) && order[i].ID != one.id {
			if wrong++; wrong <= 3 {
				s.breach("order", order[i].Key.String(), "place %d of the queue is %s, and %s ran there", i, order[i].ID, one.id)
			}
		}
	}
	s.Figures["out_of_order"] = wrong
	if len(starts) > 1 {
		span := float64(starts[len(starts)-1].at-starts[0].at) / 1e6
		s.Figures["per_second_while_running"] = round(float64(len(starts)-1)/span, 0)
	}
	return nil
}

// peakMiB is the most memory that a process had resident, 0 where the system
// does not tell.
func peakMiB(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return round(kib/1024, 1)
		}
	}
	return 0
}
