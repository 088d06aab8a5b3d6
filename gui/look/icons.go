package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"homehook/agent/control"
	"homehook/assets"
)

// Icon returns an icon of ours by the name of its file, in the colour of the text
// beside it. There is a test that each name in the code has a file; one without is
// shown as nothing.
func Icon(name string) fyne.Resource { return theme.NewThemedResource(drawn(name)) }

// IconIn returns an icon in a colour of the theme.
func IconIn(name string, colour fyne.ThemeColorName) fyne.Resource {
	return theme.NewColoredResource(drawn(name), colour)
}

func drawn(name string) *fyne.StaticResource {
	text, err := assets.Icons.ReadFile("icons/" + name + ".svg")
	if err != nil {
		text = []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>`)
	}
	return fyne.NewStaticResource(name+".svg", text)
}

// Sign is how a state is shown: by shape, colour and word.
type Sign struct {
	Icon   string
	Colour fyne.ThemeColorName
	Word   string
}

// Resource is the sign's icon in its colour.
func (s Sign) Resource() fyne.Resource { return IconIn(s.Icon, s.Colour) }

// DeliverySign is that of a state of a delivery.
func DeliverySign(state string) Sign {
	switch state {
	case control.Received:
		return Sign{"received", ColourMuted, T("Received")}
	case control.Running:
		return Sign{"running", theme.ColorNamePrimary, T("Running")}
	case control.Waiting:
		return Sign{"waiting", theme.ColorNameWarning, T("Waiting")}
	case control.Succeeded:
		return Sign{"succeeded", theme.ColorNameSuccess, T("Succeeded")}
	case control.Rejected:
		return Sign{"rejected", theme.ColorNameWarning, T("Rejected")}
	case control.Duplicate:
		return Sign{"duplicate", ColourMuted, T("Duplicate")}
	case control.Dead:
		return Sign{"dead", theme.ColorNameError, T("Failed")}
	case control.Expired:
		return Sign{"expired", ColourMuted, T("Expired")}
	}
	return Sign{"help", ColourMuted, state}
}

// AgentSign is that of a state of the agent or of a relay.
func AgentSign(state string) Sign {
	switch state {
	case control.StateConnected:
		return Sign{"connected", theme.ColorNameSuccess, T("Connected")}
	case control.StateConnecting:
		return Sign{"connecting", theme.ColorNameWarning, T("Connecting")}
	case control.StatePaused:
		return Sign{"paused", theme.ColorNameWarning, T("Paused")}
	case control.StateProblem:
		return Sign{"problem", theme.ColorNameError, T("Problem")}
	case control.StateIdle:
		return Sign{"idle", ColourMuted, T("Nothing set up")}
	}
	return Sign{"help", ColourMuted, state}
}

// FindingSign is that of a finding, or of a step of a test.
func FindingSign(state string) Sign {
	switch state {
	case control.FindingOK:
		return Sign{"succeeded", theme.ColorNameSuccess, T("Good")}
	case control.FindingWarning:
		return Sign{"problem", theme.ColorNameWarning, T("Warning")}
	case control.FindingProblem:
		return Sign{"dead", theme.ColorNameError, T("Problem")}
	}
	return Sign{"idle", ColourMuted, T("Skipped")}
}

// HandlerIcon is the name of the icon of a kind of handler.
func HandlerIcon(handler string) string {
	switch handler {
	case "forward", "respond", "notify", "save", "script":
		return handler
	case "cgi", "fastcgi":
		return "script"
	}
	return "play"
}
