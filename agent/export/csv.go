package export

import (
	"bufio"
	"strconv"
	"strings"
	"time"
	"unicode"

	"homehook/agent/control"
)

// csvWriter writes one row for each delivery (RFC 4180), as the listing of the
// history shows it.
type csvWriter struct{ w *bufio.Writer }

// columns are the heading. Their order stays; new ones come at the end.
var columns = []string{
	"id", "claim", "relay", "state", "method", "path", "query", "remote", "received", "size", "body_sha256", "route",
	"status", "duration_ms", "attempts", "sender_id", "duplicate_of", "replay_of", "reason", "answer", "due", "starts",
	"answer_size",
}

func (c *csvWriter) begin() error { return c.row(columns) }
func (c *csvWriter) end() error   { return nil }

func (c *csvWriter) record(r *control.Record) error {
	return c.row([]string{
		cell(r.ID), cell(r.Claim), cell(r.Relay), cell(r.State), cell(r.Method), cell(r.Path), cell(r.Query),
		cell(r.Remote), moment(r.Received), strconv.FormatInt(r.Size, 10), cell(r.BodySHA256), cell(r.Route),
		strconv.Itoa(r.Status), strconv.FormatFloat(r.DurationMS, 'f', -1, 64), strconv.Itoa(r.Attempts),
		cell(r.SenderID), cell(r.DuplicateOf), cell(r.ReplayOf), cell(r.Reason), cell(r.Answer),
		moment(r.Due), strconv.Itoa(r.Starts), sent(r),
	})
}

func (c *csvWriter) row(cells []string) error {
	_, err := c.w.WriteString(strings.Join(cells, ",") + "\r\n")
	return err
}

// cell quotes a text. One that a spreadsheet would take for a formula, or that
// becomes one when the white space before it is dropped, gets an apostrophe
// before it, which makes it a text there.
func cell(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\ufffd"), "\ufffd")
	if startsFormula(s) {
		s = "'" + s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func startsFormula(s string) bool {
	if s != "" && (s[0] == '\t' || s[0] == '\r' || s[0] == '\n') {
		return true
	}
	for _, r := range s {
		switch r {
		case '=', '+', '-', '@', '＝', '＋', '－', '＠':
			return true
		}
		if unicode.IsPrint(r) && r != ' ' {
			return false
		}
	}
	return false
}

// sent is how many bytes the sender got with its status, nothing where that is
// not known.
func sent(r *control.Record) string {
	n, known := r.Sent()
	if !known {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// moment writes a time, or nothing where there is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
