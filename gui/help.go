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
		part.Wrapped(look.T("Receives webhooks at home: a relay on the internet holds the URL, and the agent here takes each delivery and runs your routes.")),
		part.Muted(look.T("The agent goes on while this window is closed. The icon in the tray opens it again; on GNOME that icon needs the extension AppIndicator.")),
		part.Muted(look.T("Free software under the Apache License, version 2.0.")),
	}
	if s.wizard != nil {
		about = append(about, part.Button(look.T("Set up Homehook"), "wizard", func() {
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
	for _, k := range screensKeys() {
		add(k.keys, k.text)
	}
	return table
}

// keyLine says what keys do.
type keyLine struct{ keys, text string }

// screensKeys are the keys of the screens and dialogs.
func screensKeys() []keyLine {
	with := func(key fyne.KeyName) string {
		k := shortcut{key: key}
		return k.label()
	}
	alt := look.T("Alt") + " + "
	return []keyLine{
		{look.T("Up") + ", k · " + look.T("Down") + ", j", look.T("Up and down in a list")},
		{look.T("Page up, Page down"), look.T("A page up and down")},
		{look.T("Home, End"), look.T("First and last of a list")},
		{look.T("Enter"), look.T("Open what is chosen")},
		{look.T("Esc"), look.T("Close what is open")},
		{with(fyne.KeyR), look.T("Replay the delivery")},
		{with(fyne.KeyE), look.T("Edit and replay it")},
		{with(fyne.KeyM), look.T("Make a route of it")},
		{"r", look.T("Retry the delivery")},
		{alt + look.T("Up") + ", " + look.T("Down"), look.T("Move the route up or down")},
		{look.T("Space"), look.T("Turn the route on or off")},
		{look.T("Del"), look.T("Remove the route")},
		{with(fyne.KeyS) + ", " + with(fyne.KeyReturn), look.T("Save or send what is edited")},
		{alt + look.T("Left"), look.T("One step back in the wizard")},
		{"F1", look.T("This help")},
	}
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
