package export

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"homehook/agent/control"
)

// Formats of [Write].
const (
	HAR   = "har"   // HTTP Archive 1.2
	CURL  = "curl"  // one command line each
	JSONL = "jsonl" // one line of JSON each, as the control API shows a record
	CSV   = "csv"   // one row each, without heads and bodies
)

// Formats lists what [Write] can write.
func Formats() []string { return []string{HAR, CURL, JSONL, CSV} }

// ContentType returns the media type of a format, "" for one that is not known.
func ContentType(format string) string {
	switch format {
	case HAR:
		return "application/json"
	case CURL:
		return "text/plain; charset=utf-8"
	case JSONL:
		return "application/jsonl"
	case CSV:
		return "text/csv; charset=utf-8"
	}
	return ""
}

// Options say how to export. The zero value redacts.
type Options struct {
	// WithSecrets leaves in what is redacted otherwise: the values of
	// Authorization and cookies, of signatures, and of fields, parameters of
	// the query and members of forms and of JSON whose names are those of
	// secrets, in requests, answers and the output of scripts. Bodies of other
	// kinds are exported as the history keeps them.
	WithSecrets bool

	// Version is Homehook's, for formats that name their maker.
	Version string
}

// writer writes the records of one export.
type writer interface {
	begin() error
	record(r *control.Record) error
	end() error
}

var (
	_ writer = (*harWriter)(nil)
	_ writer = (*curlWriter)(nil)
	_ writer = (*linesWriter)(nil)
	_ writer = (*csvWriter)(nil)
)

// Write writes records in a format, each as it comes: it holds one at a time.
// It stops at the first error of the records or of w; what is written by then
// stays, and is not whole. Records are not changed.
func Write(w io.Writer, format string, records iter.Seq2[*control.Record, error], o Options) error {
	buffered := bufio.NewWriter(w)
	out, err := newWriter(buffered, format, o)
	if err != nil {
		return err
	}
	if err := out.begin(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	for r, err := range records {
		if err != nil {
			return fmt.Errorf("read deliveries: %w", err)
		}
		if !o.WithSecrets {
			r = redacted(r)
		}
		if err := out.record(r); err != nil {
			return fmt.Errorf("write export: %w", err)
		}
	}
	if err := out.end(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}

func newWriter(w *bufio.Writer, format string, o Options) (writer, error) {
	switch format {
	case HAR:
		return &harWriter{w: w, options: o}, nil
	case CURL:
		return &curlWriter{w}, nil
	case JSONL:
		return &linesWriter{w}, nil
	case CSV:
		return &csvWriter{w}, nil
	}
	return nil, fmt.Errorf("there is no format %q; use one of %s", format, strings.Join(Formats(), ", "))
}

// linesWriter writes JSON lines.
type linesWriter struct{ w *bufio.Writer }

func (l *linesWriter) begin() error { return nil }
func (l *linesWriter) end() error   { return nil }

func (l *linesWriter) record(r *control.Record) error {
	// Encode ends each value with the only newline that is in it.
	return json.NewEncoder(l.w).Encode(filled(r))
}

// filled returns a copy of r in which nothing encodes as null, as the control
// API answers it.
func filled(r *control.Record) *control.Record {
	c := *r
	c.Head, c.Body = orEmpty(c.Head), orEmpty(c.Body)
	c.Log = append([]control.Attempt{}, c.Log...)
	for i := range c.Log {
		a := &c.Log[i]
		a.Output, a.ResponseHead, a.ResponseBody = orEmpty(a.Output), orEmpty(a.ResponseHead), orEmpty(a.ResponseBody)
	}
	return &c
}

func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
