package settings

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// service is the agent's service of this user.
type service struct {
	desk *part.Desk
	body *fyne.Container
	busy bool
}

func newService(d *part.Desk) *service { return &service{desk: d, body: container.NewVBox()} }

func (s *service) content() fyne.CanvasObject { return s.body }

// read asks the system.
func (s *service) read() {
	if s.busy {
		return
	}
	part.Do(s.desk, s.desk.Host.Service, s.show)
}

func (s *service) show(of part.ServiceState, err error) {
	if s.busy {
		return
	}
	rows := []fyne.CanvasObject{}
	switch {
	case err != nil:
		text := part.Wrapped(part.VisibleLines(err.Error()))
		text.Importance = widget.WarningImportance
		rows = append(rows, text)
		rows = append(rows, s.forNow()...)
	case of.System == "" && !of.Installed:
		rows = append(rows, part.Wrapped(look.T("This system has no service manager")+". "+look.T("So the agent does not start with this computer, and not again after a crash; it ends when you sign out. Webhooks wait at the relay until it is started again, as far as their claim has them wait.")))
		rows = append(rows, s.forNow()...)
	case !of.Installed:
		rows = append(rows, part.Wrapped(look.T("The agent is not installed as a service. As one it starts by itself when you sign in, and again after a crash.")),
			container.NewHBox(part.Primary(look.T("Install and start"), "add", func() { s.do(s.install) })))
	default:
		rows = append(rows, s.installed(&of)...)
	}
	s.body.Objects = []fyne.CanvasObject{group(look.T("The agent as a service"), rows...)}
	s.body.Refresh()
}

// forNow offers to start an agent that is no service, where none runs.
func (s *service) forNow() []fyne.CanvasObject {
	if s.desk.Feed.State().Live() {
		return []fyne.CanvasObject{part.Muted(look.T("The agent runs, until you sign out."))}
	}
	return []fyne.CanvasObject{container.NewHBox(part.Primary(look.T("Start the agent for now"), "play", func() { s.do(s.desk.Host.StartAgent) }))}
}

// installed describes a service, with what can be done about it.
func (s *service) installed(of *part.ServiceState) []fyne.CanvasObject {
	sign := look.AgentSign(map[string]string{"running": "connected", "starting": "connecting", "failed": "problem", "stopped": "paused"}[of.State])
	sign.Word = stateWord(of.State)
	starts := look.T("starts when you sign in")
	if !of.Enabled {
		starts = look.T("does not start by itself")
	}
	rows := []fyne.CanvasObject{
		container.NewHBox(part.NewBadge(sign), part.Muted("")),
		part.Tight(
			fact(look.T("Run by"), of.System+", "+starts), fact(look.T("Program"), of.Program),
			fact(look.T("Configuration"), of.Config), fact(look.T("Log"), of.Log)),
	}
	for _, n := range of.Notes {
		text := n.Text
		if n.Remedy != "" {
			text += "; " + n.Remedy
		}
		rows = append(rows, part.Muted(part.Visible(text)))
	}
	buttons := container.NewHBox()
	if of.State == "running" || of.State == "starting" {
		buttons.Add(part.Button(look.T("Restart"), "replay", func() { s.do(s.desk.Host.RestartService) }))
		buttons.Add(part.Button(look.T("Stop"), "pause", func() { s.do(s.desk.Host.StopService) }))
	} else {
		buttons.Add(part.Primary(look.T("Start"), "play", func() { s.do(s.desk.Host.StartService) }))
	}
	buttons.Add(part.Quiet(look.T("Uninstall…"), "remove", func() {
		s.desk.Confirm(look.T("Uninstall the service?"), look.T("The agent ends and does not start by itself any more. Relays keep what they can of the deliveries. Configuration and history stay."),
			look.T("Uninstall"), func() { s.do(s.desk.Host.UninstallService) })
	}))
	return append(rows, buttons)
}

// stateWord is that of a state of a service.
func stateWord(state string) string {
	switch state {
	case "running":
		return look.T("Running")
	case "starting":
		return look.T("Starting")
	case "stopped":
		return look.T("Stopped")
	case "failed":
		return look.T("Failed")
	}
	return part.Visible(state)
}

// fact is a name with its value, which can be selected.
func fact(name, value string) fyne.CanvasObject {
	v := part.Wrapped(part.Visible(value))
	v.Selectable = true
	return container.NewBorder(nil, nil, container.NewGridWrap(fyne.NewSize(120, v.MinSize().Height), widget.NewLabelWithStyle(name, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})), nil, v)
}

// install installs the service and starts it.
func (s *service) install(ctx context.Context) error {
	if err := s.desk.Host.InstallService(ctx); err != nil {
		return err
	}
	return s.desk.Host.StartService(ctx)
}

// do does something with the service and shows how it is then.
func (s *service) do(what func(context.Context) error) {
	s.busy = true
	s.body.Objects = []fyne.CanvasObject{group(look.T("The agent as a service"), part.Loading(look.T("This takes a moment…")))}
	s.body.Refresh()
	s.desk.Crew.Go(func(ctx context.Context) func() {
		err := what(ctx)
		return func() {
			s.busy = false
			s.desk.Feed.Look()
			if err != nil {
				s.desk.Tell(look.T("This did not work"), err)
			}
			s.read()
		}
	})
}
