package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// answerWait is how long an answer may take before the agent is asked whether it
	// still answers at all, and again after each such time.
	answerWait = 2 * time.Second
	// proofWait is how long that takes at most.
	proofWait = 3 * time.Second
)

// ErrHung means that an agent listens and answers nothing, not even what needs no
// work.
var ErrHung = errors.New("the agent does not answer")

// alive asks the agent and waits for its answer as long as that takes, provided that
// the agent answers other questions: some work takes a minute, and an agent that
// hangs would be waited for as long. The body of the answer is to be closed.
func (c *Client) alive(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	waiting, answered := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		c.watch(waiting, cancel)
	}()
	resp, err := c.http.Do(req.WithContext(ctx))
	answered()
	<-watched
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, ErrHung) {
			err = cause
		}
		cancel(nil)
		return nil, err
	}
	resp.Body = &ownedBody{resp.Body, cancel}
	return resp, nil
}

// watch gives a request up when the agent does not answer, until ctx ends.
func (c *Client) watch(ctx context.Context, giveUp context.CancelCauseFunc) {
	next := time.NewTimer(c.patience)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		if err := c.prove(ctx); err != nil {
			giveUp(err)
			return
		}
		next.Reset(c.patience)
	}
}

// prove asks for what the agent has at hand. Only that nothing comes counts: what
// else may be wrong, the other request tells.
func (c *Client) prove(ctx context.Context) error {
	timed, cancel := context.WithTimeout(ctx, c.proof)
	defer cancel()
	req, err := http.NewRequestWithContext(timed, http.MethodGet, "http://"+hostName+"/v1/openapi.json", nil)
	if err != nil {
		return nil
	}
	resp, err := c.http.Do(req)
	if err == nil {
		resp.Body.Close()
		return nil
	}
	if ctx.Err() == nil && timed.Err() != nil {
		return fmt.Errorf("%w at %s, though it is there; end its process, or start its service anew with: homehook service restart", ErrHung, c.path)
	}
	return nil
}

// ownedBody is the body of an answer that keeps the context of its request until
// it is closed.
type ownedBody struct {
	io.ReadCloser
	done context.CancelCauseFunc
}

// Close closes the body.
func (b *ownedBody) Close() error {
	err := b.ReadCloser.Close()
	b.done(nil)
	return err
}
