package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"homehook/agent/config"
	"homehook/http1"
	"homehook/ptth"
)

// fakeLink is a link that serves what the test gives it.
type fakeLink struct {
	about ptth.About
	work  chan func(*http1.Exchange) // exchanges to run
	end   chan struct{}
	once  sync.Once
	left  atomic.Bool
	grown atomic.Pointer[ptth.About] // what is known later
	pool  *fakePool
}

var _ ptth.AgentLink = (*fakeLink)(nil)

func (l *fakeLink) About() ptth.About {
	if a := l.grown.Load(); a != nil {
		return *a
	}
	return l.about
}

func (l *fakeLink) Serve(ctx context.Context, handle func(context.Context, *http1.Exchange)) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		select {
		case <-l.work:
			if !l.about.Shared {
				handle(ctx, nil)
				continue
			}
			wg.Go(func() { handle(ctx, nil) })
		case <-l.end:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

func (l *fakeLink) Leave() { l.left.Store(true); l.once.Do(func() { close(l.end) }) }

func (l *fakeLink) Close() error {
	l.once.Do(func() { close(l.end) })
	l.pool.forget(l)
	return nil
}

// parkedLink belongs to a sender once the test says so.
type parkedLink struct {
	*fakeLink
	engage chan struct{}
	f      func()
}

var _ ptth.Engager = (*parkedLink)(nil)

func (l *parkedLink) Engaged(f func()) { l.f = f }

func (l *parkedLink) Close() error { return l.fakeLink.Close() }

func (l *parkedLink) Serve(ctx context.Context, handle func(context.Context, *http1.Exchange)) error {
	select {
	case <-l.engage:
		l.f()
	case <-l.end:
		return nil
	case <-ctx.Done():
		return nil
	}
	return l.fakeLink.Serve(ctx, handle)
}

// fakePool hands out links and knows which are open.
type fakePool struct {
	mu    sync.Mutex
	about ptth.About
	fail  error
	open  []*fakeLink
	dials int
	work  chan func(*http1.Exchange)

	engage chan struct{}
}

func (p *fakePool) dial(context.Context) (ptth.AgentLink, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dials++
	if p.fail != nil {
		return nil, p.fail
	}
	l := &fakeLink{about: p.about, work: p.work, end: make(chan struct{}), pool: p}
	p.open = append(p.open, l)
	if p.about.Parked {
		return &parkedLink{fakeLink: l, engage: p.engage}, nil
	}
	return l, nil
}

func (p *fakePool) forget(l *fakeLink) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, o := range p.open {
		if o == l {
			p.open = append(p.open[:i], p.open[i+1:]...)
			return
		}
	}
}

func (p *fakePool) count() (open, dials int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open), p.dials
}

func (p *fakePool) set(a ptth.About) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.about = a
}

// keep runs a keeper over a pool in a bubble until the test ends.
func keep(t *testing.T, p *fakePool, told bool, change ...func(*keeper)) *keeper {
	t.Helper()
	k := &keeper{
		claim: config.Claim{Name: "garage", MaxLinks: 64}, dial: p.dial, told: told,
		connected: func(context.Context, ptth.About) {}, changed: func() {},
		wanted: make(chan struct{}, 1), log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(k)
	}
	held := make(chan struct{})
	k.serve = func(context.Context, ptth.AgentLink, *http1.Exchange) { <-held }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); k.run(ctx) }()
	t.Cleanup(func() {
		close(held)
		cancel()
		<-done
	})
	time.Sleep(time.Second)
	synctest.Wait()
	return k
}

func newPool(a ptth.About) *fakePool {
	return &fakePool{about: a, work: make(chan func(*http1.Exchange)), engage: make(chan struct{})}
}

// TestPoolFitsTheDialect: how many links are kept at rest, and how many once
// one is busy.
func TestPoolFitsTheDialect(t *testing.T) {
	for _, tt := range []struct {
		name       string
		about      ptth.About
		rest, busy int
	}{
		{"ptth/1.0", ptth.About{Dialect: ptth.Dialect10}, 4, 4},
		{"ptth/0.9", ptth.About{Dialect: ptth.Dialect09}, 4, 4},
		{"ptth over HTTP/1.1", ptth.About{Dialect: ptth.DialectPTTH}, 4, 4},
		{"ptth over HTTP/2", ptth.About{Dialect: ptth.DialectPTTH, Shared: true}, 1, 1},
		{"comet", ptth.About{Dialect: ptth.DialectComet}, 2, 4},
		{"reversehttp", ptth.About{Dialect: ptth.DialectReverseHTTP}, 2, 4},
		{"no more than the relay allows", ptth.About{Dialect: ptth.DialectComet, MaxLinks: 1}, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPool(tt.about)
				keep(t, p, false)
				if n, _ := p.count(); n != tt.rest {
					t.Errorf("%d links at rest, want %d", n, tt.rest)
				}
				p.work <- nil
				synctest.Wait()
				if n, _ := p.count(); n != tt.busy {
					t.Errorf("%d links with one busy, want %d", n, tt.busy)
				}
				if tt.about.Shared {
					for range 20 {
						p.work <- nil
					}
					synctest.Wait()
					if n, _ := p.count(); n != 1 {
						t.Errorf("%d links for many exchanges on one", n)
					}
				}
			})
		})
	}
}

// TestParkedLinkIsBusyFromItsSender: it is replaced when the sender comes, not
// when it asks for something.
func TestParkedLinkIsBusyFromItsSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(ptth.About{Dialect: ptth.Dialect10, Parked: true})
		k := keep(t, p, false)
		if n, _ := p.count(); n != 2 {
			t.Fatalf("%d links at rest", n)
		}
		p.engage <- struct{}{}
		synctest.Wait()
		if n, _ := p.count(); n != 4 || k.busy.Load() != 1 {
			t.Errorf("%d links, %d busy", n, k.busy.Load())
		}
		p.work <- nil
		synctest.Wait()
		if k.busy.Load() != 1 {
			t.Errorf("an exchange on it makes %d busy", k.busy.Load())
		}
	})
}

// TestBetterDialectIsLookedFor: once a day, and what comes up replaces the
// links of the old one.
func TestBetterDialectIsLookedFor(t *testing.T) {
	for _, told := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := newPool(ptth.About{Dialect: ptth.DialectComet})
			k := keep(t, p, told)
			_, before := p.count()
			time.Sleep(25 * time.Hour)
			synctest.Wait()
			n, dials := p.count()
			if again := dials > before; again == told || n < 2 || n > 3 {
				t.Errorf("told %t: %d dials more, %d links", told, dials-before, n)
			}
			p.set(ptth.About{Dialect: ptth.Dialect10, RoundTrip: time.Millisecond})
			time.Sleep(25 * time.Hour)
			synctest.Wait()
			if s := k.snapshot(); (s.dialect == ptth.Dialect10) == told {
				t.Errorf("told %t: dialect %s", told, s.dialect)
			}
			if n, _ := p.count(); !told && n != 4 {
				t.Errorf("%d links of the new kind", n)
			}
			for _, l := range p.open {
				if !told && l.about.Dialect != ptth.Dialect10 {
					t.Error("a link of the old kind is still there")
				}
			}
		})
	}
}

// TestRelayShowsLateThatItIsOurs: it is asked for the claim's URL then, once.
func TestRelayShowsLateThatItIsOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(ptth.About{Dialect: ptth.DialectComet})
		var told []bool
		k := keep(t, p, false, func(k *keeper) {
			k.connected = func(_ context.Context, a ptth.About) { told = append(told, a.Negotiated) }
		})
		p.mu.Lock()
		for _, l := range p.open {
			l.grown.Store(&ptth.About{Dialect: ptth.DialectComet, Negotiated: true})
		}
		p.mu.Unlock()
		p.work <- nil
		synctest.Wait()
		time.Sleep(2 * shrinkEvery)
		synctest.Wait()
		if fmt.Sprint(told) != "[false true]" || !k.known {
			t.Errorf("told %v", told)
		}
	})
}

func TestStatusTellsTheDialect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(ptth.About{Dialect: ptth.DialectComet, Note: "something strips Upgrade", Public: "https://garage.relay.example/"})
		k := keep(t, p, false)
		if s := k.snapshot(); s.dialect != "comet" || s.note != "something strips Upgrade" || s.url != "https://garage.relay.example/" || !s.connected {
			t.Errorf("%+v", s)
		}
	})
}

// TestLastingErrorIsAProblem: a person has to act on some errors.
func TestLastingErrorIsAProblem(t *testing.T) {
	for _, tt := range []struct {
		err     error
		refused bool
		text    string
	}{
		{&ptth.ConnectError{Detail: "expired", Remedy: "renew it", Lasting: true}, true, "expired; renew it"},
		{&ptth.ConnectError{Detail: "nobody there", Remedy: "check"}, false, "nobody there"},
		{&ptth.RefusedError{Status: 403, Detail: "no"}, true, (&ptth.RefusedError{Status: 403, Detail: "no"}).Error()},
		{&ptth.RefusedError{Status: 503}, false, (&ptth.RefusedError{Status: 503}).Error()},
		{errors.New("x"), false, "x"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPool(ptth.About{})
			p.fail = tt.err
			k := keep(t, p, false)
			if s := k.snapshot(); s.refused != tt.refused || s.err != tt.text || s.connected {
				t.Errorf("%+v", s)
			}
		})
	}
}
