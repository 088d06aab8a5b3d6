package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/relay"
	"homehook/routes/signature"
	"homehook/service"
)

// household is a relay, an agent, and what templates pass deliveries on to.
type household struct {
	t       *testing.T
	dir     string
	public  string
	secrets *credentials.Store
	paths   service.Paths
	client  *control.Client

	mu     sync.Mutex
	asked  []string // what the app was asked, one text a request
	events []control.Notification
	url    string // of the app
}

// startHousehold makes the folders and the app, and a configuration with a claim
// and no route.
func startHousehold(t *testing.T) *household {
	t.Helper()
	dir := t.TempDir()
	h := &household{t: t, dir: dir, paths: service.Paths{Config: filepath.Join(dir, "config.yaml"), State: filepath.Join(dir, "state"), Runtime: filepath.Join(dir, "run")}}
	if err := h.paths.Make(); err != nil {
		t.Fatal(err)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.asked = append(h.asked, r.Method+" "+r.URL.Path+" "+string(body))
		fmt.Fprint(w, "from the app")
	}))
	t.Cleanup(app.Close)
	h.url = app.URL
	r, err := relay.New(t.Context(), relay.Options{Data: filepath.Join(dir, "relay")})
	if err != nil {
		t.Fatal(err)
	}
	token, err := r.CreateToken(t.Context(), "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.public = "http://" + ln.Addr().String() + "/~garage"
	text := fmt.Sprintf("relays: [{name: mine, url: 'http://%s', token: relay/mine}]\nclaims: [{name: garage, parallel: 8}]\n", ln.Addr())
	if err := os.WriteFile(h.paths.Config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if h.secrets, err = credentials.Open(h.paths.State); err != nil {
		t.Fatal(err)
	}
	h.secret("relay/mine", token)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Serve(ctx, ln); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// startAgent runs the agent over the configuration as it is now.
func (h *household) startAgent() {
	a, err := agent.New(h.t.Context(), agent.Options{
		Config: h.paths.Config, History: h.paths.History(), Socket: h.paths.Socket(), Credentials: h.secrets, Version: "test",
		Log: slog.New(slog.NewTextHandler(h.t.Output(), nil)),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.client = control.NewClient(h.paths.Socket())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := a.Run(ctx); err != nil {
			h.t.Error(err)
		}
	})
	h.until("the agent is connected", func() bool {
		s, err := h.client.Status(h.t.Context())
		return err == nil && s.State == control.StateConnected
	})
	wg.Go(func() {
		_ = h.client.Events(ctx, 0, func(e control.Event) error {
			if e.Notification != nil {
				h.mu.Lock()
				h.events = append(h.events, *e.Notification)
				h.mu.Unlock()
			}
			return nil
		})
	})
	h.t.Cleanup(func() {
		cancel()
		wg.Wait()
		h.client.Close()
	})
}

func (h *household) secret(name, value string) {
	h.t.Helper()
	if err := h.secrets.Set(name, value); err != nil {
		h.t.Fatal(err)
	}
}

func (h *household) until(what string, ok func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("it did not happen that %s", what)
		}
	}
}

// script writes a shell script that writes what it gets into a file of its name.
func (h *household) script(name, text string) (path, out string) {
	h.t.Helper()
	path, out = filepath.Join(h.dir, name), filepath.Join(h.dir, name+".out")
	text = "#!/bin/sh\n" + strings.ReplaceAll(text, "OUT", "'"+out+"'") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		h.t.Fatal(err)
	}
	return path, out
}

// wrote waits for a file with a text.
func (h *household) wrote(path, want string) {
	h.t.Helper()
	h.until(path+" has "+want, func() bool {
		data, err := os.ReadFile(path)
		return err == nil && string(data) == want
	})
}

// hook is a request for a route of a template.
type hook struct {
	method, path, body, kind string
	header                   map[string]string
	scheme, secret           string // of the signature
}

// send sends it and returns status and body of the answer.
func (h *household) send(k hook) (int, string) {
	h.t.Helper()
	req, err := http.NewRequest(k.method, h.public+k.path, strings.NewReader(k.body))
	if err != nil {
		h.t.Fatal(err)
	}
	if k.kind != "" {
		req.Header.Set("Content-Type", k.kind)
	}
	for name, value := range k.header {
		req.Header.Set(name, value)
	}
	if k.scheme != "" {
		scheme, ok := signature.Find(k.scheme)
		if !ok {
			h.t.Fatalf("no scheme %s", k.scheme)
		}
		fields, err := scheme.Sign(&signature.Message{Method: k.method, Body: []byte(k.body), Received: time.Now(), Header: signature.Fields(nil)}, []byte(k.secret), time.Now())
		if err != nil {
			h.t.Fatal(err)
		}
		for _, f := range fields {
			req.Header.Set(f.Name, f.Value)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// run runs a command line in this process.
func (h *household) run(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	a := newApp()
	a.in, a.out, a.err = strings.NewReader(""), &o, &e
	a.paths = func() (service.Paths, error) { return h.paths, nil }
	code = a.execute(h.t.Context(), args)
	return code, o.String(), e.String()
}
