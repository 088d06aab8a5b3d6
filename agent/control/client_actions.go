package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Replay runs a delivery once more, changed as r says, and returns the new one
// with what came of it. After 60 s it returns while that still runs. The error
// wraps ErrConfirm if a script would run and r does not confirm that.
func (c *Client) Replay(ctx context.Context, id string, r Replay) (*Record, error) {
	return post[Record](ctx, c, replayTimeout, deliveryPath(id, "replay"), r)
}

// Retry runs a delivery anew that ended badly, and one that waits, now. It does
// not wait for the run. The error wraps ErrConflict if the delivery is in
// another state.
func (c *Client) Retry(ctx context.Context, id string) (*Delivery, error) {
	return post[Delivery](ctx, c, callTimeout, deliveryPath(id, "retry"), nil)
}

// RouteTest says what the routes would do; nothing is started or sent.
func (c *Client) RouteTest(ctx context.Context, t RouteTest) ([]RouteResult, error) {
	a, err := post[routeTestAnswer](ctx, c, callTimeout, "/v1/routes/test", t)
	if err != nil {
		return nil, err
	}
	return a.Results, nil
}

// Pause keeps deliveries from being run for d, in whole seconds, or with 0
// until Resume.
func (c *Client) Pause(ctx context.Context, d time.Duration) (*Pause, error) {
	return post[Pause](ctx, c, callTimeout, "/v1/pause", pauseRequest{ForS: int64(d.Round(time.Second) / time.Second)})
}

// Resume ends a pause, if there is one.
func (c *Client) Resume(ctx context.Context) (*Pause, error) {
	into := new(Pause)
	if err := c.call(ctx, callTimeout, http.MethodDelete, "/v1/pause", nil, nil, into); err != nil {
		return nil, err
	}
	return into, nil
}

func deliveryPath(id, action string) string {
	return "/v1/deliveries/" + url.PathEscape(id) + "/" + action
}

// post sends v, or nothing if it is nil, and decodes the answer.
func post[T any](ctx context.Context, c *Client, limit time.Duration, path string, v any) (*T, error) {
	var body []byte
	if v != nil {
		var err error
		if body, err = json.Marshal(v); err != nil {
			return nil, fmt.Errorf("make request to agent: %w", err)
		}
	}
	into := new(T)
	if err := c.call(ctx, limit, http.MethodPost, path, nil, body, into); err != nil {
		return nil, err
	}
	return into, nil
}
