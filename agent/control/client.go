package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// callTimeout bounds most calls whose context has no earlier deadline.
	callTimeout = time.Minute
	// maxAnswer bounds, in bytes, what the client reads of one answer.
	maxAnswer = 256 << 20
)

// Client asks the agent. It is safe for concurrent use and connects when it is
// first used, again after the agent has restarted. Make it with [NewClient].
//
// Every method returns an error that wraps ErrNotRunning when nothing listens,
// ErrNotOwner when the other end belongs to another user, ErrHung when it answers
// nothing for some seconds, and is a *Problem when the agent has answered with an
// error.
type Client struct {
	http *http.Client
	path string // of the socket or pipe
	// patience and proof are answerWait and proofWait.
	patience, proof time.Duration
	// silence is how long an event stream may bring nothing, not even a comment.
	silence time.Duration
}

// NewClient returns a client of the agent that listens at path, a socket or a
// pipe as given to [Listen].
func NewClient(path string) *Client {
	transport := &http.Transport{
		DialContext:           func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, path) },
		DisableCompression:    true,
		MaxIdleConns:          4,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       30 * time.Second,
		ResponseHeaderTimeout: replayTimeout,
	}
	return &Client{
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		path: path, patience: answerWait, proof: proofWait,
		silence: 45 * time.Second,
	}
}

// Close closes idle connections. The client can be used again after it.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status returns the agent's status.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	return get[Status](ctx, c, "/v1/status", nil)
}

// Relays returns the configured relays.
func (c *Client) Relays(ctx context.Context) ([]Relay, error) {
	a, err := get[relaysAnswer](ctx, c, "/v1/relays", nil)
	if err != nil {
		return nil, err
	}
	return a.Relays, nil
}

// Claims returns the claims.
func (c *Client) Claims(ctx context.Context) ([]Claim, error) {
	a, err := get[claimsAnswer](ctx, c, "/v1/claims", nil)
	if err != nil {
		return nil, err
	}
	return a.Claims, nil
}

// Routes returns the routes in the order in which they are tried.
func (c *Client) Routes(ctx context.Context) ([]Route, error) {
	a, err := get[routesAnswer](ctx, c, "/v1/routes", nil)
	if err != nil {
		return nil, err
	}
	return a.Routes, nil
}

// Deliveries returns the page of the history that q asks for, newest first, and
// the cursor of the next page, empty after the last.
func (c *Client) Deliveries(ctx context.Context, q Query) (page []Delivery, next string, err error) {
	a, err := get[deliveriesAnswer](ctx, c, "/v1/deliveries", q.Values())
	if err != nil {
		return nil, "", err
	}
	return a.Deliveries, a.Next, nil
}

// Delivery returns one delivery with all that is kept of it; ErrNotFound if
// there is none by that id.
func (c *Client) Delivery(ctx context.Context, id string) (*Record, error) {
	return get[Record](ctx, c, "/v1/deliveries/"+url.PathEscape(id), nil)
}

// ReleaseClaim gives a claim back to its relay. With discard the relay forgets
// deliveries that still wait there; without, the error wraps ErrQueued if there
// are any.
func (c *Client) ReleaseClaim(ctx context.Context, name string, discard bool) error {
	query := url.Values{}
	if discard {
		query.Set("discard", "true")
	}
	return c.call(ctx, callTimeout, http.MethodDelete, "/v1/claims/"+url.PathEscape(name), query, nil, nil)
}

// Events calls each for every event after number after, or with 0 for those to
// come, on the calling goroutine; see [EventStart] and [EventGap] for the first
// one. To resume, call it again with the number of the last event seen.
//
// It returns the error of each, the error of ctx, or why the stream has ended:
// io.EOF when the agent has ended it, because it ends or because each was too
// slow.
func (c *Client) Events(ctx context.Context, after uint64, each func(Event) error) error {
	return c.events(ctx, after, url.Values{}, each)
}

// EventsShowing is Events for a program that shows notifications to the user. As
// long as it runs, the agent shows none itself, and a [Notification] that is not
// Shown is the program's to show.
func (c *Client) EventsShowing(ctx context.Context, after uint64, each func(Event) error) error {
	return c.events(ctx, after, url.Values{"notifications": {showHere}}, each)
}

func (c *Client) events(ctx context.Context, after uint64, query url.Values, each func(Event) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if after > 0 {
		query.Set("after", strconv.FormatUint(after, 10))
	}
	resp, err := c.send(ctx, http.MethodGet, "/v1/events", query, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body := &watchedReader{r: resp.Body, limit: c.silence}
	body.timer = time.AfterFunc(c.silence, func() { cancel(errSilent) })
	defer body.timer.Stop()
	err = readEvents(body, each)
	if body.err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// get asks for path and decodes the answer.
func get[T any](ctx context.Context, c *Client, path string, query url.Values) (*T, error) {
	into := new(T)
	if err := c.call(ctx, callTimeout, http.MethodGet, path, query, nil, into); err != nil {
		return nil, err
	}
	return into, nil
}

// call sends a request and decodes its answer, which takes limit at most, into
// the value at into, unless that is nil.
func (c *Client) call(ctx context.Context, limit time.Duration, method, path string, query url.Values, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	resp, err := c.send(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("read answer of agent: %w", err)
	}
	return nil
}

// send returns the answer if it is a 2xx, whose body the caller closes.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	target := "http://" + hostName + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request to agent: %w", err)
	}
	resp, err := c.alive(req)
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // the URL in it means nothing to a person
	}
	switch {
	case errors.Is(err, ErrHung):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("ask agent: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		defer resp.Body.Close()
		return nil, readProblem(resp)
	}
	return resp, nil
}
