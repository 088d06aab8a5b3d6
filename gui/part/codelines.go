package part

import "sort"

// codeLine is a line that is shown: a row, or the part of it with this number.
type codeLine struct{ row, part int32 }

// codeLines are the lines of a Doc with what is folded, wrapped at a width.
type codeLines struct {
	doc    *Doc
	folded map[int32]bool
	wide   int // in bytes
	all    []codeLine
}

// lay finds the lines anew.
func (l *codeLines) lay(wide int) {
	l.wide = max(wide, 20)
	l.all = l.all[:0]
	if l.doc == nil || l.doc.kind == docHex {
		return // each row is a line
	}
	for row := int32(0); int(row) < len(l.doc.rows); row++ {
		for part := range l.parts(row) {
			if len(l.all) == maxRows {
				return
			}
			l.all = append(l.all, codeLine{row, part})
		}
		if l.folded[row] {
			row = l.doc.rows[row].fold
		}
	}
}

// count is how many lines there are.
func (l *codeLines) count() int {
	switch {
	case l.doc == nil:
		return 0
	case l.doc.kind == docHex:
		return l.doc.count()
	}
	return len(l.all)
}

// at is a line.
func (l *codeLines) at(i int) codeLine {
	if l.doc.kind == docHex {
		return codeLine{row: int32(i)}
	}
	return l.all[i]
}

// room is how many bytes of a row go on a line.
func (l *codeLines) room(row int32) int { return max(l.wide-l.indent(row), 16) }

// indent is how many blanks stand before a line of a row.
func (l *codeLines) indent(row int32) int {
	if l.doc.kind != docJSON {
		return 0
	}
	r := &l.doc.rows[row]
	blanks := 2 * min(int(r.depth), 40)
	if r.more {
		blanks += 4
	}
	return min(blanks, l.wide/2)
}

func (l *codeLines) parts(row int32) int32 {
	s := l.doc.seen(int(row))
	room := l.room(row)
	return int32(max((s.To-s.From+room-1)/room, 1))
}

// seen are the bytes that a line draws.
func (l *codeLines) seen(i int) Span {
	at := l.at(i)
	whole := l.doc.seen(int(at.row))
	if l.doc.kind == docHex {
		return whole
	}
	room := l.room(at.row)
	place := func(part int32) int {
		p := whole.From + int(part)*room
		if part == 0 || p >= whole.To {
			return min(p, whole.To)
		}
		return max(runeStart(l.doc.bytes, p), whole.From)
	}
	return Span{place(at.part), place(at.part + 1)}
}

// whole are the bytes that a line stands for: all of them together are all bytes.
func (l *codeLines) whole(i int) Span {
	at, s := l.at(i), l.seen(i)
	row := l.doc.span(int(at.row))
	if at.part == 0 {
		s.From = row.From
	}
	if l.doc.kind == docHex || i+1 == len(l.all) || l.all[i+1].part == 0 {
		s.To = row.To
		if l.folded[at.row] {
			s.To = l.doc.span(int(l.doc.rows[at.row].fold)).To
		}
	}
	return s
}

// find is the line that shows a byte.
func (l *codeLines) find(at int) int {
	if l.doc.kind == docHex {
		return l.doc.rowAt(at)
	}
	i := sort.Search(len(l.all), func(i int) bool { return l.whole(i).From > at })
	return max(i-1, 0)
}

// unfold opens what hides a byte; it says whether anything was folded there.
func (l *codeLines) unfold(at int) bool {
	row, any := int32(l.doc.rowAt(at)), false
	for f := range l.folded {
		if f < row && row <= l.doc.rows[f].fold {
			delete(l.folded, f)
			any = true
		}
	}
	return any
}

// foldAll closes all but the outermost.
func (l *codeLines) foldAll() {
	for i := range l.doc.rows {
		if l.doc.rows[i].fold > 0 && l.doc.rows[i].depth > 0 {
			l.folded[int32(i)] = true
		}
	}
}
