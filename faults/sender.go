package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// sender sends requests to one claim, one after another, and notes them.
type sender struct {
	name, claim string
	addr        string
	ledger      *ledger
	tally       *tally
	rng         *rand.Rand
	// pause is between two requests, ±50 %. Zero is none.
	pause time.Duration
	// repeats is how often a request that was not accepted is sent again, under
	// the same id of the sender's, as GitHub and others do. One in twenty that
	// were accepted is sent again too.
	repeats int
	// size is the length of all bodies; zero is a mixture of sizes.
	size int
	// limit is how many requests are sent; zero is no limit.
	limit int
}

// newSenders makes n senders for each claim, numbered from first on. Their pauses
// are short, and long for claims whose script takes its time.
func (l *lab) newSenders(s *session, first, n int, short, long time.Duration) (all []*sender) {
	for i, c := range l.claims {
		for j := range n {
			one := l.newSender(s, first+10*i+j, c.name)
			one.pause = short
			if c.scripted() {
				one.pause = long
			}
			all = append(all, one)
		}
	}
	return all
}

// newSender makes a sender for a claim of the lab.
func (l *lab) newSender(s *session, number int, claim string) *sender {
	return &sender{
		name: fmt.Sprintf("%s-%d", claim, number), claim: claim, addr: l.addr,
		ledger: l.ledger, tally: l.tally, rng: s.random(uint64(number)),
	}
}

// answerTimeout is how long a sender waits for an answer.
const answerTimeout = 20 * time.Second

// run sends until ctx ends, or as many as the limit says. An error is one of
// the ledger's file.
func (s *sender) run(ctx context.Context) error {
	w := &wire{addr: s.addr, timeout: answerTimeout}
	defer w.close()
	for n := 0; ctx.Err() == nil && (s.limit == 0 || n < s.limit); n++ {
		if err := s.one(ctx, w, s.next(n)); err != nil {
			return err
		}
		if s.pause > 0 {
			sleep(ctx, s.pause/2+rand.N(s.pause))
		}
	}
	return nil
}

// next makes the n-th request.
func (s *sender) next(n int) *request {
	body := make([]byte, s.length())
	for i := range body {
		body[i] = byte(s.rng.Uint32())
	}
	sum := sha256.Sum256(body)
	k := key{s.claim, fmt.Sprintf("/%s/%d", s.name, n)}
	var fields []string
	if s.repeats > 0 {
		fields = append(fields, "X-GitHub-Delivery: "+s.name+"-"+fmt.Sprint(n))
	}
	return newRequest(s.addr, k, hex.EncodeToString(sum[:]), body, s.size == 0 && s.rng.IntN(10) == 0, fields...)
}

// length is that of the next body: mostly small, now and then larger than what
// the relay keeps in memory.
func (s *sender) length() int {
	if s.size > 0 {
		return s.size
	}
	switch p := s.rng.IntN(100); {
	case p < 80:
		return 1 + s.rng.IntN(4000)
	case p < 97:
		return s.rng.IntN(100_000)
	default:
		return 250<<10 + s.rng.IntN(600<<10)
	}
}

// one sends a request until it is accepted or given up.
func (s *sender) one(ctx context.Context, w *wire, r *request) error {
	if err := s.ledger.trying(r.key, r.digest, r.size); err != nil {
		return err
	}
	for left := s.repeats; ; left-- {
		a, err := w.do(r)
		s.tally.add(a, err)
		done := err == nil && a.status/100 == 2
		if done {
			if err := s.ledger.accepted(r.key, a.status); err != nil {
				return err
			}
		}
		if left <= 0 || done && s.rng.IntN(20) > 0 || sleep(ctx, 30*time.Millisecond) != nil {
			if !done { // a relay that is down refuses thousands a second
				sleep(ctx, 5*time.Millisecond)
			}
			return nil
		}
	}
}

// tally counts answers, and keeps how long each took. Several senders share
// one.
type tally struct {
	mu       sync.Mutex
	statuses map[int]int // 0 is no answer
	took     []time.Duration
	// impatient is how many refusals (429, 503, 507) came without a Retry-After.
	impatient int
	// refusals are the first few bodies of refusals, for a person.
	refusals map[string]int
}

func newTally() *tally {
	return &tally{statuses: make(map[int]int), refusals: make(map[string]int)}
}

func (t *tally) add(a answer, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.statuses[0]++
		return
	}
	t.statuses[a.status]++
	if a.status/100 == 2 {
		t.took = append(t.took, a.took)
		return
	}
	if (a.status == 429 || a.status == 503 || a.status == 507) && a.retryAfter == "" {
		t.impatient++
	}
	if text := fmt.Sprint(a.status, " ", a.body); len(t.refusals) < 20 || t.refusals[text] > 0 {
		t.refusals[text]++
	}
}

// count is how many answers had the status, 2 meaning any 2xx.
func (t *tally) count(status int) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if status != 2 {
		return t.statuses[status]
	}
	for s, c := range t.statuses {
		if s/100 == 2 {
			n += c
		}
	}
	return n
}

// answers is the count of each status, for the summary.
func (t *tally) answers() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make(map[string]int)
	for s, n := range t.statuses {
		name := fmt.Sprint(s)
		if s == 0 {
			name = "none"
		}
		all[name] = n
	}
	return all
}

// crowd is a group of senders at work.
type crowd struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	err    error
}

// send lets senders work until stop, or until each has reached its limit.
func send(ctx context.Context, senders ...*sender) *crowd {
	ctx, cancel := context.WithCancel(ctx)
	c := &crowd{cancel: cancel}
	for _, s := range senders {
		c.wg.Go(func() {
			if err := s.run(ctx); err != nil {
				c.mu.Lock()
				c.err = err
				c.mu.Unlock()
			}
		})
	}
	return c
}

// wait returns when all senders have reached their limit.
func (c *crowd) wait() error {
	c.wg.Wait()
	c.cancel()
	return c.err
}

// stop ends the senders after the request that each is at.
func (c *crowd) stop() error {
	c.cancel()
	return c.wait()
}
