package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain lets the test binary play the programs that tests start, so that they
// run on every system.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "play" {
		os.Exit(play(os.Args[2], os.Args[3:]))
	}
	goleak.VerifyTestMain(m)
}

func play(mode string, args []string) int {
	switch mode {
	case "cat":
		io.Copy(os.Stdout, os.Stdin)
	case "exit": // STATUS: with something on both outputs
		fmt.Print("the answer")
		fmt.Fprint(os.Stderr, "and what went wrong")
		code, _ := strconv.Atoi(args[0])
		return code
	case "flood": // N bytes to each output
		n, _ := strconv.Atoi(args[0])
		os.Stdout.Write(bytes.Repeat([]byte("o"), n))
		os.Stderr.Write(bytes.Repeat([]byte("e"), n))
	case "wait": // until asked to end
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		fmt.Print("ready")
		<-asked
		return 3
	case "hold": // ADDR: deaf, with a connection to tell by
		signal.Ignore(syscall.SIGTERM)
		nc, err := net.Dial("tcp", args[0])
		if err != nil {
			return 1
		}
		io.Copy(io.Discard, nc)
	case "leave", "pair": // ADDR: starts one that holds; pair holds itself too
		c := exec.Command(os.Args[0], "play", "hold", args[0])
		c.Stdout = os.Stdout
		if err := c.Start(); err != nil {
			return 1
		}
		if mode == "pair" {
			return play("hold", args)
		}
	}
	return 0
}

func soon() time.Time { return time.Now().Add(10 * time.Second) }

// start starts the test binary in a role. What Start leaves of the input is
// written behind it.
func start(t *testing.T, o Order, input string, role ...string) (p *Process, rest []byte) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if o.Keep == [2]int{} {
		o.Keep = [2]int{1 << 20, 1 << 20}
	}
	if o.Linger == 0 {
		o.Linger = 5 * time.Second
	}
	o.Mark = "TEST_MARK=" + t.Name()
	o.Argv, o.Dir, o.Env = append([]string{exe, "play"}, role...), t.TempDir(), append(os.Environ(), o.Mark)
	p, rest, err = Start(&o, []byte(input), true)
	if err != nil {
		t.Fatal(err)
	}
	if in := p.Input(); in != nil {
		fed := make(chan struct{})
		go func() {
			defer close(fed)
			defer in.Close()
			in.Write(rest)
		}()
		t.Cleanup(func() { <-fed })
	}
	return p, rest
}

func outputs(p *Process) (out, errs string) {
	o, _ := p.Output()
	e, _ := p.Errors()
	return string(o), string(e)
}

func TestInputAndOutput(t *testing.T) {
	for name, input := range map[string]string{"none": "", "short": "short", "more than a pipe takes": strings.Repeat("0123456789", 50_000)} {
		t.Run(name, func(t *testing.T) {
			p, rest := start(t, Order{}, input, "cat")
			if runtime.GOOS == "linux" && (len(rest) > 0) != (len(input) > 1000) {
				t.Errorf("%d bytes are left to be written", len(rest))
			}
			if e := p.Attend(t.Context(), soon()); e != Ended || !p.Over() {
				t.Errorf("event %d", e)
			}
			p.Reap()
			if out, errs := outputs(p); out != input || errs != "" || p.Exit() != 0 || p.Signaled() || p.Ending() != "exit status 0" {
				t.Errorf("exit %d, %q, %d bytes, %q", p.Exit(), p.Ending(), len(out), errs)
			}
		})
	}
}

func TestKeep(t *testing.T) {
	p, _ := start(t, Order{Keep: [2]int{100, 5000}}, "", "flood", "3000")
	if e := p.Attend(t.Context(), soon()); e != Ended {
		t.Errorf("event %d", e)
	}
	p.Reap()
	out, outCut := p.Output()
	errs, errsCut := p.Errors()
	if len(out) != 100 || !outCut || len(errs) != 3000 || errsCut {
		t.Errorf("%d bytes, cut %t; %d bytes, cut %t", len(out), outCut, len(errs), errsCut)
	}
}

// TestPasses takes all of an output that is longer than what is kept of it, or
// the beginning of it.
func TestPasses(t *testing.T) {
	for name, most := range map[string]int{"all": 1 << 20, "some": 5000} {
		t.Run(name, func(t *testing.T) {
			p, _ := start(t, Order{Passes: true, Keep: [2]int{1000, 1 << 20}}, "", "flood", "300000")
			got := 0
			e := p.Attend(t.Context(), soon())
			for ; e == Arrived; e = p.Attend(t.Context(), soon()) {
				if n := len(p.Take()); n == 0 || n > 1000 {
					t.Fatalf("%d bytes at once", n)
				} else if got += n; got >= most {
					p.Waste()
				}
			}
			p.Reap()
			if want := min(300_000, most); e != Ended || got < want || got > want+1000 || p.Exit() != 0 {
				t.Errorf("event %d, %d bytes, exit %d", e, got, p.Exit())
			}
		})
	}
}

// TestEndAsked lets a program end by itself that was asked to.
func TestEndAsked(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no polite way")
	}
	p, _ := start(t, Order{Passes: true}, "", "wait")
	if e := p.Attend(t.Context(), soon()); e != Arrived || string(p.Take()) != "ready" {
		t.Fatalf("event %d", e)
	}
	if e := p.Attend(t.Context(), time.Now().Add(10*time.Millisecond)); e != Late || p.Over() {
		t.Errorf("event %d", e)
	}
	p.Terminate()
	p.End(t.Context(), soon())
	if p.Exit() != 3 {
		t.Errorf("exit %d, %s", p.Exit(), p.Ending())
	}
}

// witness counts processes by a connection that each holds as long as it lives.
func witness(t *testing.T) (addr string, gone func(n int)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	conns := make(chan net.Conn, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			conns <- nc
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	var all []net.Conn
	return l.Addr().String(), func(n int) {
		t.Helper()
		if len(all) == 0 {
			for range n {
				all = append(all, <-conns)
			}
			return
		}
		for _, nc := range all {
			nc.SetReadDeadline(soon())
			if _, err := nc.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("a process is left")
			}
			nc.Close()
		}
	}
}

// TestEnds ends a program that is deaf, and its child, whatever it was that it
// has to end for.
func TestEnds(t *testing.T) {
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		until time.Duration
		spoil bool
		want  Event
		end   func(p *Process)
	}{
		{"late", t.Context(), 20 * time.Millisecond, false, Late, (*Process).Kill},
		{"stopped", stopped, time.Minute, false, Stopped, (*Process).Kill},
		{"spoiled", t.Context(), time.Minute, true, Spoiled, (*Process).Kill},
		{"with a grace", t.Context(), 20 * time.Millisecond, false, Late, func(p *Process) {
			p.Terminate()
			p.End(t.Context(), time.Now().Add(100*time.Millisecond))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr, processes := witness(t)
			p, _ := start(t, Order{}, "", "pair", addr)
			processes(2)
			spoiled := make(chan struct{})
			go func() {
				defer close(spoiled)
				if tt.spoil {
					p.Spoil()
				}
			}()
			if e := p.Attend(tt.ctx, time.Now().Add(tt.until)); e != tt.want {
				t.Errorf("event %d, want %d", e, tt.want)
			}
			tt.end(p)
			<-spoiled
			processes(2)
			if runtime.GOOS != "windows" && (p.Exit() != 137 || !p.Signaled() || p.Ending() != "ended by signal: killed") {
				t.Errorf("exit %d, %s", p.Exit(), p.Ending())
			}
		})
	}
}

// TestHeld ends with success, but leaves a child that holds its output.
func TestHeld(t *testing.T) {
	addr, processes := witness(t)
	p, _ := start(t, Order{Linger: 200 * time.Millisecond}, "", "leave", addr)
	processes(1)
	if e := p.Attend(t.Context(), soon()); e != Held {
		t.Errorf("event %d", e)
	}
	p.Kill()
	processes(1)
	if p.Exit() != 0 {
		t.Errorf("exit %d", p.Exit())
	}
}

func TestStartFails(t *testing.T) {
	p, _, err := Start(&Order{Argv: []string{t.TempDir() + "/none"}, Dir: t.TempDir()}, []byte("input"), false)
	if p != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
