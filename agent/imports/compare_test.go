package imports_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent/imports"
)

// answer is what a sender got.
type answer struct {
	status int
	header http.Header
	body   string
}

// compare sends both sides the requests of all hooks, of several at once.
func compare(t *testing.T, cases []*hookCase, theirs, ours *side) []outcome {
	t.Helper()
	results := make([]outcome, len(cases))
	var wg sync.WaitGroup
	next := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range next {
				results[i].requests(theirs, ours)
			}
		})
	}
	for i, c := range cases {
		results[i] = outcome{c, map[string]string{}}
		if c.item.State != imports.Refused {
			next <- i
		}
	}
	close(next)
	wg.Wait()
	for i := range results {
		results[i].counts(theirs, ours)
	}
	return results
}

// requests sends both sides the requests of a hook, and notes what differs.
func (o *outcome) requests(theirs, ours *side) {
	c, before, after := o.c, 0, 0
	for n := range c.Requests {
		r := &c.Requests[n]
		note := o.noter(n)
		compareAnswers(note, c, theirs.send(c, r), ours.send(c, r))
		if c.Command.Record != nil {
			continue
		}
		if r.runs() {
			before++
		}
		if r.runsHere() {
			after++
		}
		x, y := theirs.await(c, before), ours.await(c, after)
		switch {
		case r.runs() != r.runsHere():
			note(imports.Process, fmt.Sprintf("runs: %t", r.runs()), fmt.Sprintf("runs: %t", r.runsHere()))
		case r.runs() && x != nil && y != nil:
			compareRecords(note, c, theirs, ours, x, y)
		}
	}
}

// counts looks for commands that ran although they should not have: by now each
// request has its answer, and the commands of later ones have run.
func (o *outcome) counts(theirs, ours *side) {
	c := o.c
	if c.item.State == imports.Refused || c.Command.Record != nil {
		return
	}
	before, after := 0, 0
	for n := range c.Requests {
		if c.Requests[n].runs() {
			before++
		}
		if c.Requests[n].runsHere() {
			after++
		}
	}
	x, y := len(theirs.calls(c)), len(ours.calls(c))
	if c.Command.Exit != 0 {
		y = min(y, after) // it is tried again
	}
	if x != before || y != after {
		o.seen[imports.Process] = fmt.Sprintf("ran %d and %d times, not %d and %d", x, y, before, after)
	}
}

// noter returns what notes a difference, of what webhook and Homehook do.
func (o *outcome) noter(n int) func(part string, theirs, ours any) {
	return func(part string, theirs, ours any) {
		if o.seen[part] == "" {
			o.seen[part] = fmt.Sprintf("request %d: webhook %q, homehook %q", n+1, fmt.Sprint(theirs), fmt.Sprint(ours))
		}
	}
}

// await waits for the nth call of a command.
func (s *side) await(c *hookCase, n int) *record {
	if n == 0 {
		return nil
	}
	var all []string
	if !s.until(fmt.Sprintf("%s of %s ran %d times", c.ID, s.public, n), func() bool { all = s.calls(c); return len(all) >= n }) {
		return nil
	}
	return s.record(all[n-1])
}

func compareAnswers(note func(string, any, any), c *hookCase, x, y answer) {
	if x.status != y.status {
		note(imports.Status, x.status, y.status)
	}
	if x.body != y.body {
		note(imports.Body, x.body, y.body)
	}
	fields, _ := c.Hook["response-headers"].([]any)
	for _, f := range fields {
		name := fmt.Sprint(f.(map[string]any)["name"])
		if x, y := x.header.Get(name), y.header.Get(name); x != y {
			note(imports.Headers, x, y)
		}
	}
}

func compareRecords(note func(string, any, any), c *hookCase, theirs, ours *side, x, y *record) {
	if a, b := theirs.plain(strings.Join(x.Args, "\x00"), c), ours.plain(strings.Join(y.Args, "\x00"), c); a != b {
		note(imports.Arguments, a, b)
	}
	vars := map[string]bool{}
	for _, r := range []*record{x, y} {
		for name := range r.Env {
			vars[name] = vars[name] || strings.HasPrefix(name, "HOOK_")
		}
	}
	for _, name := range declared(c, "pass-environment-to-command") {
		vars[name] = true
	}
	files := map[string]bool{}
	for _, name := range declared(c, "pass-file-to-command") {
		files[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if vars[name] && !files[name] {
			a, inX := x.Env[name]
			b, inY := y.Env[name]
			if a != b || inX != inY {
				note(imports.Environment, fmt.Sprint(name, "=", a, inX), fmt.Sprint(name, "=", b, inY))
			}
		}
	}
	for name := range files {
		a, inX := x.Files[name]
		b, inY := y.Files[name]
		if a != b || inX != inY {
			note(imports.Files, fmt.Sprint(name, "=", a, inX), fmt.Sprint(name, "=", b, inY))
		}
	}
	if c.Hook["command-working-directory"] != nil {
		if a, b := theirs.plain(x.Dir, c), ours.plain(y.Dir, c); a != b {
			note(imports.Process, a, b)
		}
	}
}

// declared are the variables that a hook declares.
func declared(c *hookCase, key string) (names []string) {
	list, _ := c.Hook[key].([]any)
	for _, entry := range list {
		e := entry.(map[string]any)
		switch {
		case e["envname"] != nil:
			names = append(names, fmt.Sprint(e["envname"]))
		case key == "pass-file-to-command":
			names = append(names, "HOOK_"+strings.ToUpper(fmt.Sprint(e["name"])))
		default:
			names = append(names, "HOOK_"+fmt.Sprint(e["name"]))
		}
	}
	return names
}

// send sends a request to a hook.
func (s *side) send(c *hookCase, r *request) answer {
	s.t.Helper()
	path := c.Path
	if path == "" {
		path = c.ID
	}
	address := s.public + "/hooks/" + path
	if r.Query != "" {
		address += "?" + r.Query
	}
	if _, err := url.Parse(address); err != nil {
		s.t.Fatal(err)
	}
	method := r.Method
	if method == "" {
		method = "POST"
	}
	body := []byte(strings.ReplaceAll(r.Body, "$LARGE", strings.Repeat("0123456789abcdef", 20_000)))
	req, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if r.Type != "" {
		req.Header.Set("Content-Type", r.Type)
	}
	for _, h := range r.Headers {
		req.Header.Add(h[0], h[1])
	}
	r.sign(req, body)
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Errorf("%s: %v", c.ID, err)
		return answer{}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Errorf("%s: %v", c.ID, err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// sign signs a request as its sender would.
func (r *request) sign(req *http.Request, body []byte) {
	if s := r.Sign; s != nil {
		h := map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}[s.Hash]
		mac := hmac.New(h, []byte(s.Secret))
		mac.Write(body)
		req.Header.Set(s.Header, s.Prefix+hex.EncodeToString(mac.Sum(nil)))
	}
	if r.Scalr != "" {
		date := time.Now().UTC().Format("Mon 02 Jan 2006 15:04:05 UTC")
		mac := hmac.New(sha1.New, []byte(r.Scalr))
		mac.Write(append(body, date...))
		req.Header.Set("Date", date)
		req.Header.Set("X-Signature", hex.EncodeToString(mac.Sum(nil)))
	}
}
