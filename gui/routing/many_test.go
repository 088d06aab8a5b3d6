package routing

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/look"
)

// thousands is a configuration with as many routes as there may be; every tenth has
// something wrong with it.
func thousands() *control.Configuration {
	c := &control.Configuration{Claims: []control.ConfigEntry{{Name: "home"}}}
	for i := range 1500 {
		name := fmt.Sprintf("route %04d", i)
		values := map[string]any{
			"name": name, "claim": "home", "match": fmt.Sprintf("POST /a/%d", i),
			"unverified": true, "forward": map[string]any{"to": "http://127.0.0.1:3000"},
		}
		c.Routes = append(c.Routes, control.ConfigEntry{Name: name, Values: values})
		if i%10 == 9 {
			c.Warnings = append(c.Warnings, control.ConfigProblem{Part: control.PartRoute, Name: name, Message: "the folder is not there", Remedy: "make it"})
		}
	}
	return c
}

// listedIn shows routes in a window.
func listedIn(tb testing.TB) *rows {
	tb.Helper()
	app := test.NewTempApp(tb)
	app.Settings().SetTheme(look.NewTheme(look.Light, 1))
	r := newRows(nil, actions{chosen: func(int) {}, edit: func(int) {}})
	w := test.NewTempWindow(tb, r)
	w.Resize(fyne.NewSize(900, 600))
	return r
}

// Only the rows in sight have an object, wherever the list stands, and each stands
// below the one before.
func TestManyRoutes(t *testing.T) {
	r := listedIn(t)
	r.show(routesOf(thousands(), nil), "")
	inOrder := func(has int) {
		t.Helper()
		if n := len(r.list.Objects); n == 0 || n > 25 {
			t.Errorf("%d rows have an object", n)
		}
		found := false
		for i, o := range r.list.Objects {
			it := o.(*row)
			found = found || it.index == has
			if want := fmt.Sprintf("route %04d", it.index); it.name.Text != want {
				t.Errorf("%q is shown as %q", want, it.name.Text)
			}
			if i == 0 {
				continue
			}
			if before := r.list.Objects[i-1]; o.Position().Y != before.Position().Y+before.Size().Height {
				t.Errorf("%q stands at %g, the one above ends at %g", it.name.Text, o.Position().Y, before.Position().Y+before.Size().Height)
			}
		}
		if !found {
			t.Errorf("route %d is not in sight", has)
		}
	}
	inOrder(0)
	r.key(fyne.KeyEnd)
	inOrder(1499)
	if last := r.list.Objects[len(r.list.Objects)-1]; last.Position().Y+last.Size().Height > r.scroll.Offset.Y+r.scroll.Size().Height+1 {
		t.Error("the last row is not wholly in sight")
	}
	for _, at := range []int{700, 40, 1200, 39} {
		r.choose(at)
		inOrder(at)
	}
	r.scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: -3000}})
	inOrder(r.list.Objects[1].(*row).index)
	r.key(fyne.KeyHome)
	inOrder(0)
	r.show(r.all, "0777")
	inOrder(777)
	if len(r.list.Objects) != 1 {
		t.Errorf("%d rows fit", len(r.list.Objects))
	}
}

// A list of many routes is there at once, a first time and after a change.
func BenchmarkManyRoutes(b *testing.B) {
	r := listedIn(b)
	c := thousands()
	for b.Loop() {
		r.show(routesOf(c, nil), "")
	}
}

// What cannot be seen in a name is written out, and a long one costs no more than
// what is seen of it.
func TestHostileNames(t *testing.T) {
	r := listedIn(t)
	r.show([]route{{name: "a\x1b[2J\nb\u202e"}, {name: strings.Repeat("long ", 2000)}}, "")
	if got := r.live[0].name.Text; got != "a‹ESC›[2J‹LF›b‹U+202E›" {
		t.Errorf("it is shown as %q", got)
	}
	if got := r.live[1].name.Text; len(got) > mostSeen+len("…") {
		t.Errorf("%d bytes are shown", len(got))
	}
}
