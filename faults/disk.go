package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// filling is a disk that gets full.
type filling struct {
	mib     int
	reserve string
}

func diskFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	f := new(filling)
	fs.IntVar(&f.mib, "mib", 320, "size of the disk; by default the relay leaves 256 MiB of it free")
	fs.StringVar(&f.reserve, "reserve", "", "what the relay leaves free, such as 0: then it meets the very end of the disk")
	return f.run
}

// run fills the relay's disk, first with deliveries up to the reserve, then by
// somebody else up to the last byte; lets home fetch what is there; makes room
// again; and does the like to the agent's disk.
func (f *filling) run(ctx context.Context, s *session) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: only root can mount a small disk", errSkipped)
	}
	disks := []string{filepath.Join(s.dir, "disk-relay"), filepath.Join(s.dir, "home")}
	for _, dir := range disks {
		unmount, err := mountSmall(dir, f.mib)
		if err != nil {
			return fmt.Errorf("%w: %w", errSkipped, err)
		}
		defer unmount()
	}
	l, err := newLab(s, "faults", []claim{
		{name: "stored", answer: "store", handler: "respond: {body: done}", settings: "    queue: {max_items: 1000000, max_size: 20GB}\n"},
		{name: "hold", answer: "hold", settings: "    queue: {max_items: 1000000, max_size: 20GB}\n"},
	})
	if err != nil {
		return err
	}
	l.relayData = filepath.Join(disks[0], "data")
	if f.reserve != "" {
		l.relayFlags = []string{"--disk-reserve", f.reserve}
	}
	defer l.kill()
	if err := l.start(ctx); err != nil {
		return err
	}
	for _, part := range []func(context.Context, *session, *lab) error{f.fillRelay, f.drainFull, f.fillHome} {
		if err := errors.Join(part(ctx, s, l), l.alive()); err != nil {
			return errors.Join(err, l.tails())
		}
	}
	return l.finish(ctx, s, 3*time.Minute, nil)
}

// fillRelay sends while home is off until the relay refuses, and on while
// the disk has not a byte left.
func (f *filling) fillRelay(ctx context.Context, s *session, l *lab) error {
	if err := l.agent.stop(15 * time.Second); err != nil {
		return err
	}
	l.agent = nil
	crowd := send(ctx, f.senders(s, l, 0, 30_000)...)
	err := until(ctx, 2*time.Minute, "the relay refuses with 507", func() bool { return l.tally.count(507) >= 50 })
	accepted := l.tally.count(2)
	s.say("507 after %d were accepted: %v", accepted, l.tally.refusals)
	// Without a reserve the deliveries themselves have filled it, and the relay
	// has used its ballast to go on: who takes that too leaves it nothing.
	if err == nil && f.reserve == "" {
		err = fill(f.filler(l))
	}
	err = errors.Join(err, sleep(ctx, 2*time.Second), crowd.stop())
	s.Figures["accepted_before_full"] = accepted
	s.Figures["accepted_while_full"] = l.tally.count(2) - accepted
	s.Figures["refused_507"] = l.tally.count(507)
	if l.tally.impatient > 0 {
		s.breach("retry", "507", "%d refusals without a Retry-After", l.tally.impatient)
	}
	return err
}

// filler is what somebody else has on the relay's disk.
func (f *filling) filler(l *lab) string { return filepath.Join(l.data(), "..", "filler") }

// drainFull starts the agent, waits until it has everything though the relay's
// disk is full, and makes room: then requests have to be accepted again.
func (f *filling) drainFull(ctx context.Context, s *session, l *lab) error {
	if err := l.startAgent(); err != nil {
		return err
	}
	took, err := l.settle(ctx, 2*time.Minute)
	if err != nil {
		return err
	}
	left, err := backlog(ctx, l)
	s.Figures["drained_while_full_s"], s.Figures["left_while_full"] = round(took.Seconds(), 2), left
	s.say("drained in %s, %d left, free: %d bytes", took.Round(time.Millisecond), left, freeBytes(l.data()))
	if left > 0 {
		s.breach("drain", "full disk", "%d items did not come home", left)
	}
	if gone := os.Remove(f.filler(l)); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	if err != nil {
		return err
	}
	began := time.Now()
	was := l.tally.count(2)
	crowd := send(ctx, f.senders(s, l, 100, 3000)...)
	err = until(ctx, time.Minute, "requests are accepted again", func() bool { return l.tally.count(2) > was+20 })
	s.Figures["accepts_again_after_s"] = round(time.Since(began).Seconds(), 2)
	err = errors.Join(err, crowd.stop(), sleep(ctx, time.Second))
	s.Figures["ballast"] = ballast(l.data())
	return err
}

// fillHome fills the agent's disk: the relay keeps what home cannot note.
func (f *filling) fillHome(ctx context.Context, s *session, l *lab) error {
	filler := filepath.Join(l.home(), "filler")
	if err := fill(filler); err != nil {
		return err
	}
	before := l.tally
	l.tally = newTally()
	crowd := send(ctx, f.senders(s, l, 200, 3000)...)
	err := errors.Join(sleep(ctx, 4*time.Second), crowd.stop())
	s.Figures["answers_while_home_full"] = l.tally.answers()
	s.say("home's disk is full: %v %v", l.tally.answers(), l.tally.refusals)
	before.merge(l.tally)
	l.tally = before
	return errors.Join(err, os.Remove(filler))
}

func (f *filling) senders(s *session, l *lab, number, size int) (all []*sender) {
	for i := range 4 {
		one := l.newSender(s, number+i, "stored")
		one.size = size
		all = append(all, one)
	}
	one := l.newSender(s, number+10, "hold")
	one.size, one.pause = size, 100*time.Millisecond
	return append(all, one)
}

// mountSmall puts a disk of a few MiB at dir.
func mountSmall(dir string, mib int) (unmount func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,mode=0700", mib), "homehook-faults", dir).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("mount: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return func() { exec.Command("umount", "-l", dir).Run() }, nil
}

// fill takes all that is left of a disk.
func fill(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return err
		}
		err = nil
	}
	return nil
}

// freeBytes is how much of a disk df says is free.
func freeBytes(dir string) int64 {
	out, err := exec.Command("df", "--output=avail", "-B1", dir).Output()
	if err != nil {
		return -1
	}
	var n int64
	fmt.Sscan(strings.TrimPrefix(strings.TrimSpace(string(out)), "Avail"), &n)
	return n
}

// ballast is the size of the file that the relay keeps to make room with.
func ballast(dir string) (size int64) {
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.Contains(e.Name(), "ballast") {
			if info, err := e.Info(); err == nil {
				size = info.Size()
			}
		}
		return nil
	})
	return size
}
