package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// holding looks at the answer mode "hold": prompt answers cost the relay no
// write, slow ones do not keep the sender.
type holding struct {
	prompt, slow int
	bound        time.Duration
}

// The hold time of the slow claims, how long their script takes, and how many
// there are: a sender whose claim has something in the queue is not kept at all.
const (
	slowClaims = 8
	holdTime   = 500 * time.Millisecond
	slowScript = 1500 * time.Millisecond
)

func holdFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	h := new(holding)
	fs.IntVar(&h.prompt, "prompt", 1000, "requests that home answers at once")
	fs.IntVar(&h.slow, "slow", 40, "requests that home answers too late")
	fs.DurationVar(&h.bound, "late", 100*time.Millisecond, "how long after the hold time an answer may come; 0 only reports it")
	return h.run
}

func (h *holding) run(ctx context.Context, s *session) error {
	claims := []claim{{name: "prompt", answer: "hold", handler: "respond: {body: done}"}}
	for i := range slowClaims {
		claims = append(claims, claim{name: fmt.Sprint("slow", i), answer: "hold", hold: holdTime.String(), script: []string{slowScript.String()}})
	}
	l, err := startLab(ctx, s, "", claims)
	if err != nil {
		return err
	}
	defer l.kill()
	if err := h.promptly(ctx, s, l); err != nil {
		return err
	}
	if err := h.slowly(ctx, s, l); err != nil {
		return err
	}
	if err := l.finish(ctx, s, time.Minute, nil); err != nil {
		return err
	}
	return h.late(ctx, s, l)
}

// promptly counts what the relay writes while home answers in time.
func (h *holding) promptly(ctx context.Context, s *session, l *lab) error {
	warm := l.newSender(s, 1, "prompt")
	warm.limit, warm.size = 50, 1000
	if err := send(ctx, warm).wait(); err != nil {
		return err
	}
	sizes, err := fileSizes(l.data())
	if err != nil {
		return err
	}
	written := writtenBytes(l.relay.pid())
	calls, err := traceCalls(ctx, l, func() error {
		var all []*sender
		for i := range 4 {
			one := l.newSender(s, 10+i, "prompt")
			one.limit, one.size = h.prompt/4, 2000
			all = append(all, one)
		}
		return send(ctx, all...).wait()
	})
	if err != nil {
		return err
	}
	after, err := fileSizes(l.data())
	if err != nil {
		return err
	}
	s.Figures["prompt_answers"] = l.tally.count(200)
	s.Figures["relay_written_bytes"] = writtenBytes(l.relay.pid()) - written
	s.Figures["relay_file_calls"] = calls
	if sizes != after {
		s.breach("write", "prompt", "files were %s and are %s", sizes, after)
	}
	if n := writtenBytes(l.relay.pid()) - written; n > 0 || calls > 0 {
		s.breach("write", "prompt", "%d bytes and %d calls that change files", n, calls)
	}
	if n := l.tally.count(200); n < h.prompt/4*4 {
		return fmt.Errorf("%d of %d got the answer from home: %v", n, h.prompt, l.tally.answers())
	}
	return nil
}

// slowly measures how long senders wait for a 202.
func (h *holding) slowly(ctx context.Context, s *session, l *lab) error {
	prompt := l.tally
	l.tally = newTally()
	var all []*sender
	for i := range slowClaims {
		one := l.newSender(s, 100+i, fmt.Sprint("slow", i))
		one.limit, one.size = h.slow/slowClaims, 2000
		one.pause = 2 * slowScript // half of it at least: the script has ended
		all = append(all, one)
	}
	if err := send(ctx, all...).wait(); err != nil {
		return err
	}
	var worst time.Duration
	for _, took := range l.tally.took {
		worst = max(worst, took-holdTime)
	}
	p50, _ := l.tally.percentiles()
	s.Figures["slow_answers"] = l.tally.answers()
	s.Figures["slow_p50_past_hold_ms"], s.Figures["slow_worst_past_hold_ms"] = milliseconds(p50-holdTime), milliseconds(worst)
	if h.bound > 0 && worst > h.bound || l.tally.count(202) != h.slow/slowClaims*slowClaims {
		s.breach("late", "slow", "answers %v, the last one %s after the hold time", l.tally.answers(), worst)
	}
	prompt.merge(l.tally)
	l.tally = prompt
	return nil
}

// late looks for home's own answers, which came after the 202.
func (h *holding) late(ctx context.Context, s *session, l *lab) error {
	n, body := 0, ""
	const text = `SELECT a.status, coalesce(a.response_body, a.output) FROM attempts a JOIN deliveries d ON d.seq = a.seq
		WHERE d.claim LIKE 'slow%' AND d.state = 'succeeded'`
	err := query(ctx, l.history(), text, func(r *sql.Rows) error {
		var status int
		var got []byte
		err := r.Scan(&status, &got)
		if status == 200 && len(got) > 0 {
			n++
			body = string(got)
		}
		return err
	})
	s.Figures["late_answers_in_history"] = n
	if want := h.slow / slowClaims * slowClaims; err == nil && n != want {
		s.breach("late", "slow", "the history has %d answers of %d, the last is %q", n, want, body)
	}
	return err
}

// merge adds the other's counts. Their senders have ended.
func (t *tally) merge(other *tally) {
	for status, n := range other.statuses {
		t.statuses[status] += n
	}
}

// fileSizes describes the files of a folder that belong to databases.
func fileSizes(dir string) (string, error) {
	var all []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, "-shm") {
			return err
		}
		info, err := e.Info()
		if err == nil {
			all = append(all, fmt.Sprint(e.Name(), " ", info.Size()))
		}
		return err
	})
	return strings.Join(all, ", "), err
}

// writtenBytes is what a process has had the kernel write to disks, 0 where the
// system does not tell.
func writtenBytes(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "write_bytes:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return n
		}
	}
	return 0
}

// traceCalls counts the relay's system calls that change files while work runs,
// 0 without strace.
func traceCalls(ctx context.Context, l *lab, work func() error) (int, error) {
	trace := l.path("calls")
	tracer, err := attach(ctx, l, l.relay.pid(), "-o", trace, "-e", "trace=pwrite64,pwritev,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat,mkdirat")
	if errors.Is(err, errSkipped) {
		return 0, work()
	}
	if err != nil {
		return 0, err
	}
	err = work()
	tracer.detach()
	text, read := os.ReadFile(trace)
	if err := errors.Join(err, read); err != nil {
		return 0, err
	}
	return strings.Count(string(text), "\n"), nil
}
