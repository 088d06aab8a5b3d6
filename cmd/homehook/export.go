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
)

// formatCombined is the format that is made here; the agent makes the others.
const formatCombined = "combined"

// exportCmd is "homehook export".
type exportCmd struct {
	ID          string `arg:"" optional:"" name:"id" help:"Only this delivery."`
	Format      string `enum:"har,curl,jsonl,csv,combined" required:"" help:"The format: ${enum}."`
	Output      string `short:"o" placeholder:"FILE" help:"Write to this file, which is replaced in one step and yours alone to read; without it to stdout."`
	WithSecrets bool   `help:"Leave credentials, cookies and signatures in."`

	filter `embed:""`

	Limit int `placeholder:"N" help:"Only the N newest."`
}

// Help says what is in it and shows examples.
func (*exportCmd) Help() string {
	return `The oldest delivery comes first.

  har       HTTP Archive 1.2, for browsers and debugging proxies
  curl      a shell script with one curl command a delivery
  jsonl     one JSON value a line, with bodies in base64, as "show --json" has it
  csv       a table without heads and bodies, safe to open in a spreadsheet
  combined  as web servers write their access logs; queries are left out

Values of fields that look secret are replaced unless --with-secrets is given.
What could break a line or act on a terminal is escaped.

Examples:

    homehook export --format har --since 2h -o webhooks.har
    homehook export 0198c0de-7a1b-7c3d-8e4f-5a6b7c8d9e0f --format curl
    homehook export --format combined --since 7d -o access.log`
}

// exported is what "export --json" prints.
type exported struct {
	Format     string `json:"format"`
	Deliveries *int   `json:"deliveries,omitempty"` // where they are counted
	Bytes      int64  `json:"bytes"`
	File       string `json:"file,omitempty"`
	Text       string `json:"text,omitempty"` // what is in no file
}

// Run writes the deliveries.
func (c *exportCmd) Run(ctx context.Context, a *app) error {
	e, err := c.export(a)
	if err != nil {
		return err
	}
	client, p, err := a.client()
	if err != nil {
		return err
	}
	defer client.Close()
	if e.ID == "" && recordingOff(p.Config) {
		a.note("nothing is recorded: %s says history: {off: true}", p.Config)
	}
	answer := exported{Format: c.Format, File: c.Output}
	write := func(w io.Writer) error { return c.write(ctx, client, e, w, &answer) }
	var text bytes.Buffer
	switch {
	case c.Output != "":
		err = writeWhole(c.Output, write)
	case a.json:
		err = write(&text)
		answer.Text = text.String()
	case isTerminal(a.out):
		// Not every format is made for terminals.
		err = write(&text)
		fmt.Fprint(a.out, visibleText(text.String()))
		return err
	default:
		return write(a.out)
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(answer)
	}
	what := size(answer.Bytes)
	if answer.Deliveries != nil {
		what = count(*answer.Deliveries, "delivery")
	}
	a.note("%s written to %s", shown(what), c.Output)
	return nil
}

// export is what the flags ask for.
func (c *exportCmd) export(a *app) (e control.Export, err error) {
	if c.Limit < 0 {
		return e, misused("--limit is %d; it is at least 1", c.Limit)
	}
	if c.WithSecrets && c.Format == formatCombined {
		return e, misused("--with-secrets has no meaning with --format combined, which has no secrets to leave out")
	}
	q, err := c.query(a.now())
	if err != nil {
		return e, err
	}
	q.Limit = c.Limit
	e = control.Export{Query: q, Format: c.Format, Redact: !c.WithSecrets}
	if c.ID == "" {
		return e, nil
	}
	if q != (control.Query{}) {
		return e, misused("an id is one delivery; leave the flags out that choose several")
	}
	e.ID, err = checkID(c.ID)
	return e, err
}

// write writes the deliveries to w and notes how much that is.
func (c *exportCmd) write(ctx context.Context, client *control.Client, e control.Export, w io.Writer, answer *exported) error {
	n := &counter{w: w}
	defer func() { answer.Bytes = n.n }()
	if e.Format != formatCombined {
		return unknownID(ctx, client, e.ID, client.Export(ctx, n, e))
	}
	found, err := chosen(ctx, client, e)
	if err != nil {
		return err
	}
	written, err := combined(ctx, client, found, n)
	answer.Deliveries = &written
	return err
}

// chosen lists the deliveries of an export, oldest first.
func chosen(ctx context.Context, client *control.Client, e control.Export) ([]control.Delivery, error) {
	if e.ID != "" {
		r, err := stored(ctx, client, e.ID)
		if err != nil {
			return nil, err
		}
		return []control.Delivery{r.Delivery}, nil
	}
	limit := e.Query.Limit
	if limit == 0 {
		limit = int(^uint(0) >> 1)
	}
	found, err := deliveries(ctx, client, e.Query, limit)
	slices.Reverse(found)
	return found, err
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

// Write passes p on.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
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
