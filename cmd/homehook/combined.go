package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"homehook/agent/control"
	"homehook/http1"
)

// combined writes deliveries in the Combined Log Format and returns how many.
// One that has left the history since it was found is left out.
func combined(ctx context.Context, c *control.Client, found []control.Delivery, w io.Writer) (n int, err error) {
	var line []byte
	for i := range found {
		r, err := c.Delivery(ctx, found[i].ID)
		if errors.Is(err, control.ErrNotFound) {
			continue
		}
		if err != nil {
			return n, err
		}
		line = http1.AppendCombined(line[:0], entry(r))
		if _, err := w.Write(line); err != nil {
			return n, fmt.Errorf("write deliveries: %w", err)
		}
		n++
	}
	return n, nil
}

// entry is a delivery as a line of an access log: status and size are those that
// the sender got, the size as far as it is known.
func entry(r *control.Record) http1.Combined {
	e := http1.Combined{
		Host: r.Remote, Time: r.Received.Local(),
		Method: r.Method, Target: r.Path, Proto: "HTTP/1.1", Status: r.Status,
	}
	e.Bytes, _ = r.Sent()
	// A head that does not read has no more to say.
	if req, err := http1.ParseRequest(r.Head, nil, 0); err == nil {
		e.Proto = fmt.Sprintf("HTTP/1.%d", req.Minor)
		referer, _ := req.Get("Referer")
		agent, _ := req.Get("User-Agent")
		e.Referer, e.UserAgent = string(referer), string(agent)
	}
	return e
}
