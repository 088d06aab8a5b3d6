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
		return staying{system: s.System, service: s.Installed && s.Enabled, tray: tray}, err
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
	host, now, want := p.desk.Host, p.now, staying{p.now.system, p.service.Checked && p.now.system != "", p.tray.Checked}
	live := p.live()
	work(p.wizard, look.T("Setting it up…"), func(ctx context.Context, _ *control.Client) (struct{}, error) {
		return struct{}{}, keep(ctx, host, now, want, live)
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

// keep makes it so that what is wanted keeps running. live says that an agent runs:
// one that is no service has the place of the service until the next sign-in.
func keep(ctx context.Context, host part.Host, now, want staying, live bool) error {
	var do []func(context.Context) error
	switch {
	case want.service && !now.service:
		do = append(do, host.InstallService)
		if !live {
			do = append(do, host.StartService)
		}
	case !want.service && now.service:
		do = append(do, host.UninstallService, host.StartAgent)
	}
	if want.tray != now.tray {
		do = append(do, func(context.Context) error { return host.SetAutostart(want.tray) })
	}
	for _, do := range do {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// indented is a muted text below a switch, in line with its words.
func indented(text string) fyne.CanvasObject {
	return container.NewBorder(nil, nil, gap(7), nil, part.Muted(text))
}
