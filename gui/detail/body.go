package detail

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

const (
	// soon is how long something may take without being said to.
	soon = 300 * time.Millisecond
	// longSearch is the size from which on a body is not searched for each letter
	// that is typed, but when none has come for as long as typing says.
	longSearch = 1 << 20
	typing     = 200 * time.Millisecond
	// menuEdge is how far a menu stays from the edge of the window, which its shadow
	// needs.
	menuEdge = 8
)

// body shows a content in one of the ways that suit it, with a search.
type body struct {
	desk    *part.Desk
	content content
	save    func() // nil where it cannot be saved
	read    *reading
	view    view

	code   *part.Code
	find   *part.Entry
	count  *widget.Label
	steps  *fyne.Container
	views  *part.Select
	notes  *widget.Label
	top    *fyne.Container
	stack  *fyne.Container
	object fyne.CanvasObject
	late   func() // ends the wait until it is said that the content is read
	hits   []part.Span
	hit    int
	asked  int    // counts searches, to know stale answers by
	wait   func() // ends the wait for the next letter of a search
}

// newBody returns a body that is read beside the user interface. save may be nil.
func newBody(d *part.Desk, c content, save func()) *body {
	b := &body{desk: d, content: c, save: save, wait: func() {}, count: widget.NewLabel(""), notes: part.Muted(""), stack: container.NewStack()}
	b.code = part.NewCode(func(text string) { d.Copy(text, look.T("Copied")) })
	b.notes.Hide()
	b.find = part.NewEntry(look.T("Search"))
	b.find.OnChanged = b.typed
	b.find.OnSubmitted = func(string) { b.step(1) }
	b.views = part.Choice(nil, nil, func(v string) { b.show(view(v)) })
	b.steps = container.NewHBox(b.count, part.Quiet("", "up", func() { b.step(-1) }), part.Quiet("", "down", func() { b.step(1) }))
	b.steps.Hide()
	b.views.Hide()
	b.late = d.Crew.After(soon, func() { b.put(part.Loading(look.T("Reading…"))) })
	tools := container.NewHBox(b.steps, part.Quiet("", "copy", b.copy), b.more())
	bar := container.NewBorder(nil, nil, b.views, tools, b.find)
	b.top = container.NewVBox(bar, b.notes)
	b.object = container.NewBorder(b.top, nil, nil, nil, b.stack)
	part.Do(d, func(context.Context) (*reading, error) { return read(c), nil }, func(r *reading, _ error) { b.ready(r) })
	return b
}

// more is the button of the menu of what is wanted seldom.
func (b *body) more() fyne.CanvasObject {
	var button *part.Push
	button = part.Quiet("", "more", func() {
		var items []*fyne.MenuItem
		if b.view == asJSON {
			items = append(items, fyne.NewMenuItem(look.T("Fold all"), b.code.FoldAll), fyne.NewMenuItem(look.T("Unfold all"), b.code.UnfoldAll))
		}
		items = append(items, fyne.NewMenuItem(look.T("Copy all"), b.copy))
		if b.save != nil {
			items = append(items, fyne.NewMenuItem(look.T("Save body…"), b.save))
		}
		menuAt(b.desk, button, items...)
	})
	return button
}

// menuAt opens a menu under a button.
func menuAt(d *part.Desk, under fyne.CanvasObject, items ...*fyne.MenuItem) {
	at := d.App.Driver().AbsolutePositionForObject(under)
	menu := widget.NewPopUpMenu(fyne.NewMenu("", items...), d.Window.Canvas())
	room := d.Window.Canvas().Size().Width - at.X - menu.MinSize().Width - menuEdge
	menu.ShowAtPosition(at.AddXY(min(0, room), under.Size().Height))
	d.Window.Canvas().Focus(menu)
}

// ready shows what was read.
func (b *body) ready(r *reading) {
	b.read = r
	b.late()
	b.notes.SetText(part.VisibleLines(strings.Join(r.notes, "\n")))
	b.notes.Hidden = len(r.notes) == 0
	b.top.Refresh()
	b.object.Refresh()
	var values, words []string
	for _, v := range r.views {
		values, words = append(values, string(v)), append(words, v.word())
	}
	b.views.Offer(values, words)
	if len(values) == 0 {
		b.find.Disable()
		b.put(part.Empty("file", look.T("No body"), look.T("Nothing came with it.")))
		return
	}
	b.views.Show()
	b.views.Choose(values[0])
	b.show(r.views[0])
	b.top.Refresh()
}

// put shows one object.
func (b *body) put(o fyne.CanvasObject) {
	b.stack.Objects = []fyne.CanvasObject{o}
	b.stack.Refresh()
}

// show shows a view.
func (b *body) show(v view) {
	if b.read == nil {
		return
	}
	b.view = v
	switch v {
	case asForm:
		b.put(table(b.desk, b.read.fields))
	case asParts:
		b.put(partsTable(b.desk, b.read.parts))
	case asPicture:
		picture := canvas.NewImageFromImage(b.read.picture.image)
		picture.FillMode = canvas.ImageFillContain
		size := b.read.picture.size
		about := part.Muted(look.T("{{.Width}} × {{.Height}} pixels", look.V{"Width": size.X, "Height": size.Y}))
		b.put(container.NewBorder(nil, about, nil, nil, picture))
	default:
		b.code.Set(b.read.docs[v])
		b.put(b.code)
	}
	b.hits, b.hit = nil, 0
	b.search()
}

// partsTable lists the parts of a multipart body.
func partsTable(d *part.Desk, parts []formPart) fyne.CanvasObject {
	return tableOf(d, len(parts), func(i int) fyne.CanvasObject {
		p := &parts[i]
		value, copied := p.value, p.value
		if p.file != "" || value == "" && p.size > 0 {
			about := []string{p.file, p.kind, look.Bytes(int64(p.size))}
			value = strings.Trim(strings.Join(about, " · "), " ·")
		}
		if p.file != "" {
			copied = p.file
		}
		return fieldRow(d, p.name, value, copied)
	})
}

// searchable says whether there is text to search.
func (b *body) searchable() bool {
	return b.read != nil && b.code.Doc() != nil && len(b.stack.Objects) == 1 && b.stack.Objects[0] == fyne.CanvasObject(b.code)
}

// typed searches, after a while where a search takes long.
func (b *body) typed(text string) {
	b.wait()
	if text == "" || len(b.content.bytes) < longSearch {
		b.search()
		return
	}
	b.wait = b.desk.Crew.After(typing, b.search)
}

// search looks for what is typed, beside the user interface.
func (b *body) search() {
	b.asked++
	asked, text := b.asked, b.find.Text
	b.steps.Hidden = text == ""
	b.steps.Refresh()
	if text != "" && b.read != nil && !b.searchable() && b.read.docs[asText] != nil {
		b.views.Choose(string(asText))
		b.show(asText) // which searches
		return
	}
	if text == "" || !b.searchable() {
		b.hits = nil
		b.code.Hits(nil, -1)
		return
	}
	doc := b.code.Doc()
	part.Do(b.desk, func(context.Context) ([]part.Span, error) { return doc.Find(text), nil }, func(hits []part.Span, _ error) {
		if asked == b.asked {
			b.hits, b.hit = hits, 0
			b.found()
		}
	})
}

// step goes to the next or previous that was found.
func (b *body) step(by int) {
	if n := len(b.hits); n > 0 {
		b.hit = (b.hit + by + n) % n
		b.found()
	}
}

func (b *body) found() {
	if len(b.hits) == 0 {
		b.count.SetText(look.T("Not found"))
	} else {
		b.count.SetText(fmt.Sprintf("%d/%d", b.hit+1, len(b.hits)))
	}
	b.top.Refresh()
	b.code.Hits(b.hits, b.hit)
}

// copy copies all bytes as they came, or the dump of those that a clipboard, which is
// for text, would spoil.
func (b *body) copy() {
	if b.read == nil {
		return
	}
	if bytes.IndexByte(b.content.bytes, 0) >= 0 || !utf8.Valid(b.content.bytes) && !isText(b.content.bytes) {
		doc := b.read.docs[asHex]
		part.Do(b.desk, func(context.Context) (string, error) { return doc.Dump(), nil }, func(text string, _ error) {
			b.desk.Copy(text, look.T("Copied"))
		})
		return
	}
	b.desk.Copy(string(b.content.bytes), look.T("Copied"))
}

// focusFind has the search typed into; false where there is nothing to search.
func (b *body) focusFind() bool {
	if b.find.Disabled() {
		return false
	}
	b.desk.Window.Canvas().Focus(b.find)
	b.find.TypedShortcut(&fyne.ShortcutSelectAll{})
	return true
}
