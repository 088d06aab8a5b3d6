package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/agent/history"
	"homehook/http1"
	"homehook/ptth"
)

// sent is a delivery as a relay of ours sends it.
type sent struct {
	id       string // newID by default
	mode     string // "hold" by default
	after    string // the delivery before it, or "none"; "" for one that comes at once
	line     string // "POST /hello" by default
	fields   string // more fields, each with its line end
	body     string
	received time.Time // now by default
	wait     time.Duration
}

// got is the answer to it.
type got struct {
	status   int
	body     string
	accepted string // Homehook-Accepted
	retry    string // Retry-After
	kind     string // Content-Type
}

// deliver carries a delivery over a link from the pool.
func (r *testRelay) deliver(s sent) (got, error) {
	select {
	case link := <-r.links:
		g, err := carry(link, s)
		if link.Done() {
			r.links <- link
		} else {
			link.Close()
		}
		return g, err
	case <-time.After(patient):
		return got{}, errors.New("no link")
	}
}

func (s sent) request() (*http1.Request, error) {
	if s.mode == "" {
		s.mode = answerHold
	}
	if s.line == "" {
		s.line = "POST /hello"
	}
	if s.received.IsZero() {
		s.received = time.Now()
	}
	head := fmt.Sprintf("%s HTTP/1.1\r\nHost: garage.test\r\n%sContent-Length: %d\r\nX-Forwarded-For: 203.0.113.9\r\n"+
		"Homehook-Delivery: %s\r\nHomehook-Received: %s\r\nHomehook-Answer: %s\r\n",
		s.line, s.fields, len(s.body), s.id, s.received.UTC().Format(time.RFC3339Nano), s.mode)
	if s.after != "" {
		head += "Homehook-After: " + s.after + "\r\n"
	}
	return http1.ParseRequest([]byte(head), strings.NewReader(s.body), int64(len(s.body)))
}

func carry(link *ptth.Link, s sent) (got, error) {
	if s.id == "" {
		s.id = newID()
	}
	if s.wait == 0 {
		s.wait = 5 * time.Second
	}
	req, err := s.request()
	if err != nil {
		return got{}, err
	}
	res, err := link.Do(&ptth.Call{Request: req, Wait: s.wait, Head: func(w *http1.Writer) {
		w.StartRequest(req.Method, req.Target)
		w.CopyFields(&req.Head, http1.HopByHop)
	}})
	if err != nil {
		return got{}, err
	}
	body, err := io.ReadAll(res.Body)
	field := func(name string) string {
		v, _ := res.Get(name)
		return string(v)
	}
	return got{res.Status, string(body), field(acceptedField), field("Retry-After"), field("Content-Type")}, err
}

// forget drops the links of an agent that has ended.
func (r *testRelay) forget() {
	for {
		select {
		case link := <-r.links:
			link.Close()
		default:
			return
		}
	}
}

// must is deliver for what has to have an answer.
func (r *testRelay) must(t testing.TB, s sent) got {
	t.Helper()
	g, err := r.deliver(s)
	if err != nil {
		t.Fatalf("%s %s: %v", s.line, s.id, err)
	}
	return g
}

// storing is a configuration with one claim of the given settings.
func storing(relay, settings, routes string) string {
	return fmt.Sprintf("relays: [{name: test, url: \"http://%s\", token: relay/test}]\nclaims: [{name: garage, relay: test, max_links: 32%s}]\nroutes:\n%s", relay, settings, routes)
}

// record waits until a delivery is in a state.
func (h *home) record(t testing.TB, id, state string) *control.Record {
	t.Helper()
	var rec *control.Record
	eventually(t, id+" is "+state, func() bool {
		var err error
		rec, err = h.client.Delivery(context.Background(), id)
		return err == nil && rec.State == state
	})
	return rec
}

// reopen ends the agent and starts another one in its folder.
func (h *home) reopen(t testing.TB) *home {
	t.Helper()
	h.stop()
	return openHome(t, h.dir)
}

// openHome starts an agent in a folder in which one has been.
func openHome(t testing.TB, dir string) *home {
	t.Helper()
	h := &home{dir: dir}
	creds, err := credentials.Open(filepath.Join(dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "run", "s")
	h.Agent, err = New(t.Context(), Options{
		Config: h.path(), History: h.history(), Socket: socket,
		Credentials: creds, Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.client = control.NewClient(socket)
	h.run(t)
	return h
}

func (h *home) history() string { return filepath.Join(h.dir, "state", "history.db") }

// crashed gives f the journal of an agent that has ended, to leave behind what
// a crash does.
func (h *home) crashed(t testing.TB, f func(*history.Journal)) {
	t.Helper()
	h.stop()
	j, err := history.Open(t.Context(), h.history(), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	f(j)
}

// stored is a delivery as the journal has it right after it came.
func stored(t testing.TB, s sent) *history.Record {
	t.Helper()
	req, err := s.request()
	if err != nil {
		t.Fatal(err)
	}
	path, query := req.PathQuery()
	return &history.Record{
		Delivery: history.Delivery{
			ID: s.id, Claim: "garage", Relay: "test", State: history.Received, Method: string(req.Method),
			Path: string(path), Query: string(query), Received: time.Now(), Size: int64(len(s.body)),
			BodySHA256: sumOf([]byte(s.body)), Answer: answerStore,
		},
		Head: append([]byte(nil), append(req.Raw(), "\r\n"...)...), Body: []byte(s.body),
	}
}

// app is a target of forward routes: it keeps what it gets and answers as the
// test says.
type app struct {
	*httptest.Server
	mu     sync.Mutex
	seen   []string // bodies
	answer func(w http.ResponseWriter, r *http.Request, n int)
}

// startApp starts one; n counts the requests from 1.
func startApp(t testing.TB, answer func(w http.ResponseWriter, r *http.Request, n int)) *app {
	a := &app{answer: answer}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		a.seen = append(a.seen, string(body))
		n := len(a.seen)
		a.mu.Unlock()
		a.answer(w, r, n)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *app) bodies() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.seen...)
}

// route is a route of that name and path prefix to the app.
func (a *app) route(name, more string) string {
	return fmt.Sprintf("  - {name: %s, claim: garage, match: /%s, unverified: true, forward: {to: %q}%s}\n", name, name, a.URL, more)
}

// sendPart writes a request with less of its body than it says, and ends the
// link.
func sendPart(t testing.TB, link *ptth.Link, req *http1.Request, n int) {
	t.Helper()
	r, w := io.Pipe()
	go func() {
		w.Write(make([]byte, n))
		w.CloseWithError(errors.New("the sender left"))
	}()
	cut, err := http1.ParseRequest(req.Raw(), r, req.ContentLength())
	if err != nil {
		t.Fatal(err)
	}
	_, err = link.Do(&ptth.Call{Request: cut, Wait: time.Second, Head: func(w *http1.Writer) {
		w.StartRequest(cut.Method, cut.Target)
		w.CopyFields(&cut.Head, http1.HopByHop)
	}})
	if err == nil {
		t.Error("half a body has an answer")
	}
	link.Close()
}

func queryOf(state string) control.Query { return control.Query{State: state} }
