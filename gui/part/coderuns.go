package part

import (
	"encoding/hex"
	"fmt"
	"sort"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"homehook/gui/look"
)

// run is a piece of a line in one colour. Its text is fit to be shown.
type run struct {
	Span
	text   string
	colour fyne.ThemeColorName
	ground fyne.ThemeColorName // of what was found, or is wrong; empty is none
}

// runs are the pieces of a row between two places in it.
func (d *Doc) runs(row int, within Span, hits []Span, hit int) []run {
	if d.kind == docHex {
		return d.hexRuns(row, hits, hit)
	}
	var all []run
	whole := d.seen(row)
	if d.kind == docJSON {
		all = d.tokens(row, whole)
	} else {
		all = []run{{Span: whole, colour: d.lineColour(row, whole)}}
	}
	out := all[:0:0]
	for _, r := range all {
		r.From, r.To = max(r.From, within.From), min(r.To, within.To)
		if r.From < r.To {
			out = append(out, r)
		}
	}
	out = d.highlight(out, hits, hit)
	return d.readable(out)
}

func (d *Doc) lineColour(row int, s Span) fyne.ThemeColorName {
	if d.kind != docDiff || s.From == s.To {
		return theme.ColorNameForeground
	}
	if row < 2 {
		return look.ColourMuted // the names of both texts
	}
	switch d.bytes[s.From] {
	case '+':
		return theme.ColorNameSuccess
	case '-':
		return theme.ColorNameError
	case '@':
		return look.ColourMuted
	}
	return theme.ColorNameForeground
}

// tokens finds the words of a row of JSON, without the blanks between them.
func (d *Doc) tokens(row int, s Span) []run {
	var out []run
	p := d.bytes
	at := s.From
	if d.rows[row].quoted {
		at = stringEnd(p, at, s.To)
		out = append(out, run{Span: Span{s.From, at}, colour: d.stringColour(at, s.To)})
	}
	for at < s.To {
		from := at
		switch c := p[at]; {
		case blank(c):
			at++
			continue
		case c == '"':
			at = stringEnd(p, at+1, s.To)
			out = append(out, run{Span: Span{from, at}, colour: d.stringColour(at, s.To)})
			continue
		case c == '-' || '0' <= c && c <= '9':
			at = wordEnd(p, at, s.To)
			out = append(out, run{Span: Span{from, at}, colour: look.ColourNumber})
			continue
		case 'a' <= c && c <= 'z':
			at = wordEnd(p, at, s.To)
			out = append(out, run{Span: Span{from, at}, colour: look.ColourMark})
			continue
		}
		at++
		out = append(out, run{Span: Span{from, at}, colour: theme.ColorNameForeground})
	}
	return out
}

// stringColour is that of a string that ends at a place: of a name if a colon
// follows.
func (d *Doc) stringColour(end, most int) fyne.ThemeColorName {
	for ; end < most; end++ {
		if d.bytes[end] == ':' {
			return look.ColourKey
		}
		if !blank(d.bytes[end]) {
			break
		}
	}
	return look.ColourString
}

func stringEnd(p []byte, at, most int) int {
	for ; at < most; at++ {
		switch p[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return most
}

func wordEnd(p []byte, at, most int) int {
	for at < most && (p[at] == '-' || p[at] == '+' || p[at] == '.' || '0' <= p[at] && p[at] <= '9' || 'a' <= p[at]|0x20 && p[at]|0x20 <= 'z') {
		at++
	}
	return at
}

// highlight parts runs where something was found or is wrong, which gets a ground.
func (d *Doc) highlight(in []run, hits []Span, hit int) []run {
	if len(in) == 0 {
		return in
	}
	if d.bad >= 0 {
		in = grounded(in, Span{d.bad, d.bad + 1}, theme.ColorNameError)
	}
	first := sort.Search(len(hits), func(i int) bool { return hits[i].To > in[0].From })
	for i := first; i < len(hits) && hits[i].From < in[len(in)-1].To; i++ {
		ground := theme.ColorNameSelection
		if i == hit {
			ground = theme.ColorNamePrimary
		}
		in = grounded(in, hits[i], ground)
	}
	return in
}

// onGround is the colour of letters on a ground.
func onGround(ground, other fyne.ThemeColorName) fyne.ThemeColorName {
	switch ground {
	case theme.ColorNamePrimary:
		return theme.ColorNameForegroundOnPrimary
	case theme.ColorNameError:
		return theme.ColorNameForegroundOnError
	}
	return other
}

func grounded(in []run, at Span, ground fyne.ThemeColorName) []run {
	out := make([]run, 0, len(in)+2)
	for _, r := range in {
		from, to := max(at.From, r.From), min(at.To, r.To)
		if from >= to {
			out = append(out, r)
			continue
		}
		for i, s := range []Span{{r.From, from}, {from, to}, {to, r.To}} {
			if s.From == s.To {
				continue
			}
			part := r
			part.Span = s
			if i == 1 {
				part.ground = ground
				part.colour = onGround(ground, r.colour)
			}
			out = append(out, part)
		}
	}
	return out
}

// readable gives runs their text, and what could not be seen runs of its own.
func (d *Doc) readable(in []run) []run {
	var out []run
	for _, r := range in {
		for at := r.From; at < r.To; {
			odd, end := d.stretch(at, r.To)
			piece := r
			piece.Span = Span{at, end}
			piece.text = string(d.bytes[at:end])
			switch {
			case odd:
				piece.text, piece.colour = marked(piece.text), look.ColourMark
			case d.kind == docJSON && piece.text == ":":
				piece.text = ": "
			}
			out = append(out, piece)
			at = end
		}
	}
	return out
}

// marked is what stands for characters that cannot be seen. Tabs are room.
func marked(text string) string {
	if text[0] == '\t' {
		return fmt.Sprintf("%*s", 4*len(text), "")
	}
	return Visible(text)
}

// stretch finds the end of characters that are all odd, all tabs, or neither.
func (d *Doc) stretch(at, most int) (odd bool, end int) {
	class := func(at int) (int, int) {
		r, n := utf8.DecodeRune(d.bytes[at:most])
		switch {
		case r == '\t':
			return 1, n
		case r == utf8.RuneError && n == 1, r < 0x20, r == 0x7f, Hidden(r):
			return 2, n
		}
		return 0, n
	}
	first, n := class(at)
	for end = at + n; end < most; end += n {
		var c int
		if c, n = class(end); c != first {
			break
		}
	}
	return first > 0, end
}

// hexRuns are offset, values and characters of a line of a dump.
func (d *Doc) hexRuns(row int, hits []Span, hit int) []run {
	s := d.span(row)
	p := d.bytes[s.From:s.To]
	values := make([]byte, 0, 3*d.across+1)
	for i := range d.across {
		if i == hexWidth/2 {
			values = append(values, ' ')
		}
		if i < len(p) {
			values = append(hex.AppendEncode(values, p[i:i+1]), ' ')
		} else {
			values = append(values, "   "...)
		}
	}
	out := []run{
		{Span: Span{s.From, s.From}, text: fmt.Sprintf("%08x  ", s.From), colour: look.ColourMuted},
		{Span: Span{s.From, s.From}, text: string(values) + " ", colour: theme.ColorNameForeground},
	}
	ascii := []run{{Span: s, colour: look.ColourString}}
	for _, r := range d.highlight(ascii, hits, hit) {
		text := make([]byte, 0, d.across)
		for _, c := range d.bytes[r.From:r.To] {
			if c < 0x20 || c > 0x7e {
				c = '.'
			}
			text = append(text, c)
		}
		r.text = string(text)
		out = append(out, r)
	}
	return out
}

// line is a row's text as it is shown.
func (d *Doc) line(row int) string {
	text := ""
	for _, r := range d.runs(row, d.seen(row), nil, -1) {
		text += r.text
	}
	return text
}
