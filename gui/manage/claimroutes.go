package manage

import (
	"reflect"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// askRoutes asks which routes there are, for what the cards say of them.
func (c *claimsScreen) askRoutes() {
	if !c.desk.Feed.State().Live() {
		return
	}
	part.Do(c.desk, c.desk.Client().Routes, func(all []control.Route, err error) {
		if all == nil {
			all = []control.Route{}
		}
		if err != nil || reflect.DeepEqual(all, c.routes) {
			return // what was known stays
		}
		c.routes, c.ever = all, false
		if c.shown {
			c.refresh()
		}
	})
}

// routed says that no route takes what arrives for a claim, or that one runs for
// anybody; nothing where neither is so.
func (c *claimsScreen) routed(claim string) []fyne.CanvasObject {
	if c.routes == nil {
		return nil
	}
	taken, open := false, []string(nil)
	for i := range c.routes {
		r := &c.routes[i]
		if r.Off || r.Claim != claim {
			continue
		}
		taken = true
		if r.Verify == "" {
			open = append(open, part.Visible(r.Name))
		}
	}
	switch {
	case !taken:
		add := c.needsAgent(part.Button(look.T("Add a route"), "routes", func() {
			c.desk.Show(part.Place{Screen: part.Routes, New: true})
		}))
		return []fyne.CanvasObject{marked("problem", look.T("No route takes what arrives here."), add)}
	case len(open) > 0:
		return []fyne.CanvasObject{marked("unverified", look.N("Not verified: {{.Routes}} runs for anybody who knows the URL.", len(open),
			look.V{"Routes": strings.Join(open, ", ")}), nil)}
	}
	return nil
}

// marked is a warning with its icon, and with what to do about it.
func marked(icon, text string, do *part.Push) fyne.CanvasObject {
	l := part.Wrapped(text)
	l.Importance = widget.WarningImportance
	row := container.NewBorder(nil, nil, sign(look.Sign{Icon: icon, Colour: theme.ColorNameWarning}), nil, l)
	lines := container.NewVBox(row)
	if do != nil {
		lines.Add(container.NewHBox(do))
	}
	// In line with the text above it, which has as much room before it.
	return container.New(layout.NewCustomPaddedLayout(0, 0, theme.InnerPadding(), 0), lines)
}
