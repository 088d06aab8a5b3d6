package part

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"
)

const (
	// maxRow is the longest row in bytes: what draws a row looks at no more.
	maxRow = 4096
	// maxRows are shown at most: beyond them a window has no coordinates that tell
	// two lines apart.
	maxRows = 900_000
	// hexWidth is how many bytes a line of a hex dump has, half as many where there is
	// little room.
	hexWidth = 16
	// hexLetters are those of such a line.
	hexLetters = 10 + 3*hexWidth + 2 + hexWidth
	// maxHex bytes of a dump are shown: in half lines they come to maxRows.
	maxHex = maxRows * hexWidth / 2
	// maxDump lines of a dump are copied at once.
	maxDump = 1 << 16
)

// What a body cannot be folded for. It is shown as plain text then.
var (
	ErrDeep = errors.New("nested too deep to fold")
	ErrMany = errors.New("too many lines to fold")
)

// docKind says how the rows of a Doc are drawn.
type docKind uint8

const (
	docText docKind = iota
	docJSON
	docHex
	docDiff
)

// Doc is text or bytes as [Code] shows them. It is made beside the user interface,
// never changes, and its rows cover all its bytes, in order.
type Doc struct {
	bytes  []byte
	kind   docKind
	rows   []docRow // of none in a hex dump
	across int      // bytes of a line of a hex dump
	bad    int      // where the mark of an error is; -1 is nowhere
	rest   int      // bytes at the end that are not shown
}

// docRow is one row before it is wrapped: its bytes end where the next begins.
type docRow struct {
	at    int
	fold  int32 // the row that closes what this one opens; 0 is none
	items int32 // how many there are in it
	depth uint16
	// more says that it goes on from the row before, quoted that it does so within
	// a string.
	more, quoted bool
}

// Span is a part of the bytes of a Doc.
type Span struct{ From, To int }

// TextDoc returns plain text, whatever it is.
func TextDoc(text []byte) *Doc { return linesOf(text, docText) }

// DiffDoc returns a comparison in the unified format, whose lines are coloured by
// their signs.
func DiffDoc(text []byte) *Doc { return linesOf(text, docDiff) }

// HexDoc returns a dump of bytes: offset, values, and characters.
func HexDoc(p []byte) *Doc {
	return &Doc{bytes: p, kind: docHex, across: hexWidth, bad: -1, rest: max(len(p)-maxHex, 0)}
}

func linesOf(text []byte, kind docKind) *Doc {
	d := &Doc{bytes: text, kind: kind, bad: -1}
	d.rows = make([]docRow, 0, bytes.Count(text[:min(len(text), 1<<20)], []byte("\n"))+1)
	for at := 0; at < len(text); {
		if len(d.rows) >= maxRows {
			d.rest = len(text) - at
			break
		}
		end := len(text)
		if n := bytes.IndexByte(text[at:min(len(text), at+maxRow)], '\n'); n >= 0 {
			end = at + n + 1
		} else if end-at > maxRow {
			end = runeStart(text, at+maxRow)
		}
		d.rows = append(d.rows, docRow{at: at, more: at > 0 && text[at-1] != '\n'})
		at = end
	}
	return d
}

// runeStart moves a place back, by three bytes at most, so that it does not part a
// character.
func runeStart(p []byte, at int) int {
	for i := range utf8.UTFMax {
		if at-i > 0 && at-i < len(p) && utf8.RuneStart(p[at-i]) {
			return at - i
		}
	}
	return at
}

// Bytes are all bytes, which nobody may change.
func (d *Doc) Bytes() []byte { return d.bytes }

// Rest is how many bytes at the end are not shown, since there are too many lines.
func (d *Doc) Rest() int { return d.rest }

// Folds says whether anything in it can be folded.
func (d *Doc) Folds() bool { return d.kind == docJSON }

// Marked returns the same with the mark of an error at a place.
func (d *Doc) Marked(at int) *Doc {
	out := *d
	out.bad = min(max(at, 0), len(d.bytes))
	return &out
}

// fitting is a hex dump whose lines fit a width in letters, if they can.
func (d *Doc) fitting(wide int) *Doc {
	across := hexWidth
	if wide < hexLetters {
		across = hexWidth / 2
	}
	if d.kind != docHex || across == d.across {
		return d
	}
	out := *d
	out.across = across
	return &out
}

// Dump is the text of a hex dump, of 65,536 lines at most. It may take a moment; any
// goroutine may call it.
func (d *Doc) Dump() string { return d.dump(0, d.count()-1) }

func (d *Doc) dump(first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		if i-first == maxDump {
			b.WriteString("…\n")
			break
		}
		b.WriteString(d.line(i))
		b.WriteByte('\n')
	}
	return b.String()
}

// Place is the line and column, from 1, of a place in the bytes. Columns count
// characters.
func (d *Doc) Place(at int) (line, column int) {
	before := d.bytes[:min(at, len(d.bytes))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

// count is how many rows there are.
func (d *Doc) count() int {
	if d.kind == docHex {
		return (len(d.bytes) - d.rest + d.across - 1) / d.across
	}
	return len(d.rows)
}

// span are the bytes of a row.
func (d *Doc) span(row int) Span {
	if d.kind == docHex {
		return Span{row * d.across, min((row+1)*d.across, len(d.bytes)-d.rest)}
	}
	if row+1 < len(d.rows) {
		return Span{d.rows[row].at, d.rows[row+1].at}
	}
	return Span{d.rows[row].at, len(d.bytes) - d.rest}
}

// seen are those of a row's bytes that are drawn: without the end of the line, in
// JSON without blanks around it.
func (d *Doc) seen(row int) Span {
	s := d.span(row)
	switch d.kind {
	case docJSON:
		quotedOn := row+1 < len(d.rows) && d.rows[row+1].quoted
		for !d.rows[row].quoted && s.From < s.To && blank(d.bytes[s.From]) {
			s.From++
		}
		for !quotedOn && s.From < s.To && blank(d.bytes[s.To-1]) {
			s.To--
		}
	case docText, docDiff:
		if s.From < s.To && d.bytes[s.To-1] == '\n' {
			s.To--
			if s.From < s.To && d.bytes[s.To-1] == '\r' {
				s.To--
			}
		}
	}
	return s
}

// rowAt finds the row that has a byte.
func (d *Doc) rowAt(at int) int {
	if d.kind == docHex {
		return min(at/d.across, max(d.count()-1, 0))
	}
	low, high := 0, len(d.rows)
	for low+1 < high {
		if mid := (low + high) / 2; d.rows[mid].at <= at {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
