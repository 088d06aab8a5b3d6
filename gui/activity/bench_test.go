package activity

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/look"
)

// endless is a history of n deliveries, which are made as they are asked for.
type endless struct {
	n  int
	at time.Time
}

func (e *endless) row(i int) control.Delivery {
	d := some(e.n-i, e.at.Add(-time.Duration(i)*time.Second))
	d.State, d.Status, d.DurationMS, d.Size = states[i%len(states)], 200+i%7*50, float64(i%400), int64(i%90_000)
	d.Path, d.Query = fmt.Sprintf("/hooks/%d/orders/created", i), "shop=garage&attempt="+strconv.Itoa(i%9)
	return d
}

func (e *endless) Deliveries(_ context.Context, q control.Query) ([]control.Delivery, string, error) {
	from := 0
	if !q.Until.IsZero() {
		from = pageSize - 1
	}
	if q.Cursor != "" {
		from, _ = strconv.Atoi(q.Cursor)
	}
	var page []control.Delivery
	for i := from; i < min(from+q.Limit, e.n); i++ {
		page = append(page, e.row(i))
	}
	return page, strconv.Itoa(from + len(page)), nil
}

func (e *endless) Outline(context.Context, control.Query) (*control.Outline, error) {
	o := &control.Outline{Count: int64(e.n - pageSize + 1)}
	for i := 2*pageSize - 1; i < e.n; i += pageSize {
		o.Cursors = append(o.Cursors, strconv.Itoa(i))
	}
	return o, nil
}

// million is a list of a million deliveries in a window.
func million(b *testing.B) (*list, *hands, fyne.Window) {
	app := test.NewTempApp(b)
	app.Settings().SetTheme(look.NewTheme(look.Light, 1))
	h := &hands{now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	m := newModel(&endless{n: 1_000_000, at: h.now}, h, func() {})
	m.now = func() time.Time { return h.now }
	m.load(control.Query{})
	for h.step(func(n int) int { return n - 1 }) {
	}
	l := newList(m)
	l.rows.Moved = func() {
		m.anchor = l.rows.Top()
		m.see(l.rows.InSight())
	}
	w := app.NewWindow("")
	b.Cleanup(w.Close)
	w.SetPadded(false)
	w.SetContent(l)
	w.Resize(fyne.NewSize(1100, 720))
	if m.total() != 1_000_000 {
		b.Fatalf("%d rows", m.total())
	}
	return l, h, w
}

// A frame of scrolling, all that is asked for on its way included: by three rows, as
// with the wheel, and to anywhere, as with the bar.
func BenchmarkScroll(b *testing.B) {
	for name, scroll := range map[string]func(l *list, i int){
		"wheel": func(l *list, _ int) { l.rows.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: -77}}) },
		"bar":   func(l *list, i int) { l.rows.Choose(i * 7919 % 1_000_000) },
	} {
		for _, painted := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/painted=%t", name, painted), func(b *testing.B) {
				l, h, w := million(b)
				b.ReportAllocs()
				for i := range b.N {
					scroll(l, i)
					for h.step(func(n int) int { return n - 1 }) {
					}
					if painted {
						w.Canvas().Capture()
					}
				}
			})
		}
	}
}

// A fifth of a second in which a hundred deliveries arrive and are shown.
func BenchmarkArrivals(b *testing.B) {
	for _, scrolled := range []bool{false, true} {
		b.Run(fmt.Sprintf("scrolled=%t", scrolled), func(b *testing.B) {
			l, h, _ := million(b)
			if scrolled {
				l.rows.Choose(500_000)
			}
			b.ReportAllocs()
			next := 2_000_000
			for range b.N {
				var c feed.Changes
				for range 100 {
					h.now = h.now.Add(2 * time.Millisecond)
					d := some(next, h.now)
					next++
					c.Deliveries = append(c.Deliveries, d)
				}
				l.model.apply(c)
				if len(l.model.head) > maxHead { // what an outline would have gone to the tail
					l.model.head = l.model.head[:headAnew]
				}
				l.rows.Place(l.model.anchor, l.model.chosen)
				l.rows.Refresh()
				h.timers = nil
			}
		})
	}
}
