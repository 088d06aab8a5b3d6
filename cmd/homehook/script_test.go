package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"homehook/relay"
)

// patience is how long scripts wait for something that is to happen.
const patience = 15 * time.Second

// bench is what one script has going on.
type bench struct {
	relay      *relay.Relay
	addr       string
	stopRelay  func()
	background map[string]*process
}

// benchKey is where a script keeps its bench.
type benchKey struct{}

// process is a command in the background.
type process struct {
	cmd  *exec.Cmd
	done chan error
}

func benchOf(ts *testscript.TestScript) *bench { return ts.Value(benchKey{}).(*bench) }

func cmdRelay(ts *testscript.TestScript, neg bool, args []string) {
	b := benchOf(ts)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: relay start|stop|restart|token NAME")
	}
	switch args[0] {
	case "start":
		b.start(ts)
		b.token(ts, "test")
		ts.Defer(func() { b.stopRelay() })
	case "stop":
		b.stopRelay()
	case "restart":
		b.stopRelay()
		b.start(ts)
	case "token":
		b.token(ts, args[1])
	default:
		ts.Fatalf("relay %s: unknown", args[0])
	}
}

func (b *bench) start(ts *testscript.TestScript) {
	r, err := relay.New(context.Background(), relay.Options{
		Data: ts.MkAbs("relay-data"), DrainTimeout: 100 * time.Millisecond,
	})
	ts.Check(err)
	if b.addr == "" {
		b.addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", b.addr)
	ts.Check(err)
	b.addr, b.relay = l.Addr().String(), r
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx, l) }()
	b.stopRelay = func() {
		b.stopRelay = func() {}
		cancel()
		if err := errors.Join(<-ended, r.Close()); err != nil {
			ts.Logf("relay: %v", err)
		}
	}
	ts.Setenv("RELAY", "http://"+b.addr)
}

func (b *bench) token(ts *testscript.TestScript, name string) {
	token, err := b.relay.CreateToken(context.Background(), name, 10)
	ts.Check(err)
	ts.Setenv("TOKEN", token)
	ts.Check(os.WriteFile(ts.MkAbs("token"), []byte(token+"\n"), 0o600))
}

func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	b, name := benchOf(ts), args[0]
	input, piped := strings.CutPrefix(args[1], "<")
	if piped {
		args = args[1:]
	}
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	cmd := exec.Command(path, args[2:]...)
	if piped {
		cmd.Stdin = strings.NewReader(ts.ReadFile(input))
	}
	cmd.Dir = ts.MkAbs(".")
	for _, v := range []string{"HOMEHOOK_HOME", "TMPDIR", "PATH", "TZ", "HOME", "GORACE"} {
		cmd.Env = append(cmd.Env, v+"="+ts.Getenv(v))
	}
	stdout, err := os.Create(ts.MkAbs(name + ".out"))
	ts.Check(err)
	defer stdout.Close()
	stderr, err := os.Create(ts.MkAbs(name + ".err"))
	ts.Check(err)
	defer stderr.Close()
	cmd.Stdout, cmd.Stderr = stdout, stderr
	ts.Check(cmd.Start())
	p := &process{cmd: cmd, done: make(chan error, 1)}
	go func() { p.done <- cmd.Wait() }()
	b.background[name] = p
	ts.Defer(func() {
		if b.background[name] != p {
			return
		}
		text, _ := os.ReadFile(stderr.Name())
		ts.Logf("%s wrote to stderr:\n%s", name, text)
		_ = cmd.Process.Kill()
		<-p.done
	})
}

// signals are those that scripts may send.
var signals = map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}

func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	p := benchOf(ts).background[args[0]]
	if p == nil {
		ts.Fatalf("%s does not run", args[0])
	}
	ts.Check(p.cmd.Process.Signal(signals[args[1]]))
}

func cmdEnd(ts *testscript.TestScript, neg bool, args []string) {
	b, name := benchOf(ts), args[0]
	p := b.background[name]
	if p == nil {
		ts.Fatalf("%s does not run", name)
	}
	sig := syscall.SIGINT
	if len(args) > 1 {
		sig = signals[args[1]]
	}
	ts.Check(p.cmd.Process.Signal(sig))
	select {
	case err := <-p.done:
		delete(b.background, name)
		if sig != syscall.SIGKILL && (err != nil) != neg {
			ts.Fatalf("%s ended with %v", name, err)
		}
	case <-time.After(patience):
		ts.Fatalf("%s does not end", name)
	}
}

// until polls until ok, or fails with what it last saw.
func until(ts *testscript.TestScript, ok func() (bool, string)) {
	deadline := time.Now().Add(patience)
	for {
		good, seen := ok()
		if good {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("it does not happen; last seen:\n%s", seen)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	re := regexp.MustCompile("(?m)" + args[0])
	until(ts, func() (bool, string) {
		_ = ts.Exec(args[1], args[2:]...) // its output counts
		seen := ts.ReadFile("stdout") + ts.ReadFile("stderr")
		return re.MatchString(seen) != neg, seen
	})
}

func cmdAwaitFile(ts *testscript.TestScript, neg bool, args []string) {
	re := regexp.MustCompile("(?m)" + args[0])
	until(ts, func() (bool, string) {
		seen, err := os.ReadFile(ts.MkAbs(args[1]))
		return err == nil && re.Match(seen) != neg, string(seen)
	})
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// at finds what is at a path such as "relays.0.name" in the JSON on stdout;
// "." is the whole.
func at(ts *testscript.TestScript, path string) any {
	var v any
	text := ts.ReadFile("stdout")
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		ts.Fatalf("stdout is not one JSON value: %v\n%s", err, text)
	}
	for name := range strings.SplitSeq(strings.Trim(path, "."), ".") {
		switch here := v.(type) {
		case map[string]any:
			next, ok := here[name]
			if !ok && name != "" {
				ts.Fatalf("no %q on the way %s in:\n%s", name, path, text)
			}
			if name != "" {
				v = next
			}
		case []any:
			if name == "" {
				continue
			}
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(here) {
				ts.Fatalf("no element %q on the way %s in:\n%s", name, path, text)
			}
			v = here[i]
		}
	}
	return v
}

func cmdKeys(ts *testscript.TestScript, neg bool, args []string) {
	v, ok := at(ts, args[0]).(map[string]any)
	if !ok {
		ts.Fatalf("no object at %s of:\n%s", args[0], ts.ReadFile("stdout"))
	}
	for _, key := range args[1:] {
		if _, has := v[key]; has == neg {
			ts.Fatalf("key %q at %s: %t", key, args[0], has)
		}
	}
}

func textAt(ts *testscript.TestScript, path string) string {
	switch v := at(ts, path).(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

func cmdValue(ts *testscript.TestScript, neg bool, args []string) {
	if got := textAt(ts, args[0]); (got == args[1]) == neg {
		ts.Fatalf("at %s is %q, wanted (or not) %q", args[0], got, args[1])
	}
}

func cmdSetenv(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], textAt(ts, args[1]))
}

func cmdCount(ts *testscript.TestScript, _ bool, args []string) {
	all, ok := at(ts, args[0]).([]any)
	if !ok || strconv.Itoa(len(all)) != args[1] {
		ts.Fatalf("at %s are %d elements (array: %t), want %s:\n%s", args[0], len(all), ok, args[1], ts.ReadFile("stdout"))
	}
}

func cmdGrepenv(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile(args[2]))
	if len(found) < 2 {
		ts.Fatalf("nothing in %s matches %s", args[2], args[1])
	}
	ts.Setenv(args[0], found[1])
}

func cmdAppend(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[1])
	old, err := os.ReadFile(path)
	if !errors.Is(err, os.ErrNotExist) {
		ts.Check(err)
	}
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(path, append(old, text...), 0o600))
}

func cmdFill(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	line := strings.Repeat("x", 99) + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat(line, n/100)), 0o600))
}

func cmdEmpty(ts *testscript.TestScript, _ bool, args []string) {
	found, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*"))
	ts.Check(err)
	if len(found) > 0 {
		ts.Fatalf("%s holds %v", args[0], found)
	}
}
