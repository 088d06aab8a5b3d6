package gui

import (
	"net/url"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
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
	const wide, right = 740, 250
	content := container.NewVBox(append(about, left)...) // where the letters are large
	if left.MinSize().Width+right < wide {
		content = container.NewBorder(nil, nil, nil, part.Wide(right, container.NewVBox(about...)), left)
	}
	d = s.desk.Sheet(part.SheetOptions{Title: look.T("Help"), Width: wide, Content: content, Offline: true})
}

// shortcutTable lists combinations and what they do, the window's first.
func (s *shell) shortcutTable() fyne.CanvasObject {
	table := container.New(layout.NewFormLayout())
	add := func(keys, text string) {
		table.Add(lineOf(keys, true))
		table.Add(lineOf(text, false))
	}
	screens := shortcut{key: "1 … " + fyne.KeyName(rune('0'+len(s.entries)))}
	add(screens.label(), look.T("The screens, from the top"))
	for _, k := range s.shortcuts()[len(s.entries):] {
		add(k.label(), k.text)
	}
	for _, k := range []struct {
		key  fyne.KeyName
		text string
	}{
		{fyne.KeyR, look.T("Replay the delivery")},
		{fyne.KeyE, look.T("Edit and replay it")},
		{fyne.KeyM, look.T("Make a route of it")},
		{fyne.KeyReturn, look.T("Send or save what is edited")},
	} {
		of := shortcut{key: k.key}
		add(of.label(), k.text)
	}
	add("j, k", look.T("Down and up in a list"))
	add("F1", look.T("This help"))
	return table
}

// lineOf is text of one line that takes little room.
func lineOf(text string, bold bool) fyne.CanvasObject {
	t := widget.NewRichText(&widget.TextSegment{Text: text, Style: widget.RichTextStyle{
		SizeName: theme.SizeNameText, TextStyle: fyne.TextStyle{Bold: bold}, Inline: true,
	}})
	room := -theme.InnerPadding()
	return container.New(layout.NewCustomPaddedLayout(room+2, room, 0, 0), t)
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
