package detail

import (
	"context"
	"io"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"homehook/agent/control"
	"homehook/gui/part"
)

// Settled says whether a pane shows the delivery it was asked for, and the body of
// its tab.
func Settled(p *Pane) bool {
	if p.record == nil || p.tabs == nil || p.record.ID != p.id {
		return false
	}
	b := p.shown[p.tabs.SelectedIndex()].searched()
	return b == nil || b.read != nil
}

// Busy says whether something was asked for.
func Busy(p *Pane) bool { return p.busy }

// Turn shows a tab.
func Turn(p *Pane, i int) { p.tabs.SelectIndex(i) }

// CopyBody copies the body that is shown.
func CopyBody(p *Pane) { p.shown[p.tabs.SelectedIndex()].searched().copy() }

// Menu is that of what is wanted seldom.
func Menu(p *Pane) []*fyne.MenuItem { return p.moreItems() }

// Save does what follows the choice of a file: of the body, or of a HAR.
func Save(p *Pane, path string, har bool) {
	id, body := p.record.ID, p.record.Body
	p.write(path, "saved", func(ctx context.Context, w io.Writer) error {
		if har {
			return p.desk.Client().Export(ctx, w, control.Export{ID: id, Format: control.FormatHAR, Redact: true})
		}
		_, err := w.Write(body)
		return err
	})
}

// each calls f for all objects that are visible, to the deepest.
func each(o fyne.CanvasObject, f func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	f(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, in := range o.Objects {
			each(in, f)
		}
	case fyne.Widget:
		for _, in := range test.WidgetRenderer(o).Objects() {
			each(in, f)
		}
	}
}

func eachOn(c fyne.Canvas, f func(fyne.CanvasObject)) {
	each(c.Content(), f)
	for _, o := range c.Overlays().List() {
		each(o, f)
	}
}

// Written is all text that is visible, a line each.
func Written(c fyne.Canvas) string {
	var b strings.Builder
	line := float32(-1)
	eachOn(c, func(o fyne.CanvasObject) {
		if t, ok := o.(*canvas.Text); ok {
			if t.Position().Y != line || t.Position().X == 0 {
				b.WriteByte('\n')
			}
			line = t.Position().Y
			b.WriteString(t.Text)
		}
	})
	return b.String()
}

// Button is the one with a word; nil is none.
func Button(c fyne.Canvas, word string) (found *part.Push) {
	eachOn(c, func(o fyne.CanvasObject) {
		if b, ok := o.(*part.Push); ok && b.Text == word {
			found = b
		}
	})
	return found
}

// Editor is the dialog in which a delivery is changed.
type Editor = editor

// Edited is the dialog that is open.
func Edited(p *Pane) *Editor { return p.edit }

// Set types into its fields; "" leaves one as it is.
func (e *editor) Set(target, fields, body string) {
	for _, f := range []struct {
		entry *part.Entry
		text  string
	}{{e.target, target}, {e.fields, fields}, {e.text, body}} {
		if f.text != "" {
			f.entry.SetText(f.text)
		}
	}
}

// Texts are what its fields have.
func (e *editor) Texts() []string {
	return []string{e.method.Text, e.target.Text, e.fields.Text, e.text.Text}
}

// Diff is the comparison.
func (e *editor) Diff() string {
	if e.diff.Doc() == nil {
		return ""
	}
	return string(e.diff.Doc().Bytes())
}

// Compared says whether the comparison was made.
func (e *editor) Compared() bool { return e.diff.Doc() != nil }

// Replace has the body replaced as by a file.
func (e *editor) Replace(p []byte) { e.replaced(p, nil) }

// Resigned is what is said of the new signature beside the comparison.
func (e *editor) Resigned() string {
	if e.signed.Hidden {
		return ""
	}
	return e.signed.Text
}

// Signs says how it is signed.
func (e *editor) Signs() *control.Sign { return e.sign.chosen() }
