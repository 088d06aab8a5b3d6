package routing

import (
	"slices"
	"sort"

	"fyne.io/fyne/v2"
)

// inSight are the rows that have an object, and where all rows stand. How high a row
// is shows when it is laid out: what is wrong with a route may take some lines.
type inSight struct {
	live    map[int]*row // by their place among those shown
	spare   []*row
	tops    []float32 // of all rows shown, and the end of the last one
	heights []float32
	plain   float32 // of a row without a problem, as the last one was
	laying  bool
}

const (
	// guessed is how high a row is until one was laid out, and wrong how much
	// what keeps it from its work adds.
	guessed, wrong = 52, 30
	// around is how far beyond what is in sight rows have an object, too.
	around = 60
)

// forget has all rows shown anew: what they show may have changed. A place keeps its
// object, which may have the focus.
func (r *rows) forget() {
	if r.plain == 0 {
		r.plain, r.live = guessed, map[int]*row{}
	}
	for at, it := range r.live {
		if at < len(r.shown) {
			r.fit(it, at)
			continue
		}
		r.spare = append(r.spare, it)
		delete(r.live, at)
	}
	r.heights = slices.Grow(r.heights[:0], len(r.shown))
	for _, i := range r.shown {
		high := r.plain
		if r.all[i].troubled() {
			high += wrong
		}
		r.heights = append(r.heights, high)
	}
	r.stack()
	r.lay()
}

// stack puts the rows below each other, without room between.
func (r *rows) stack() {
	r.tops = append(r.tops[:0], 0)
	for _, h := range r.heights {
		r.tops = append(r.tops, r.tops[len(r.tops)-1]+h)
	}
}

// end is how high all rows are together.
func (r *rows) end() float32 {
	if len(r.tops) == 0 {
		return 0
	}
	return r.tops[len(r.tops)-1]
}

// lay gives the rows in sight their objects and places.
func (r *rows) lay() {
	if r.laying {
		return
	}
	r.laying = true
	defer func() { r.laying = false }()
	for range 3 { // a row that is higher than thought moves those below
		if !r.fill() {
			break
		}
		r.stack()
		r.scroll.Refresh()
	}
	for at, it := range r.live {
		it.Move(fyne.NewPos(0, r.tops[at]))
	}
}

// fill has an object for each row in sight, and says whether one is of another height
// than was thought.
func (r *rows) fill() (changed bool) {
	top, width := r.scroll.Offset.Y, r.list.Size().Width
	bottom := top + r.scroll.Size().Height + around
	first := max(sort.Search(len(r.heights), func(i int) bool { return r.tops[i+1] > top-around }), 0)
	for at, it := range r.live {
		if at != r.from && (at < first || at >= len(r.heights) || r.tops[at] > bottom) {
			r.spare = append(r.spare, it)
			delete(r.live, at)
		}
	}
	for at := first; at < len(r.heights) && r.tops[at] <= bottom; at++ {
		it := r.live[at]
		if it == nil {
			it = r.take(at)
		}
		if width == 0 {
			continue
		}
		it.Resize(fyne.NewSize(width, r.heights[at]))
		if high := it.MinSize().Height; high != r.heights[at] {
			r.heights[at], changed = high, true
			it.Resize(fyne.NewSize(width, high))
		}
		if !r.all[r.shown[at]].troubled() && r.plain != r.heights[at] {
			r.level(r.heights[at])
			changed = true
		}
	}
	r.collect()
	return changed
}

// level notes how high a plain row is, for those that were not laid out yet.
func (r *rows) level(high float32) {
	by := high - r.plain
	r.plain = high
	for at := range r.heights {
		if r.live[at] == nil {
			r.heights[at] += by
		}
	}
}

// take has an object show a row that has come into sight.
func (r *rows) take(at int) *row {
	var it *row
	if n := len(r.spare); n > 0 {
		it, r.spare = r.spare[n-1], r.spare[:n-1]
	} else {
		it = newRow(r)
	}
	it.hover = false
	r.fit(it, at)
	r.live[at] = it
	return it
}

// fit has an object show a row.
func (r *rows) fit(it *row, at int) {
	i := r.shown[at]
	it.set(at, i, &r.all[i], len(r.shown) == len(r.all))
	it.mark(r.chosen, r.focus)
}

// collect has the list hold the rows that have an object, in their order: Tab goes
// through them.
func (r *rows) collect() {
	places := make([]int, 0, len(r.live))
	for at := range r.live {
		places = append(places, at)
	}
	slices.Sort(places)
	objects := make([]fyne.CanvasObject, len(places))
	for i, at := range places {
		objects[i] = r.live[at]
	}
	r.list.Objects = objects
}

// reveal scrolls as little as it takes to have a row in sight.
func (r *rows) reveal(at int) {
	for range 2 { // rows on the way may be higher than thought
		seen := r.scroll.Size().Height
		if at >= len(r.heights) || seen <= 0 {
			return
		}
		top, bottom := r.tops[at], r.tops[at+1]
		switch {
		case top < r.scroll.Offset.Y:
			r.scroll.ScrollToOffset(fyne.NewPos(0, top))
		case bottom > r.scroll.Offset.Y+seen:
			r.scroll.ScrollToOffset(fyne.NewPos(0, bottom-seen))
		}
		r.lay()
	}
}

// gap is between which rows a height is: the number of those above, and where the
// gap stands.
func (r *rows) gap(y float32) (before int, edge float32) {
	before = sort.Search(len(r.heights), func(i int) bool { return y < r.tops[i]+r.heights[i]/2 })
	if before < len(r.tops) {
		edge = r.tops[before]
	}
	return before, edge
}

// pile lays out the rows in sight.
type pile struct{ of *rows }

// MinSize is that of all rows, whether they have an object or not.
func (p *pile) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	for _, o := range objects {
		size.Width = max(size.Width, o.MinSize().Width)
	}
	return fyne.NewSize(size.Width, p.of.end())
}

// Layout gives them the width that there is.
func (p *pile) Layout([]fyne.CanvasObject, fyne.Size) { p.of.lay() }
