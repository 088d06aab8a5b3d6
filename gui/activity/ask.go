package activity

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// askStatus asks for a status that the menu does not offer.
func (f *filters) askStatus() {
	entry := part.NewEntry("418")
	field := part.NewField(look.T("Status"), entry, look.T("A number from 100 to 599."))
	f.ask(look.T("Filter by status"), field, []*part.Entry{entry}, func(q *control.Query) error {
		n, err := strconv.Atoi(strings.TrimSpace(entry.Text))
		if err != nil || n < 100 || n > 599 {
			return errors.New(look.T("A status is a number from 100 to 599."))
		}
		q.Status = n
		return nil
	})
}

// askTime asks for the two ends of a time.
func (f *filters) askTime() {
	const layout = "2006-01-02 15:04"
	now := time.Now()
	from, to := part.NewEntry(now.AddDate(0, 0, -1).Format(layout)), part.NewEntry(look.T("now"))
	hint := look.T("A date such as {{.Date}}, with a time of day or without.", look.V{"Date": now.Format(layout)})
	content := container.NewVBox(part.NewField(look.T("Beginning"), from, ""), part.NewField(look.T("End"), to, hint))
	f.ask(look.T("Deliveries of a time"), content, []*part.Entry{from, to}, func(q *control.Query) error {
		since, ok := moment(from.Text, now)
		if !ok {
			return errors.New(look.T("“{{.Text}}” is no time. Write it as {{.Date}}.", look.V{"Text": from.Text, "Date": now.Format(layout)}))
		}
		until, ok := moment(to.Text, now)
		if !ok {
			return errors.New(look.T("“{{.Text}}” is no time. Write it as {{.Date}}.", look.V{"Text": to.Text, "Date": now.Format(layout)}))
		}
		if !since.IsZero() && !until.IsZero() && until.Before(since) {
			return errors.New(look.T("The end is earlier than the beginning."))
		}
		q.Since, q.Until = since, until
		return nil
	})
}

// ask opens a sheet whose outcome changes the query.
func (f *filters) ask(title string, content fyne.CanvasObject, entries []*part.Entry, change func(*control.Query) error) {
	var q control.Query
	sheet := f.desk.Sheet(part.SheetOptions{
		Title: title, Content: content, Width: 360, Word: look.T("Filter"), First: entries[0], Offline: true,
		Prepare: func() (func(context.Context) error, error) {
			q = f.query
			return func(context.Context) error { return nil }, change(&q)
		},
		Done: func() { f.set(q, f.kept(q)) },
	})
	for _, e := range entries {
		e.OnSubmitted = func(string) { sheet.Submit() }
	}
}

// searchEntry is a field to search in, with a button that empties it.
type searchEntry struct {
	part.Entry
	clear *part.Push
	leave func() // goes on to the list
	quiet bool   // it is changed by the program
}

func newSearchEntry(typed func(string)) *searchEntry {
	s := &searchEntry{leave: func() {}}
	s.ExtendBaseWidget(s)
	s.Scroll = fyne.ScrollHorizontalOnly
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

// TypedKey empties the field with Esc, and goes on to the list with Enter.
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
