package gui

import (
	"net/url"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// openHelp shows the shortcuts, what to know of the tray, and what this program is.
func (s *shell) openHelp() {
	var d *part.Sheet
	left := container.NewVBox(part.Title(look.T("Shortcuts")), s.shortcutTable())
	about := []fyne.CanvasObject{
		part.Title("Homehook " + s.version),
		part.Wrapped(look.T("Receives webhooks at home: a relay on the internet holds the address, and the agent here takes each delivery and runs your routes.")),
		part.Muted(look.T("The agent goes on while this window is closed. The icon in the tray opens it again; on GNOME that icon needs the extension AppIndicator.")),
		part.Muted(look.T("Free software under the Apache License, version 2.0.")),
	}
	if s.wizard != nil {
		about = append(about, part.Button(look.T("Open the wizard"), "wizard", func() {
			d.Close()
			s.openWizard()
		}))
	}
	right := container.New(layout.NewVBoxLayout(), about...)
	body := container.NewGridWithColumns(2, left, right)
	d = s.desk.Sheet(part.SheetOptions{Title: look.T("Help"), Content: body, Width: 680})
}

// shortcutTable lists combinations and what they do.
func (s *shell) shortcutTable() fyne.CanvasObject {
	table := container.New(layout.NewFormLayout())
	add := func(keys, text string) {
		k := widget.NewLabelWithStyle(keys, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
		table.Add(k)
		table.Add(widget.NewLabel(text))
	}
	for _, k := range s.shortcuts() {
		add(k.label(), k.text)
	}
	add("F1", look.T("This help"))
	return table
}

// openLink opens a page in the browser. Only http and https are opened.
func (s *shell) openLink(link string) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return
	}
	if err := s.desk.App.OpenURL(u); err != nil {
		s.desk.Tell(look.T("The browser was not opened"), err)
	}
}
