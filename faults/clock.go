package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// jumping is a wall clock that jumps. Tools that put themselves before the C
// library do not reach programs without one, so the programs are built with a
// time.Now that adds what a file says, in seconds.
type jumping struct {
	d time.Duration
}

func clockFlags(fs *flag.FlagSet) func(context.Context, *session) error {
	j := new(jumping)
	fs.DurationVar(&j.d, "d", 3*time.Second, "how long each time lasts")
	return j.run
}

// clockVariable names the file with the seconds that the wall clock is off.
const clockVariable = "HOMEHOOK_FAULTS_CLOCK"

// clockSource is one more file of package time. It has the file in memory: Now is
// called where no system call may be made.
const clockSource = `package time

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

var faultsClock = func() *int64 {
	path, _ := syscall.Getenv("` + clockVariable + `")
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return new(int64)
	}
	b, err := syscall.Mmap(fd, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	syscall.Close(fd)
	if err != nil {
		return new(int64)
	}
	return (*int64)(unsafe.Pointer(&b[0]))
}()

func faultsOffset() int64 { return atomic.LoadInt64(faultsClock) }
`

// overlay writes a file for go build -overlay that makes time.Now jump.
func overlay(dir string) (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(strings.TrimSpace(string(out)), "src", "time")
	text, err := os.ReadFile(filepath.Join(folder, "time.go"))
	if err != nil {
		return "", err
	}
	changed, err := jumpy(string(text))
	if err != nil {
		return "", err
	}
	now, clock := filepath.Join(dir, "time.go"), filepath.Join(dir, "clock.go")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(folder, "time.go"):   now,
		filepath.Join(folder, "faults.go"): clock,
	}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, errors.Join(os.WriteFile(now, []byte(changed), 0o600),
		os.WriteFile(clock, []byte(clockSource), 0o600), os.WriteFile(path, list, 0o600))
}

// jumpy changes the text of package time's time.go: Now takes the offset in.
func jumpy(text string) (string, error) {
	before, now, ok := strings.Cut(text, "func Now() Time {")
	head, rest, ok2 := strings.Cut(now, "mono -= startNano")
	if !ok || !ok2 || strings.Contains(head, "func ") || !strings.Contains(head, "sec, nsec, mono := ") {
		return "", errors.New("this Go has another time.Now than is known here")
	}
	return before + "func Now() Time {" + head + "sec += faultsOffset()\n\tmono -= startNano" + rest, nil
}

// run lets the clock jump under load.
func (j *jumping) run(ctx context.Context, s *session) error {
	list, err := overlay(s.dir)
	if runtime.GOOS != "linux" {
		err = errors.New("the clock of programs can be changed on Linux only")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errSkipped, err)
	}
	bin, err := s.build("faults", "-overlay", list)
	if err != nil {
		return err
	}
	claims := append(usual(), claim{name: "later", answer: "store", script: []string{"0s", "2"}})
	l, err := newLabOf(s, bin, claims)
	if err != nil {
		return err
	}
	l.env = []string{clockVariable + "=" + l.path("clock")}
	defer l.kill()
	if err := setClock(l.path("clock"), 0); err != nil {
		return err
	}
	if err := l.start(ctx); err != nil {
		return err
	}
	later := l.newSender(s, 500, "later")
	later.pause = 500 * time.Millisecond
	crowd := send(ctx, append(mixture(s, l, 0)[:8], later)...)
	const day = 24 * time.Hour
	offsets := []time.Duration{time.Hour, -time.Hour, 40 * day, 0, -3650 * day, 3650 * day, 0}
	for i, off := range offsets {
		was := l.tally.count(2)
		if err := errors.Join(setClock(l.path("clock"), off), sleep(ctx, j.d), l.alive()); err != nil {
			return errors.Join(err, crowd.stop())
		}
		accepted := l.tally.count(2) - was
		s.say("clock off by %-10s %d accepted", off, accepted)
		if accepted == 0 {
			s.breach("clock", off.String(), "nothing was accepted at this time")
		}
		// Every other time a restart comes on top.
		if i%2 == 1 {
			if err := errors.Join(l.restart("relay"), l.restart("agent")); err != nil {
				return errors.Join(err, crowd.stop())
			}
		}
	}
	if err := crowd.stop(); err != nil {
		return err
	}
	s.Figures["jumps"] = len(offsets)
	// A next attempt that was due by a clock that was ahead may be a day away.
	return l.finish(ctx, s, 15*time.Second, func(e *evidence) { e.lenient, e.patient = true, map[string]bool{"later": true} })
}

// setClock lets the clock of all programs be off that have the file in memory.
func setClock(path string, off time.Duration) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(binary.NativeEndian.AppendUint64(nil, uint64(int64(off/time.Second))))
	return errors.Join(err, f.Close())
}
