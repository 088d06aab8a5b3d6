package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"homehook/agent/control"
)

// say prints one line on stdout. Text among args is escaped.
func (a *app) say(format string, args ...any) { sayTo(a.out, format, args) }

// note prints one line on stderr, for what is not the answer itself. Commands in it
// mean the agent that this one was about.
func (a *app) note(format string, args ...any) { sayTo(a.err, a.ours(format), args) }

// sayTo escapes text among args by its type, so that no caller can forget to.
// What is escaped already has the type shown.
func sayTo(w io.Writer, format string, args []any) {
	safe := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			safe[i] = visible(v)
		case error:
			safe[i] = visible(v.Error())
		default:
			safe[i] = arg
		}
	}
	fmt.Fprintf(w, format+"\n", safe...)
}

// block prints text of several lines, escaped and indented.
func (a *app) block(indent, text string) {
	text = strings.TrimRight(visibleText(text), "\n")
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintln(a.out, strings.TrimRight(indent+line, " \t"))
	}
}

// writeJSON prints v as the one JSON value of a command.
func (a *app) writeJSON(v any) error { return a.encode(v, "  ") }

// writeLine prints v as one line of JSON.
func (a *app) writeLine(v any) error { return a.encode(v, "") }

// encode writes JSON in one piece, so that a line of "tail" is never torn.
func (a *app) encode(v any, indent string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it is read on terminals, not in pages
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	_, err := a.out.Write(visibleJSON(b.Bytes()))
	return err
}

// list makes an array of what may be nil.
func list[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// ms prints a duration given in milliseconds as a person says it.
func ms(n float64) string {
	switch {
	case n < 0.05:
		return "<0.1 ms"
	case n < 10:
		return fmt.Sprintf("%.1f ms", n)
	case n < 1000:
		return fmt.Sprintf("%.0f ms", n)
	case n < 60_000:
		return fmt.Sprintf("%.1f s", n/1000)
	}
	return time.Duration(n * float64(time.Millisecond)).Round(time.Second).String()
}

// took is the time since began, for people.
func took(d time.Duration) string { return ms(float64(d.Microseconds()) / 1000) }

// size prints a number of bytes.
func size(n int64) string {
	switch {
	case n == 1:
		return "1 byte"
	case n < 10_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 10<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// count prints a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "ry"); ok { // but not "relay"
		noun = stem + "rie"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Colours, as the parameters of the terminal's "select graphic rendition".
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	faint  = "2"
	bold   = "1"
)

// shown is text that is escaped already.
type shown string

// paint escapes text, and colours it where colours are welcome.
func (a *app) paint(colour, text string) shown {
	text = visible(text)
	if !a.colour || colour == "" || text == "" {
		return shown(text)
	}
	return shown("\x1b[" + colour + "m" + text + "\x1b[0m")
}

// stateColour is the colour of a state of a delivery, a relay or the agent.
func stateColour(state string) string {
	switch state {
	case control.Succeeded, control.StateConnected:
		return green
	case control.Dead, control.Rejected, control.Expired, control.StateProblem:
		return red
	case control.Received, control.Running, control.Waiting, control.StateConnecting:
		return yellow
	}
	return ""
}
