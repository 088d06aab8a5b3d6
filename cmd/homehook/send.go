package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// sendTimeout bounds the wait for an answer as a whole.
	sendTimeout = 2 * time.Minute

	// maxAnswer is how many bytes of an answer are read.
	maxAnswer = 8 << 20
)

// sendCmd is "homehook send".
type sendCmd struct {
	URL    string   `arg:"" name:"url" help:"Where to."`
	Data   string   `placeholder:"TEXT|@FILE" help:"Body: text, @FILE for a file's content, @- for stdin."`
	Method string   `help:"Method; POST by default."`
	CA     string   `name:"ca" placeholder:"FILE" help:"PEM file of roots to trust besides the system's and those of the relays in the configuration."`
	Header []string `sep:"none" placeholder:"NAME: VALUE" help:"A field of the request; may be given several times."`
	As     string   `enum:",${schemes}" default:"" placeholder:"SCHEME" help:"Sign it as a sender does: ${schemes}."`
	Event  string   `help:"With --as: what the sender says that it is about, such as push, in the field that it uses for that."`
	Secret string   `placeholder:"NAME" help:"The credential to sign with; see: homehook secret --help."`
	With   []string `sep:"none" placeholder:"KEY=VALUE" help:"What the route's verify says besides, such as header=X-Signature for hmac; may be given several times."`
}

// Help shows examples.
func (*sendCmd) Help() string {
	return `Redirects are not followed. An answer of 400 and above is a failure. Names below
localhost, such as garage.localhost, mean this machine. Where the URL is that of a
claim of this agent, and it runs, the delivery's id and what became of it are told.

Examples:

    homehook send https://relay.example.com/~garage/hello --data '{"name":"you"}'
    homehook send http://127.0.0.1:8080/ --data @payload.json --header 'X-GitHub-Event: push'
    homehook send https://relay.example.com/~garage/github --data @payload.json --as github --secret github --event push
    homehook send https://relay.example.com/~garage/own --data '{}' --as hmac --with header=X-Signature --secret own`
}

// answer is what came back, in JSON with the names of an attempt.
type answer struct {
	URL               string  `json:"url"`
	Method            string  `json:"method"`
	Status            int     `json:"status"`
	Delivery          string  `json:"delivery"` // its id; empty when it is not known here
	State             string  `json:"state"`    // of the delivery, as far as it is known
	Reason            string  `json:"reason"`   // of the state, in words
	DurationMS        float64 `json:"duration_ms"`
	ResponseHead      []byte  `json:"response_head"` // base64 in JSON
	ResponseBody      []byte  `json:"response_body"` // base64 in JSON
	ResponseTruncated bool    `json:"response_truncated"`
}

// Run sends the request and prints the answer.
func (c *sendCmd) Run(ctx context.Context, a *app) error {
	body, err := c.body(ctx, a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	req, err := c.request(ctx, a.version, body)
	if err != nil {
		return err
	}
	if err := c.sign(ctx, a, req, body); err != nil {
		return err
	}
	roots, err := a.roots(c.CA)
	if err != nil {
		return err
	}
	at := a.watch(ctx, req, body)
	defer at.close()
	got, err := exchange(newSender(roots), req)
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return withNext(err, "name the PEM file of its root with --ca FILE")
	}
	if err != nil {
		return err
	}
	if d := at.find(ctx, got.Status < 400); d != nil {
		got.Delivery, got.State, got.Reason = d.ID, d.State, d.Reason
	}
	if got.Delivery == "" && at != nil && got.Status < 400 {
		a.note("the agent has no delivery of it yet; look for it with: homehook history --claim %s", at.query.Claim)
	}
	if a.json {
		err = a.writeJSON(got)
	} else {
		a.say("%d %s after %s", got.Status, http.StatusText(got.Status), ms(got.DurationMS))
		a.sighted(got)
		a.excerpt("", got.ResponseBody)
	}
	if err == nil && got.Status >= 400 {
		return errSilent
	}
	return err
}

// sighted says what has become of what was sent.
func (a *app) sighted(got *answer) {
	if got.Delivery == "" {
		return
	}
	a.say("Delivery  %s", got.Delivery)
	a.say("State     %s", a.paint(stateColour(got.State), got.State))
	a.optional("Reason    %s", got.Reason)
}

// body reads what --data means.
func (c *sendCmd) body(ctx context.Context, a *app) ([]byte, error) {
	name, file := strings.CutPrefix(c.Data, "@")
	switch {
	case !file:
		return []byte(c.Data), nil
	case name == "-":
		return a.readInput(ctx)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	return data, nil
}

// request builds the request that the flags describe.
func (c *sendCmd) request(ctx context.Context, version string, body []byte) (*http.Request, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, misused("%q is no address; write it with http:// or https://", c.URL)
	}
	method := strings.ToUpper(c.Method)
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, misused("%w", err)
	}
	req.Header.Set("User-Agent", "Homehook/"+version)
	if kind := contentType(body); kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	// What is given replaces what is guessed, and may be given several times.
	given := http.Header{}
	for _, h := range c.Header {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, misused("--header %q has no colon; write --header 'Name: value'", h)
		}
		given.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	for name, values := range given {
		req.Header[name] = values
	}
	if host := given.Get("Host"); host != "" {
		req.Host = host
		req.Header.Del("Host")
	}
	return req, nil
}

// contentType is what a body is taken for when no header says it.
func contentType(body []byte) string {
	switch {
	case len(body) == 0:
		return ""
	case json.Valid(body):
		return "application/json"
	case utf8.Valid(body):
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// exchange sends req and reads the answer.
func exchange(client *http.Client, req *http.Request) (*answer, error) {
	began := time.Now()
	res, err := client.Do(req)
	// The error repeats method and URL, of which the URL may hold a password.
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if err != nil {
		return nil, fmt.Errorf("send to %s: %w", req.URL.Redacted(), err)
	}
	defer res.Body.Close()
	head, err := httputil.DumpResponse(res, false)
	if err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", req.URL.Redacted(), err)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", req.URL.Redacted(), err)
	}
	return &answer{
		URL: req.URL.String(), Method: req.Method, Status: res.StatusCode,
		DurationMS:   float64(time.Since(began).Microseconds()) / 1000,
		ResponseHead: head, ResponseBody: body[:min(len(body), maxAnswer)], ResponseTruncated: len(body) > maxAnswer,
	}, nil
}
