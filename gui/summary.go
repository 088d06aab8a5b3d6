package gui

import (
	"net/url"
	"time"

	"fyne.io/fyne/v2/theme"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/look"
	"homehook/gui/part"
)

// deed is what a click on the status line does.
type deed int

const (
	nothing deed = iota
	goThere      // shows the summary's place
	resume
	begin // the wizard
	start // the agent
)

// summary is the state of the agent in one line.
type summary struct {
	sign look.Sign
	text string // of what is behind the sign
	word string // of the button; empty for none
	does deed
	at   part.Place
	runs bool // deliveries are run, and can be paused
}

// line is the summary in words alone, for the tray.
func (s *summary) line() string {
	if s.text == "" {
		return s.sign.Word
	}
	return s.sign.Word + " · " + s.text
}

// summarize says how the agent is doing.
func summarize(s *feed.State, now time.Time) summary {
	switch {
	case s.Reach == feed.Away && hangs(s):
		return summary{
			sign: look.Sign{Icon: "dead", Colour: theme.ColorNameError, Word: look.T("The agent does not answer")},
			text: look.T("Nothing is delivered until it is back."),
		}
	case s.Reach == feed.Away:
		return summary{
			sign: look.Sign{Icon: "dead", Colour: theme.ColorNameError, Word: look.T("The agent is not running")},
			text: look.T("Nothing is delivered until it is back."), word: look.T("Start the agent"), does: start,
		}
	case s.Reach == feed.Refused:
		return summary{
			sign: look.Sign{Icon: "lock", Colour: theme.ColorNameError, Word: look.T("Another user's agent")},
			text: look.T("This app asks only an agent of your own."),
		}
	case s.Status == nil:
		return summary{sign: look.Sign{Icon: "connecting", Colour: look.ColourMuted, Word: look.T("Looking for the agent")}}
	}
	return summarizeStatus(s.Status, now)
}

func summarizeStatus(st *control.Status, now time.Time) summary {
	s := summary{sign: look.AgentSign(st.State), does: goThere, runs: !st.Paused && st.State != control.StatePaused && st.State != control.StateIdle}
	switch st.State {
	case control.StateIdle:
		s.text, s.word, s.does = look.T("No relay is set up yet."), look.T("Set up"), begin
	case control.StatePaused:
		s.text, s.word, s.does = pausedText(st, now)+waiting(st), look.T("Resume"), resume
	case control.StateProblem:
		s.text, s.at = trouble(st)
		s.word = look.T("Show")
	case control.StateConnecting:
		s.text, s.at = look.T("Deliveries wait at the relay until the link is up."), part.Place{Screen: part.Relays}
		for _, r := range st.Relays {
			if r.State != control.StateConnected && r.Error != "" {
				s.text, s.at.Item = part.Visible(r.Name+": "+r.Error), r.Name
				break
			}
		}
	default:
		s.text, s.at = relays(st)+look.N("{{.Count}} claims", len(st.Claims)), part.Place{Screen: part.Claims}
	}
	return s
}

// pausedText says when a pause ends.
func pausedText(st *control.Status, now time.Time) string {
	until, now := st.PausedUntil.Local(), now.Local()
	switch {
	case until.IsZero() || until.Unix() <= 0:
		return look.T("until it is resumed")
	case until.YearDay() == now.YearDay() && until.Year() == now.Year():
		return look.T("until {{.Time}}", look.V{"Time": until.Format("15:04")})
	}
	return look.T("until {{.Time}}", look.V{"Time": until.Format(look.T("Jan 2 15:04"))})
}

// waiting says how many deliveries wait at the relays; nothing for none.
func waiting(st *control.Status) string {
	n := 0
	for i := range st.Claims {
		n += int(st.Claims[i].Queued)
	}
	if n == 0 {
		return ""
	}
	return " · " + look.N("{{.Count}} deliveries wait at the relay", n)
}

// trouble is the first thing that a person has to mend, and where.
func trouble(st *control.Status) (text string, at part.Place) {
	if st.ConfigError != "" {
		return part.Visible(look.T("The configuration is not in use: {{.Why}}", look.V{"Why": st.ConfigError})),
			part.Place{Screen: part.Settings, Section: "doctor"}
	}
	for _, f := range st.Findings {
		if f.State == control.FindingProblem {
			return part.Visible(f.Text), mending(f)
		}
	}
	for _, r := range st.Relays {
		if r.State == control.StateProblem {
			return part.Visible(r.Name + ": " + r.Error), part.Place{Screen: part.Relays, Item: r.Name}
		}
	}
	for _, f := range st.Findings {
		return part.Visible(f.Text), mending(f)
	}
	return "", part.Place{Screen: part.Settings, Section: "doctor"}
}

// mending is the place where a finding is mended.
func mending(f control.Finding) part.Place {
	at := part.Place{Item: f.Subject}
	switch f.Check {
	case "credentials":
		at.Screen = part.Credentials
	case "relay", "token", "tls", "dns", "proxy":
		at.Screen = part.Relays
	case "claim", "canary", "silence":
		at.Screen = part.Claims
	case "scripts":
		at.Screen = part.Routes
	default:
		return part.Place{Screen: part.Settings, Section: "doctor"}
	}
	return at
}

// relays are the hosts of the relays, with what stands between them and the next.
func relays(st *control.Status) string {
	text := ""
	for i, r := range st.Relays {
		host := r.Name
		if u, err := url.Parse(r.URL); err == nil && u.Host != "" {
			host = u.Host
		}
		if i == 2 {
			return text + "… · "
		}
		text += part.Visible(part.Cut(host, 40)) + " · "
	}
	return text
}
