package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// accepting measures how fast the relay accepts for good.
type accepting struct {
	senders, rate, size int
	d                   time.Duration
}

func acceptFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	a := new(accepting)
	fs.IntVar(&a.senders, "senders", 64, "senders that ask as fast as they are answered")
	fs.IntVar(&a.rate, "rate", 200, "requests a second, for the latency")
	fs.IntVar(&a.size, "size", 4096, "bytes of each body")
	fs.DurationVar(&a.d, "d", 5*time.Second, "how long each part takes")
	return a.run
}

// intakes is over how many claims the requests are spread: a relay keeps 10,000
// of a claim.
const intakes = 16

// run measures with home away, and the disk itself before and after: what a
// machine gives changes from hour to hour.
func (a *accepting) run(ctx context.Context, s *session) error {
	var claims []claim
	for i := range intakes {
		claims = append(claims, claim{name: fmt.Sprint("intake", i), answer: "store", handler: "none"})
	}
	// Not the tag "faults": this is the program that people run.
	l, err := newLab(s, "", claims)
	if err != nil {
		return err
	}
	defer l.kill()
	if err := l.startAlone(ctx); err != nil {
		return err
	}
	l.ledger.sync = false
	before, err := appends(l.path("appends"), a.size, 2*time.Second)
	if err != nil {
		return err
	}
	if err := a.flood(ctx, s, l); err != nil {
		return err
	}
	if err := a.steady(ctx, s, l); err != nil {
		return err
	}
	after, err := appends(l.path("appends"), a.size, 2*time.Second)
	if err != nil {
		return err
	}
	s.Figures["disk_appends_per_s"] = []float64{round(before, 0), round(after, 0)}
	s.Figures["size"], s.Figures["senders"] = a.size, a.senders
	s.Figures["relay_peak_mib"] = peakMiB(l.relay.pid())
	// As a power cut would: what was answered has to be in the file.
	l.relay.kill()
	return l.verdict(ctx, s, func(e *evidence) { e.backlog = true })
}

// flood lets all senders ask at once.
func (a *accepting) flood(ctx context.Context, s *session, l *lab) error {
	var all []*sender
	for i := range a.senders {
		one := l.newSender(s, i, l.claims[i%intakes].name)
		one.size = a.size
		all = append(all, one)
	}
	began := time.Now()
	crowd := send(ctx, all...)
	if err := sleep(ctx, a.d); err != nil {
		crowd.stop()
		return err
	}
	if err := crowd.stop(); err != nil {
		return err
	}
	n := l.tally.count(2)
	s.Figures["accepts_per_s"] = round(float64(n)/time.Since(began).Seconds(), 0)
	p50, p99 := l.tally.percentiles()
	s.Figures["flood_p50_ms"], s.Figures["flood_p99_ms"] = milliseconds(p50), milliseconds(p99)
	s.say("%d accepted from %d senders", n, a.senders)
	return nil
}

// steady asks at a fixed rate, whatever the answers, and measures from the time
// at which each request was due.
func (a *accepting) steady(ctx context.Context, s *session, l *lab) error {
	const lanes = 32
	whole := l.tally
	l.tally = newTally()
	due := make(chan time.Time, a.rate)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for i := range lanes {
		one := l.newSender(s, 1000+i, l.claims[i%intakes].name)
		one.size = a.size
		wg.Go(func() {
			if err := one.pace(due); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	tick := time.NewTicker(time.Second / time.Duration(a.rate))
	for end := time.Now().Add(a.d); time.Now().Before(end) && ctx.Err() == nil; {
		due <- <-tick.C
	}
	tick.Stop()
	close(due)
	wg.Wait()
	if len(errs) > 0 {
		return errs[0]
	}
	p50, p99 := l.tally.percentiles()
	s.Figures["steady_per_s"] = round(float64(l.tally.count(2))/a.d.Seconds(), 0)
	s.Figures["steady_p50_ms"], s.Figures["steady_p99_ms"] = milliseconds(p50), milliseconds(p99)
	if n := l.tally.count(2); n == 0 {
		return fmt.Errorf("nothing was accepted: %v", l.tally.answers())
	}
	l.tally = whole
	return ctx.Err()
}

// pace sends one request for each time that comes.
func (s *sender) pace(due <-chan time.Time) error {
	w := &wire{addr: s.addr, timeout: answerTimeout}
	defer w.close()
	n := 0
	for at := range due {
		r := s.next(n)
		n++
		if err := s.ledger.trying(r.key, r.digest, r.size); err != nil {
			return err
		}
		a, err := w.do(r)
		a.took = time.Since(at)
		s.tally.add(a, err)
		if err == nil && a.status/100 == 2 {
			if err := s.ledger.accepted(r.key, a.status); err != nil {
				return err
			}
		}
	}
	return nil
}

// percentiles are those of the answers with a 2xx.
func (t *tally) percentiles() (p50, p99 time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Sorted(slices.Values(t.took))
	if len(all) == 0 {
		return 0, 0
	}
	return all[len(all)/2], all[len(all)*99/100]
}

// appends measures what the disk gives a program that syncs each write: pieces
// added to the end of a file per second.
func appends(path string, size int, d time.Duration) (float64, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer os.Remove(path)
	defer f.Close()
	piece := make([]byte, size)
	began := time.Now()
	n := 0
	for ; time.Since(began) < d; n++ {
		if _, err := f.Write(piece); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}
