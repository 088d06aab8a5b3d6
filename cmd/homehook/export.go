package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"homehook/agent/control"
	"homehook/http1"
)

// exportCmd is "homehook export".
type exportCmd struct {
	Format string `enum:"combined" required:"" help:"The format: ${enum}, as web servers write their access logs."`
	Output string `short:"o" placeholder:"FILE" help:"Write to this file, which is replaced in one step and yours alone to read; without it to stdout."`

	filter `embed:""`

	Limit int `placeholder:"N" help:"Only the N newest."`
}

// Help says what is in it and shows examples.
func (*exportCmd) Help() string {
	return `The oldest delivery comes first. Queries are left out, since they may hold
secrets; so is a size where the history has none. What could break a line or act
on a terminal is escaped as Apache does it.

Examples:

    homehook export --format combined --since 7d -o access.log
    homehook export --format combined --claim garage | goaccess --log-format=COMBINED -`
}

// exported is what "export --json" prints.
type exported struct {
	Format     string `json:"format"`
	Deliveries int    `json:"deliveries"`
	File       string `json:"file,omitempty"`
	Text       string `json:"text,omitempty"` // what is in no file
}

// Run writes the deliveries.
func (c *exportCmd) Run(ctx context.Context, a *app) error {
	if c.Limit < 0 {
		return misused("--limit is %d; it is at least 1", c.Limit)
	}
	q, err := c.query(a.now())
	if err != nil {
		return err
	}
	client, p, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	limit := c.Limit
	if limit == 0 {
		limit = int(^uint(0) >> 1)
	}
	found, err := deliveries(ctx, client, q, limit)
	if err != nil {
		return err
	}
	if recordingOff(p.Config) {
		a.note("nothing is recorded: %s says history: {off: true}", p.Config)
	}
	slices.Reverse(found)
	answer := exported{Format: c.Format, File: c.Output}
	var text bytes.Buffer
	write := func(w io.Writer) (err error) {
		answer.Deliveries, err = combined(ctx, client, found, w)
		return err
	}
	switch {
	case c.Output != "":
		err = writeWhole(c.Output, write)
	case a.json:
		err = write(&text)
		answer.Text = text.String()
	default:
		return write(a.out)
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(answer)
	}
	a.note("%s written to %s", count(answer.Deliveries, "delivery"), c.Output)
	return nil
}

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

// entry is a delivery as a line of an access log. The size is that of the last
// answer that a handler gave.
func entry(r *control.Record) http1.Combined {
	e := http1.Combined{
		Host: r.Remote, Time: r.Received.Local(),
		Method: r.Method, Target: r.Path, Proto: "HTTP/1.1", Status: r.Status,
	}
	if n := len(r.Log); n > 0 {
		e.Bytes = r.Log[n-1].ResponseSize
	}
	// A head that does not read has no more to say.
	if req, err := http1.ParseRequest(r.Head, nil, 0); err == nil {
		e.Proto = fmt.Sprintf("HTTP/1.%d", req.Minor)
		referer, _ := req.Get("Referer")
		agent, _ := req.Get("User-Agent")
		e.Referer, e.UserAgent = string(referer), string(agent)
	}
	return e
}

// writeWhole puts a file in the place of another once it is whole. Only its
// owner may read it.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return withNext(fmt.Errorf("write %s: %w", path, innermostPath(err)), "name a file in a folder that exists and that you can write to")
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if err := write(tmp); err != nil {
		return err
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, innermostPath(err))
	}
	return nil
}

// innermostPath is an error of the file system without the name of the
// temporary file, which nobody has asked for.
func innermostPath(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err
	}
	return err
}
