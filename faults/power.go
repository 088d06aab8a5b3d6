package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// powering is a power cut: what was never synced is gone. kill -9 cannot show
// that, because the system keeps what a killed program has written.
type powering struct {
	cuts   int
	d      time.Duration
	broken brokenBuild
}

func powerFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	p := new(powering)
	fs.IntVar(&p.cuts, "cuts", 20, "power cuts, of relay and agent in turn")
	fs.DurationVar(&p.d, "d", 800*time.Millisecond, "time between two of them")
	p.broken.flag(fs)
	return p.run
}

// recorded are the calls from which an image is made.
const recorded = "trace=pwrite64,write,ftruncate,fsync,fdatasync,openat,renameat,renameat2,rename,unlinkat,unlink"

// run records the writes of relay or agent with strace, kills it, puts its
// folder back to what a power cut would have left, and lets it go on from there.
func (p *powering) run(ctx context.Context, s *session) error {
	bin, err := findStrace()
	if err != nil {
		return err
	}
	l, err := p.broken.start(ctx, s)
	if err != nil {
		return err
	}
	defer l.kill()
	wrap := []string{bin, "-D", "-f", "-e", "signal=none", "-y", "-xx", "-qq", "-s", "8000000", "--seccomp-bpf", "-o", l.path("calls"), "-e", recorded}
	syncs := 0
	for i := range p.cuts {
		n, err := p.cut(ctx, s, l, i, wrap)
		if err != nil {
			return fmt.Errorf("cut %d: %w", i, err)
		}
		syncs += n
	}
	s.Figures["cuts"], s.Figures["syncs"] = p.cuts, syncs
	return p.broken.finish(ctx, s, l)
}

// cut records one program under load and cuts its power.
func (p *powering) cut(ctx context.Context, s *session, l *lab, i int, wrap []string) (syncs int, err error) {
	program, dir := "relay", l.data()
	if i%2 == 1 && !p.broken {
		program, dir = "agent", filepath.Dir(l.history())
	}
	// A program that has just been started does not know of signals yet.
	if err := errors.Join(l.listening(ctx), l.connected(ctx)); err != nil {
		return 0, err
	}
	if err := l.victim(program).stop(15 * time.Second); err != nil {
		return 0, err
	}
	m, err := newImage(dir)
	if err != nil {
		return 0, err
	}
	l.wrap(program, wrap)
	if err := l.restart(program); err != nil {
		return 0, err
	}
	l.wrap(program, nil)
	if err := l.listening(ctx); err != nil {
		return 0, err
	}
	// Of new names each time: what a sender was told before a cut is not asked again.
	crowd := send(ctx, l.newSenders(s, 100*i, 1, 5*time.Millisecond, 80*time.Millisecond)...)
	err = sleep(ctx, p.d)
	l.victim(program).kill()
	if err := errors.Join(err, crowd.stop()); err != nil {
		return 0, err
	}
	if err := replayFile(ctx, m, l.path("calls")); err != nil {
		return 0, err
	}
	// Every second time nothing that was not synced is left.
	var rng *rand.Rand
	if i%4 > 1 {
		rng = s.random(uint64(4000 + i))
	}
	if err := m.cut(rng); err != nil {
		return 0, err
	}
	return m.syncs, l.restart(program)
}

// wrap sets the command that runs a program.
func (l *lab) wrap(program string, argv []string) {
	if program == "relay" {
		l.relayWrap = argv
	} else {
		l.agentWrap = argv
	}
}

// replayFile waits until strace, which nobody waits for, has written all, and
// replays it.
func replayFile(ctx context.Context, m *image, path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if err := until(ctx, 20*time.Second, "strace has written its log", func() bool { return !held(path) }); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return m.replay(f)
}
