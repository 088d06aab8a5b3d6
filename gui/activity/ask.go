package activity

import (
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// askStatus asks for a status that the menu does not offer.
func (f *filters) askStatus() {
	entry := widget.NewEntry()
	entry.SetPlaceHolder("418")
	field := part.NewField(look.T("Status"), entry, look.T("A number from 100 to 599."))
	f.ask(look.T("Filter by status"), field, entry, []*widget.Entry{entry}, func() bool {
		n, err := strconv.Atoi(strings.TrimSpace(entry.Text))
		if err != nil || n < 100 || n > 599 {
			field.Problem(look.T("A status is a number from 100 to 599."))
			return false
		}
		q := f.query
		q.Status = n
		f.set(q, f.span)
		return true
	})
}

// askTime asks for the two ends of a time.
func (f *filters) askTime() {
	from, to := widget.NewEntry(), widget.NewEntry()
	now := time.Now()
	from.SetPlaceHolder(now.AddDate(0, 0, -1).Format("2006-01-02 15:04"))
	to.SetPlaceHolder(look.T("now"))
	hint := look.T("A date such as {{.Date}}, with a time of day or without.", look.V{"Date": now.Format("2006-01-02 15:04")})
	fromField, toField := part.NewField(look.T("From"), from, hint), part.NewField(look.T("To"), to, "")
	read := func(e *widget.Entry, field *part.Field) (time.Time, bool) {
		if strings.TrimSpace(e.Text) == "" {
			return time.Time{}, true
		}
		at, ok := moment(e.Text, now)
		if !ok {
			field.Problem(look.T("This is no time. Write it as {{.Date}}.", look.V{"Date": now.Format("2006-01-02 15:04")}))
		} else {
			field.Problem("")
		}
		return at, ok
	}
	f.ask(look.T("Deliveries of a time"), container.NewVBox(fromField, toField), from, []*widget.Entry{from, to}, func() bool {
		since, ok := read(from, fromField)
		until, well := read(to, toField)
		if !ok || !well {
			return false
		}
		if !since.IsZero() && !until.IsZero() && until.Before(since) {
			toField.Problem(look.T("This is earlier than the beginning."))
			return false
		}
		q := f.query
		q.Since, q.Until = since, until
		f.set(q, "")
		return true
	})
}

// ask shows a dialog, which closes once done has what it needs.
func (f *filters) ask(title string, content fyne.CanvasObject, first fyne.Focusable, entries []*widget.Entry, done func() bool) {
	d := dialog.NewCustomWithoutButtons(title, part.Wide(340, content), f.desk.Window)
	try := func() {
		if done() {
			d.Hide()
		}
	}
	for _, e := range entries {
		e.OnSubmitted = func(string) { try() }
	}
	d.SetButtons([]fyne.CanvasObject{widget.NewButton(look.T("Cancel"), d.Hide), part.Primary(look.T("Filter"), "", try)})
	d.Show()
	f.desk.Window.Canvas().Focus(first)
}

// searchEntry is a field to search in, with a button that empties it.
type searchEntry struct {
	widget.Entry
	clear *widget.Button
	leave func() // goes on to the list
	quiet bool   // it is changed by the program
}

func newSearchEntry(typed func(string)) *searchEntry {
	s := &searchEntry{leave: func() {}}
	s.ExtendBaseWidget(s)
	s.SetPlaceHolder(look.T("Search everything"))
	s.Icon = look.IconIn("search", look.ColourMuted)
	s.clear = part.Quiet("", "close", func() { s.SetText("") })
	s.clear.Hide()
	s.ActionItem = s.clear
	s.OnChanged = func(text string) {
		s.clear.Hidden = text == ""
		s.Refresh()
		if !s.quiet {
			typed(text)
		}
	}
	return s
}

// put shows a text that a person has not typed just now.
func (s *searchEntry) put(text string) {
	if s.Text == text {
		return
	}
	s.quiet = true
	s.SetText(text)
	s.quiet = false
}

// TypedKey empties the field with Esc, and goes on to the list with the arrow down.
func (s *searchEntry) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyEscape && s.Text != "":
		s.SetText("")
	case e.Name == fyne.KeyEscape, e.Name == fyne.KeyDown, e.Name == fyne.KeyReturn, e.Name == fyne.KeyEnter:
		s.leave()
	default:
		s.Entry.TypedKey(e)
	}
}
