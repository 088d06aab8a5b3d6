package gui

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// spot is something in the window that a test may look for or click on.
type spot struct {
	Text string `json:"text"`
	// Kind is "text", or what can be used: "button", "entry", "check", "select",
	// "side".
	Kind     string  `json:"kind"`
	X        float32 `json:"x"` // in pixels of the window, of the upper left corner
	Y        float32 `json:"y"`
	W        float32 `json:"w"`
	H        float32 `json:"h"`
	Screen   string  `json:"screen"`
	Focused  bool    `json:"focused,omitempty"`
	Disabled bool    `json:"disabled,omitempty"`
}

// placesPace is the time between two looks at the window.
const placesPace = 300 * time.Millisecond

// places writes for tests what the window shows, and where, into a file that is
// replaced whole whenever that has changed. It is for tests only: nothing of the app
// reads it.
type places struct {
	shell *shell
	path  string
	walk  func(canvas fyne.Canvas, each func(fyne.CanvasObject, fyne.Position))
	last  string
}

func newPlaces(s *shell, path string) *places {
	p := &places{shell: s, path: path, walk: walkTrees}
	p.again()
	return p
}

// again looks at the window, now and later.
func (p *places) again() {
	p.shell.desk.Crew.After(placesPace, func() {
		if p.shell.ended {
			return
		}
		text, err := json.MarshalIndent(p.spots(), "", " ")
		if err == nil && string(text) != p.last {
			p.last = string(text)
			p.write(text)
		}
		p.again()
	})
}

// write replaces the file beside the user interface.
func (p *places) write(text []byte) {
	p.shell.desk.Crew.Go(func(context.Context) func() {
		_ = replaceFile(p.path, text) // a test that finds no file says so
		return nil
	})
}

// replaceFile writes a file of the user's alone, whole, and puts it in the place of
// what is at path: a link there is replaced and not followed.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600, and new
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// spots are what is visible, the window's content first and what lies over it last.
func (p *places) spots() []spot {
	window := p.shell.desk.Window.Canvas()
	focused, scale, all := window.Focused(), window.Scale(), window.Size()
	found := []spot{}
	p.walk(window, func(o fyne.CanvasObject, at fyne.Position) {
		s, ok := spotOf(o)
		if !ok {
			return
		}
		if f, can := o.(fyne.Focusable); can {
			s.Focused = f == focused
		}
		if d, can := o.(fyne.Disableable); can {
			s.Disabled = d.Disabled()
		}
		size := o.Size()
		if at.X < 0 || at.Y < 0 || at.X >= all.Width || at.Y >= all.Height {
			return // it is scrolled away
		}
		s.X, s.Y, s.W, s.H = at.X*scale, at.Y*scale, size.Width*scale, size.Height*scale
		s.Screen = p.shell.current
		found = append(found, s)
	})
	return found
}

// spotOf tells what an object says and is. Widgets of ours have Fyne's within.
func spotOf(o fyne.CanvasObject) (spot, bool) {
	switch o := o.(type) {
	case *canvas.Text:
		return spot{Text: o.Text, Kind: "text"}, o.Text != ""
	case *sideItem:
		return spot{Text: o.text, Kind: "side"}, true
	}
	v := reflect.Indirect(reflect.ValueOf(o))
	if v.Kind() != reflect.Struct || !v.CanInterface() {
		return spot{}, false
	}
	for _, kind := range []struct {
		of   reflect.Type
		name string
	}{
		{reflect.TypeFor[widget.Button](), "button"},
		{reflect.TypeFor[widget.Entry](), "entry"},
		{reflect.TypeFor[widget.Check](), "check"},
		{reflect.TypeFor[widget.Select](), "select"},
	} {
		w := v
		if v.Type() != kind.of {
			if w = v.FieldByName(kind.of.Name()); !w.IsValid() || w.Type() != kind.of {
				continue
			}
		}
		text := w.FieldByName("Text")
		if kind.name == "select" {
			text = w.FieldByName("Selected")
		}
		said := text.String()
		if secret := w.FieldByName("Password"); secret.IsValid() && secret.Bool() {
			said = strings.Repeat("•", utf8.RuneCountInString(said))
		}
		if icon := w.FieldByName("Icon"); said == "" && icon.IsValid() && !icon.IsNil() {
			said = "icon:" + icon.Interface().(fyne.Resource).Name()
		}
		return spot{Text: said, Kind: kind.name}, true
	}
	return spot{}, false
}

// walkTrees calls each for every visible object of a window. Fyne has the walk, in a
// method whose types it keeps to itself.
func walkTrees(c fyne.Canvas, each func(fyne.CanvasObject, fyne.Position)) {
	walk := reflect.ValueOf(c).MethodByName("WalkTrees")
	if !walk.IsValid() {
		return
	}
	call := func(do func(fyne.CanvasObject, fyne.Position)) reflect.Value {
		return reflect.MakeFunc(walk.Type().In(0), func(args []reflect.Value) []reflect.Value {
			o := args[0].MethodByName("Obj").Call(nil)[0].Interface().(fyne.CanvasObject)
			do(o, args[1].Interface().(fyne.Position))
			return nil
		})
	}
	walk.Call([]reflect.Value{call(each), call(func(fyne.CanvasObject, fyne.Position) {})})
}
