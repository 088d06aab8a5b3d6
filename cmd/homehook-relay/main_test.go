package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"homehook/http1"
	"homehook/ptth"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"homehook-relay": main})
}

// TestScripts runs the true command. Beside the built-in commands, a script
// has: serve ARGS… (starts a relay on a free port and sets $ADDR), stop (ends
// it with a signal, or kills it where there are none), get STATUS URL, agent
// NAME (opens a link with $TOKEN and answers "home"), refused NAME STATUS
// (the link is refused), certificate (makes cert.pem and key.pem), hangup (sends
// the relay SIGHUP), waitfor FILE TEXT (waits until a file holds a text), waitfile
// FILE (waits until it is there) and private FILE (nobody else may read it).
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("LocalAppData", env.WorkDir)
			env.Values["relay"] = &child{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": serveScript, "stop": stopScript, "get": getScript, "call": callScript, "waitqueue": waitqueueScript,
			"agent":   agentScript,
			"refused": refusedScript, "certificate": certificateScript, "capture": captureScript,
			"hangup": hangupScript, "waitfor": waitforScript, "waitfile": waitforScript, "private": privateScript,
		},
	})
}

// child is the relay that a script runs.
type child struct {
	cmd  *exec.Cmd
	done chan error
}

func command(ts *testscript.TestScript, args ...string) *exec.Cmd {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path, err := exec.LookPath(filepath.Join(dir, "homehook-relay")); err == nil {
			return exec.Command(path, args...)
		}
	}
	ts.Fatalf("homehook-relay is not in the path")
	return nil
}

func serveScript(ts *testscript.TestScript, _ bool, args []string) {
	cmd := command(ts, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Dir = ts.Getenv("WORK")
	c := ts.Value("relay").(*child)
	c.cmd, c.done = cmd, make(chan error, 1)
	ts.Setenv("ADDR", "")
	log, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			ts.Setenv("ADDR", addr)
			break
		}
		ts.Logf("relay: %s", lines.Text())
	}
	go func() {
		io.Copy(io.Discard, log)
		c.done <- cmd.Wait()
	}()
	ts.Defer(func() { cmd.Process.Kill() })
	if ts.Getenv("ADDR") == "" {
		ts.Fatalf("the relay did not start")
	}
}

func stopScript(ts *testscript.TestScript, _ bool, _ []string) {
	c := ts.Value("relay").(*child)
	if runtime.GOOS == "windows" {
		c.cmd.Process.Kill()
		<-c.done
		return
	}
	ts.Check(c.cmd.Process.Signal(os.Interrupt))
	select {
	case err := <-c.done:
		ts.Check(err)
	case <-time.After(15 * time.Second):
		ts.Fatalf("the relay did not end")
	}
}

func hangupScript(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(ts.Value("relay").(*child).cmd.Process.Signal(syscall.SIGHUP))
}

func waitforScript(ts *testscript.TestScript, _ bool, args []string) {
	text := append(args, "")[1]
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Contains(string(got), text) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s holds %q, %v", args[0], got, err)
		}
	}
}

func privateScript(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if mode := info.Mode().Perm(); mode != 0o600 {
		ts.Fatalf("%s has mode %v", args[0], mode)
	}
}

func client() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
	}}
}

func getScript(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	res, err := client().Get(args[1])
	ts.Check(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), "answer"), body, 0o600))
	if res.StatusCode != want {
		ts.Fatalf("got %d %s, want %d", res.StatusCode, body, want)
	}
}

// callScript sends a request with the token: method, status, URL and body.
func callScript(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	req, err := http.NewRequest(args[0], args[2], strings.NewReader(args[3]))
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+ts.Getenv("TOKEN"))
	res, err := client().Do(req)
	ts.Check(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), "answer"), body, 0o600))
	if res.StatusCode != want {
		ts.Fatalf("got %d %s, want %d", res.StatusCode, body, want)
	}
}

// waitqueueScript waits until so many deliveries of the first claim are in the
// queue.
func waitqueueScript(ts *testscript.TestScript, neg bool, args []string) {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		callScript(ts, neg, []string{"GET", "200", ts.Getenv("ADDR") + "/api/claims", ""})
		if got := ts.ReadFile("answer"); strings.Contains(got, `"queued":`+args[0]+",") {
			return
		} else if time.Now().After(end) {
			ts.Fatalf("still not: %s", got)
		}
	}
}

func dialer(ts *testscript.TestScript) *ptth.Dialer {
	u, err := url.Parse(ts.Getenv("ADDR"))
	ts.Check(err)
	return &ptth.Dialer{Relay: u, Token: ts.Getenv("TOKEN"), MaxLinks: 4, TLS: &tls.Config{InsecureSkipVerify: true}}
}

func agentScript(ts *testscript.TestScript, _ bool, args []string) {
	l, err := dialer(ts).Dial(context.Background(), args[0])
	ts.Check(err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Serve(context.Background(), func(_ context.Context, x *http1.Exchange) {
			id, _ := x.Request.Get("Homehook-Delivery")
			x.Start(200, nil)
			x.Field("Homehook-Accepted", string(id))
			x.EndLength(5)
			io.WriteString(x.Writer, "home\n")
			x.Finish()
		})
	}()
	ts.Defer(func() { l.Close(); <-done })
}

func refusedScript(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		l, err := dialer(ts).Dial(context.Background(), args[0])
		if err == nil {
			l.Close()
		} else if strings.Contains(err.Error(), "("+args[1]+")") {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("got %v, want %s", err, args[1])
		}
	}
}

// captureScript sets a variable to what the last command printed.
func captureScript(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

func certificateScript(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(writeCertificate(ts.Getenv("WORK"), "one"))
}

// writeCertificate makes cert.pem and key.pem, signed by themselves.
func writeCertificate(dir, name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for file, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			return fmt.Errorf("write %s: %w", file, err)
		}
	}
	return nil
}
