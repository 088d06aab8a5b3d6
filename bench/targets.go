package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"homehook/faults/port"
)

// target is something that leads to the origin.
type target struct {
	name string
	addr string // host:port
	path string // what requests begin with, "/" at least
	pids []int  // of the processes whose CPU time counts
}

// lab owns the processes that are measured and a folder for their files.
type lab struct {
	ctx    context.Context
	cancel context.CancelFunc
	dir    string
	origin string
	cmds   []*exec.Cmd
	built  bool
}

func newLab(ctx context.Context) (*lab, error) {
	dir, err := os.MkdirTemp("", "homehook-bench-")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &lab{ctx: ctx, cancel: cancel, dir: dir, origin: freeAddr()}
	if _, err := l.self("serve-origin", l.origin); err != nil {
		l.close()
		return nil, err
	}
	return l, waitFor(l.origin)
}

// close ends all processes and removes their files.
func (l *lab) close() {
	l.cancel()
	for _, c := range l.cmds {
		c.Wait()
	}
	os.RemoveAll(l.dir)
}

// command starts a process that ends with the lab.
func (l *lab) command(env []string, stdin, name string, args ...string) (int, error) {
	c := exec.CommandContext(l.ctx, name, args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 5 * time.Second
	c.Env = append(os.Environ(), env...)
	c.Stdin = strings.NewReader(stdin)
	log, err := os.Create(filepath.Join(l.dir, fmt.Sprintf("%d-%s.log", len(l.cmds), filepath.Base(name))))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		return 0, err
	}
	l.cmds = append(l.cmds, c)
	return c.Process.Pid, nil
}

func (l *lab) self(args ...string) (int, error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	return l.command(nil, "", exe, args...)
}

// start brings a target up and waits until it answers.
func (l *lab) start(name string) (*target, error) {
	t := &target{name: name, path: "/"}
	var err error
	switch name {
	case "direct":
		t.addr = l.origin
	case "nginx":
		t.addr, err = l.nginx(t, l.origin, 2)
	case "nginx-x2":
		var inner string
		if inner, err = l.nginx(t, l.origin, 1); err == nil {
			t.addr, err = l.nginx(t, inner, 1)
		}
	case "reverseproxy-x2":
		var inner string
		if inner, err = l.reverseProxy(t, l.origin); err == nil {
			t.addr, err = l.reverseProxy(t, inner)
		}
	case "homehook", "homehook-history":
		err = l.homehook(t, "answer: through", name == "homehook-history")
	case "homehook-hold": // durable at home before each answer, one at a time
		err = l.homehook(t, "answer: hold, max_body: 1GiB", true)
	case "homehook-hold-parallel":
		err = l.homehook(t, "answer: hold, max_body: 1GiB, parallel: 64", true)
	default:
		host, path, found := strings.Cut(name, "/")
		if !found {
			return nil, errors.New("no such target")
		}
		t.addr, t.path = host, "/"+path // a server that runs already, such as 127.0.0.1:8080/~demo/
	}
	if err != nil {
		return nil, err
	}
	return t, waitAnswer(t)
}

func (l *lab) reverseProxy(t *target, to string) (string, error) {
	addr := freeAddr()
	pid, err := l.self("serve-reverseproxy", addr, "http://"+to)
	t.pids = append(t.pids, pid)
	if err != nil {
		return "", err
	}
	return addr, waitFor(addr)
}

const nginxConf = `daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log crit;
worker_processes %[2]d;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %[1]s; proxy_temp_path %[1]s;
  fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  keepalive_requests 100000000;
  client_max_body_size 0;
  upstream next { server %[3]s; keepalive 300; keepalive_requests 100000000; }
  server {
    listen %[4]s backlog=4096;
    location / {
      proxy_pass http://next;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      proxy_buffers 16 64k;
      client_body_buffer_size 256k;
    }
  }
}
`

// nginx starts one hop and returns where it listens.
func (l *lab) nginx(t *target, to string, workers int) (string, error) {
	addr := freeAddr()
	dir, err := os.MkdirTemp(l.dir, "nginx-")
	if err != nil {
		return "", err
	}
	os.Chmod(dir, 0o777) // workers run as another user when the master is root
	os.Chmod(l.dir, 0o755)
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir, workers, to, addr), 0o644); err != nil {
		return "", err
	}
	pid, err := l.command(nil, "", "nginx", "-e", filepath.Join(dir, "error.log"), "-c", conf)
	if err != nil {
		return "", fmt.Errorf("%w (Debian: apt install nginx-light)", err)
	}
	t.pids = append(t.pids, pid)
	return addr, waitFor(addr)
}

// build compiles our own programs, once.
func (l *lab) build() error {
	if l.built {
		return nil
	}
	for _, name := range []string{"homehook", "homehook-relay"} {
		build := exec.CommandContext(l.ctx, "go", "build", "-o", filepath.Join(l.dir, name), "homehook/cmd/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	l.built = true
	return nil
}

// homehook starts a relay and an agent with one forward route, and a claim with
// the settings.
func (l *lab) homehook(t *target, settings string, history bool) error {
	if err := l.build(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(l.dir, "homehook-")
	if err != nil {
		return err
	}
	bin := func(name string) string { return filepath.Join(l.dir, name) }
	data, home := filepath.Join(dir, "relay"), filepath.Join(dir, "home")
	token, err := exec.CommandContext(l.ctx, bin("homehook-relay"), "token", "create", "bench", "--data", data).Output()
	if err != nil {
		return fmt.Errorf("create token: %w", err)
	}
	t.addr, t.path = freeAddr(), "/~bench/"
	pid, err := l.command(nil, "", bin("homehook-relay"), "serve", "--listen", t.addr, "--data", data)
	if err != nil {
		return err
	}
	t.pids = append(t.pids, pid)
	if err := waitFor(t.addr); err != nil {
		return err
	}
	env := []string{"HOMEHOOK_HOME=" + home}
	if err := configure(home, t.addr, l.origin, settings, history); err != nil {
		return err
	}
	set := exec.CommandContext(l.ctx, bin("homehook"), "secret", "set", "relay/bench")
	set.Env, set.Stdin = append(os.Environ(), env...), bytes.NewReader(token)
	if out, err := set.CombinedOutput(); err != nil {
		return fmt.Errorf("set token: %w: %s", err, out)
	}
	pid, err = l.command(env, "", bin("homehook"), "run")
	t.pids = append(t.pids, pid)
	return err
}

// configure writes the agent's configuration.
func configure(home, relay, origin, settings string, history bool) error {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	conf := fmt.Sprintf(`relays:
  - {name: bench, url: "http://%s", token: relay/bench}
claims:
  - {name: bench, relay: bench, %s, max_links: 64}
routes:
  - {name: origin, claim: bench, match: /, unverified: true, forward: {to: "http://%s"}}
history: {off: %t}
`, relay, settings, origin, !history)
	return os.WriteFile(filepath.Join(home, "config.yaml"), []byte(conf), 0o600)
}

// freeAddr finds an address that nobody listens on.
func freeAddr() string {
	addr, err := port.Free()
	if err != nil {
		return "127.0.0.1:0"
	}
	return addr
}

func waitFor(addr string) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		nc, err := net.Dial("tcp", addr)
		if err == nil {
			return nc.Close()
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// waitAnswer waits until a whole request passes.
func waitAnswer(t *target) error {
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
		took, err := call(ctx, t, 1, 64)
		cancel()
		if err == nil && len(took) > 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no answer from %s: %w", t.name, err)
		}
	}
}
