package ptth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"homehook/http1"
)

// dialLimits hold until the roles have turned: the relay is a stranger then.
var dialLimits = http1.Limits{HeadTimeout: 10 * time.Second}

const (
	maxRedirects = 5

	// maxHints is how many informational answers may come before one that
	// counts.
	maxHints = 10
)

var (
	errPlainRedirect   = &AnswerError{errors.New("relay redirects from https to http")}
	errForeignRedirect = &AnswerError{errors.New("relay redirects to another host, which must not see the token")}
	errManyRedirects   = &AnswerError{errors.New("relay redirects too often")}
	errManyHints       = errors.New("too many informational answers")
)

// AnswerError reports an answer of a relay, or of what is in its place, that
// leads nowhere: redirects that must not be followed, or what is no answer in
// HTTP. It will hardly get better by asking again soon.
type AnswerError struct {
	err error
}

// Error says what is wrong with the answer.
func (e *AnswerError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *AnswerError) Unwrap() error { return e.err }

// brokenError reports a conversation with a relay that broke off. Its text has
// no ports of this machine: it would be another one each time.
type brokenError struct {
	doing string
	err   error
}

func (e *brokenError) Error() string { return e.doing + ": " + reasonOf(e.err) }

func (e *brokenError) Unwrap() error { return e.err }

// unreadable wraps the error of reading an answer: one that never came, or
// not whole, and one that makes no sense.
func unreadable(err error) error {
	broken := &brokenError{"read relay's answer", err}
	var bad *http1.Error
	if errors.Is(err, errManyHints) || errors.As(err, &bad) && bad.Status != 408 {
		return &AnswerError{broken}
	}
	return broken
}

// question is a request to a relay, on a connection of its own at first.
type question struct {
	method string
	target *url.URL
	token  string              // for Authorization; "" sends none
	fields func(*http1.Writer) // may be nil
	form   string              // the body; "" sends none

	// patient is how long to wait for an answer to begin before going on
	// without one; 0 for as long as ctx allows.
	patient time.Duration
}

// answered is what came of a question, on a connection that the caller closes.
type answered struct {
	conn   *http1.Conn
	res    *http1.Response // nil when none began while the caller was patient
	target *url.URL        // what was asked last, behind redirects
	token  string          // what target may see
	reach  time.Duration   // until the connection was there
	took   time.Duration   // until the answer came, from the question on
}

// ask sends a question and follows redirects. The token goes to the first host
// only.
func (d *Dialer) ask(ctx context.Context, q question) (*answered, error) {
	for range maxRedirects + 1 {
		a, err := d.askOnce(ctx, &q)
		if err != nil || a.res == nil || a.res.Status != 307 && a.res.Status != 308 {
			return a, err
		}
		next, err := redirect(a.res, q.target)
		a.conn.Close()
		switch {
		case err != nil:
			return nil, err
		case q.target.Scheme == "https" && next.Scheme != "https":
			return nil, errPlainRedirect
		case next.Host == q.target.Host:
		case q.form != "":
			return nil, errForeignRedirect
		default:
			q.token = ""
		}
		q.target = next
	}
	return nil, errManyRedirects
}

func (d *Dialer) askOnce(ctx context.Context, q *question) (*answered, error) {
	ctx, done := d.connections.try(ctx)
	defer done()
	began := time.Now()
	c, err := d.open(ctx, q.target)
	if err != nil {
		return nil, err
	}
	a := &answered{conn: c, target: q.target, token: q.token, reach: time.Since(began)}
	err = guard(ctx, c, func() error {
		asked := time.Now()
		if err := d.send(c, q); err != nil {
			return &brokenError{"send request to relay", err}
		}
		c.SetReadTimeout(q.patient)
		res, err := readAnswer(c, q.method)
		if q.patient > 0 && errors.Is(err, http1.ErrIdleTimeout) {
			return nil
		}
		if err != nil {
			return unreadable(err)
		}
		a.res, a.took = res, time.Since(asked)
		return nil
	})
	if err != nil {
		c.Close()
		return nil, err
	}
	return a, nil
}

// open opens a connection to a relay.
func (d *Dialer) open(ctx context.Context, target *url.URL) (*http1.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, defaultDialTimeout)
	defer cancel()
	ctx, done := d.connections.try(ctx)
	defer done()
	nc, err := d.connect(ctx, target)
	if err != nil {
		if context.Cause(ctx) == errNewNetwork {
			err = &brokenError{"connect to relay", errNewNetwork}
		}
		return nil, err
	}
	return http1.NewConn(nc, dialLimits), nil
}

// guard runs f, which uses c, and closes c when ctx ends meanwhile: a deadline
// could be set anew.
func guard(ctx context.Context, c *http1.Conn, f func() error) error {
	stop := context.AfterFunc(ctx, func() { c.Close() })
	err := f()
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case context.Cause(ctx) == errNewNetwork:
		return &brokenError{"wait for relay's answer", errNewNetwork}
	}
	return fmt.Errorf("relay did not answer in time: %w", ctx.Err())
}

// send writes a question to a connection.
func (d *Dialer) send(c *http1.Conn, q *question) error {
	w := c.Writer()
	d.startRequest(w, q.method, q.target, q.token)
	if q.fields != nil {
		q.fields(w)
	}
	if q.form != "" {
		w.Field("Content-Type", "application/x-www-form-urlencoded")
	}
	if q.method == "GET" {
		w.EndEmpty()
	} else {
		w.EndLength(int64(len(q.form)))
	}
	w.Write([]byte(q.form))
	return w.Finish()
}

// startRequest begins a request to the relay.
func (d *Dialer) startRequest(w *http1.Writer, method string, target *url.URL, token string) {
	w.StartRequest([]byte(method), []byte(target.RequestURI()))
	w.Field("Host", target.Host)
	if token != "" {
		w.Field("Authorization", "Bearer "+token)
	}
	if d.Agent != "" {
		w.Field("User-Agent", d.Agent)
	}
}

// readAnswer skips informational answers but a switch.
func readAnswer(c *http1.Conn, method string) (*http1.Response, error) {
	for range maxHints {
		res, err := c.ReadResponse([]byte(method))
		if err != nil || res.Status == 101 || res.Status >= 200 {
			return res, err
		}
	}
	return nil, errManyHints
}
