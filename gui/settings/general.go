package settings

import (
	"context"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// general is how the app looks, and when it starts.
type general struct {
	desk  *part.Desk
	auto  *part.Check
	fault *widget.Label // why starting at sign-in cannot be had or set
}

func newGeneral(d *part.Desk) *general { return &general{desk: d} }

// scales are sizes of text to choose from.
var scales = []string{"0.9", "1", "1.15", "1.3", "1.6"}

func (g *general) content() fyne.CanvasObject {
	p := g.desk.App.Preferences()
	variants := []string{look.System, look.Light, look.Dark}
	variant := part.Choice(variants, []string{look.T("as the desktop"), look.T("light"), look.T("dark")}, func(v string) { p.SetString(part.PreferTheme, v) })
	variant.Choose(p.String(part.PreferTheme))
	size := part.Choice(scales, []string{look.T("small"), look.T("normal"), look.T("large"), look.T("larger"), look.T("very large")}, func(v string) {
		scale, _ := strconv.ParseFloat(v, 64) // one of ours
		p.SetFloat(part.PreferScale, scale)
	})
	size.Choose(strconv.FormatFloat(p.FloatWithFallback(part.PreferScale, 1), 'f', -1, 64))
	language := part.Choice([]string{"", "en", "de"}, []string{look.T("as the desktop"), "English", "Deutsch"}, func(v string) {
		p.SetString(part.PreferLanguage, v)
		g.desk.Say(look.T("The language changes at the next start"))
	})
	language.Choose(p.String(part.PreferLanguage))
	g.auto = part.NewCheck(look.T("Start in the tray when I sign in"), g.setAuto)
	g.fault = part.Wrapped("")
	g.fault.Importance = widget.WarningImportance
	g.fault.Hide()
	return container.NewVBox(
		group(look.T("Look"),
			part.NewField(look.T("Theme"), variant, ""),
			part.NewField(look.T("Size of text"), size, ""),
			part.NewField(look.T("Language"), language, look.T("Words change when the app starts the next time."))),
		group(look.T("This app"), g.auto, g.fault,
			part.Muted(look.T("The agent does its work without this app, as a service. The app shows it, and notifies you.")),
			container.NewHBox(part.Button(look.T("Set up Homehook"), "wizard", g.desk.Wizard))),
	)
}

// read asks whether the app starts at sign-in.
func (g *general) read() {
	part.Do(g.desk, func(context.Context) (bool, error) { return g.desk.Host.Autostart() }, g.autoIs)
}

func (g *general) autoIs(on bool, err error) {
	g.auto.Tick(on)
	g.fault.Hidden = err == nil
	if err != nil {
		g.fault.SetText(part.VisibleLines(err.Error()))
	}
	g.fault.Refresh()
}

func (g *general) setAuto(on bool) {
	part.Do(g.desk, func(context.Context) (bool, error) {
		if err := g.desk.Host.SetAutostart(on); err != nil {
			return !on, err
		}
		return g.desk.Host.Autostart()
	}, g.autoIs)
}
