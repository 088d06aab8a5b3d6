package routes

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkScript compares the dispatch of a script, HTTP included, with the
// bare start of the same program and with package os/exec, in the same
// environment. The three take turns, since what a start costs depends on what else the machine does.
func BenchmarkScript(b *testing.B) {
	for _, c := range []struct {
		path    string
		size    int
		callers int
	}{{"/bin/true", 0, 1}, {"/bin/true", 0, 4}, {"/bin/true", 1024, 4}, {"/bin/true", 0, 16}, {"/bin/cat", 1024, 1}, {"/bin/cat", 1024, 4}} {
		b.Run(c.path[5:]+"-"+strconv.Itoa(c.size)+"/"+strconv.Itoa(c.callers), func(b *testing.B) {
			if _, err := os.Stat(c.path); err != nil {
				b.Skip(err)
			}
			body := bytes.Repeat([]byte("x"), c.size)
			r := compileOne(b, Spec{Script: &ScriptSpec{Command: []string{c.path}}})
			f, env := serveRoute(b, r), r.handlers[0].handler.(*scripter).env
			senders := make(chan func(), c.callers)
			for range c.callers {
				senders <- newLoad(b, f.addr, "POST", body)
			}
			route := func() { send := <-senders; send(); senders <- send }
			var spent [3]time.Duration
			for b.Loop() {
				for i, run := range []func(){func() { rawRun(b, c.path, env, body) }, func() { execRun(b, c.path, env, body) }, route} {
					spent[i] += burst(c.callers, 50, run)
				}
			}
			b.ReportMetric(float64(spent[0])/float64(spent[2]), "of-raw")
			b.ReportMetric(float64(spent[1])/float64(spent[2]), "of-exec")
			b.ReportMetric(float64(50*b.N)/spent[2].Seconds(), "runs/s")
		})
	}
}

// burst runs f n times on some goroutines and returns how long that took.
func burst(callers, n int, f func()) time.Duration {
	start := time.Now()
	var wg sync.WaitGroup
	var done atomic.Int64
	for range callers {
		wg.Go(func() {
			for done.Add(1) <= int64(n) {
				f()
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// rawRun is the floor: fork, exec and wait, with pipes only when there is
// something to say.
func rawRun(b *testing.B, path string, env []string, body []byte) {
	attr := &syscall.ProcAttr{Files: []uintptr{0, 1, 2}, Env: env}
	var in, out [2]int
	if len(body) > 0 {
		syscall.Pipe2(in[:], syscall.O_CLOEXEC)
		syscall.Pipe2(out[:], syscall.O_CLOEXEC)
		syscall.Write(in[1], body)
		syscall.Close(in[1])
		attr.Files = []uintptr{uintptr(in[0]), uintptr(out[1]), 2}
	}
	pid, err := syscall.ForkExec(path, []string{path}, attr)
	if err != nil {
		b.Error(err)
		return
	}
	if len(body) > 0 {
		syscall.Close(in[0])
		syscall.Close(out[1])
		buf := make([]byte, 4096)
		for n := 1; n > 0; {
			n, _ = syscall.Read(out[0], buf)
		}
		syscall.Close(out[0])
	}
	var ws syscall.WaitStatus
	syscall.Wait4(pid, &ws, 0, nil)
}

func execRun(b *testing.B, path string, env []string, body []byte) {
	c := exec.Command(path)
	c.Env = env
	if len(body) > 0 {
		c.Stdin = bytes.NewReader(body)
	}
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		b.Error(err)
	}
}
