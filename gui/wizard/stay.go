package wizard

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// stayPage is the last step: what keeps running.
type stayPage struct {
	*wizard
	service, tray *toggle
	// now is what is so already, known that it was found out.
	now   staying
	known bool
	page  *step
}

// staying is what keeps running on this computer.
type staying struct {
	system        string // that runs services; empty where none does
	service, tray bool
}

func newStayPage(w *wizard) *stayPage { return &stayPage{wizard: w} }

func (p *stayPage) step() *step {
	p.service = p.toggle(look.T("Start Homehook with this computer, and keep it running"), nil)
	p.tray = p.toggle(look.T("Show this app in the tray when I sign in"), nil)
	p.page = &step{
		word: look.T("Keep it running"), title: look.T("Keep it running"), alone: true,
		content: container.NewVBox(
			part.Card(container.NewVBox(p.service, indented(look.T("As a service of your user: it is started again if it ever ends, and needs no window. Without it, webhooks wait at the relay until you start Homehook.")))),
			part.Card(container.NewVBox(p.tray, indented(look.T("A small icon that shows whether all is well, and what has arrived. Homehook works without it, too.")))),
			gap(1),
			noted("info", look.T("Both can be changed in Settings.")),
		),
		shown: p.shown, next: p.next, onward: look.T("Finish"),
	}
	return p.page
}

// shown finds out what is so now, and proposes both.
func (p *stayPage) shown() {
	host := p.desk.Host
	part.Do(p.desk, func(ctx context.Context) (staying, error) {
		s, err := host.Service(ctx)
		if err != nil {
			return staying{}, err
		}
		tray, err := host.Autostart()
		return staying{system: s.System, service: s.Installed && s.State == "running", tray: tray}, err
	}, func(now staying, err error) {
		if p.ctx.Err() != nil {
			return
		}
		if err != nil {
			p.say(err.Error())
			return
		}
		p.now = now
		if !p.known {
			p.service.SetChecked(now.system != "")
			p.tray.SetChecked(true)
		}
		p.known = true
		if now.system == "" {
			p.service.Disable()
			p.service.SetText(look.T("Start Homehook with this computer: this system has no service manager"))
		}
		p.cover.Refresh()
	})
}

// next does what is chosen, and finishes.
func (p *stayPage) next() {
	host, now, service, tray := p.desk.Host, p.now, p.service.Checked, p.tray.Checked
	work(p.wizard, look.T("Setting it up…"), func(ctx context.Context, _ *control.Client) (struct{}, error) {
		if service && !now.service && now.system != "" {
			if err := host.InstallService(ctx); err != nil {
				return struct{}{}, err
			}
			if err := host.StartService(ctx); err != nil {
				return struct{}{}, err
			}
		}
		if tray != now.tray {
			return struct{}{}, host.SetAutostart(tray)
		}
		return struct{}{}, nil
	}, func(_ struct{}, err error) {
		if err != nil {
			p.say(err.Error())
			p.page.skip, p.page.skipWord = p.finish, look.T("Finish without it")
			p.refresh()
			return
		}
		p.finish()
	})
}

// indented is a muted text below a switch, in line with its words.
func indented(text string) fyne.CanvasObject {
	return container.NewBorder(nil, nil, gap(7), nil, part.Muted(text))
}
