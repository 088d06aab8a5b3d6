package activity

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// roomForBoth is the width in which the detail stands beside the list.
const roomForBoth = 840

// patience is how long an empty list shows before it says that it is being read.
const patience = 200 * time.Millisecond

func clock() time.Time { return time.Now() }

// layOut puts the parts of the screen together.
func (s *screen) layOut() {
	s.middle = container.NewStack(s.list)
	s.back = container.NewHBox(part.Quiet(look.T("Back"), "back", s.closeDetail))
	s.side = container.NewBorder(s.back, nil, nil, nil, s.detail.Content())
	s.split = container.NewHSplit(s.middle, s.side)
	s.split.Offset = s.desk.App.Preferences().FloatWithFallback(preferSplit, 0.54)
	s.notice = container.NewBorder(nil, nil, nil,
		part.Quiet(look.T("Settings"), "settings", func() { s.desk.Show(part.Place{Screen: part.Settings, Section: "history"}) }),
		part.Muted(look.T("The history is switched off: what arrives now is handled and not kept.")))
	s.notice.Hide()
	pad := theme.InnerPadding()
	bar := container.New(layout.NewCustomPaddedLayout(pad, pad, gap-4, gap-4), s.filters.bar)
	s.body = container.New(&bodyLayout{s}, bar, part.Line(), s.notice, s.split)
	s.arrange()
}

// arrange shows list and detail, or one of them where there is no room for both.
func (s *screen) arrange() {
	both := s.open && !s.narrow
	s.side.Hidden = !s.open
	s.middle.Hidden = s.open && s.narrow
	s.back.Hidden = both
	for _, o := range s.body.Objects[:2] {
		o.(interface{ Show() }).Show()
		if s.middle.Hidden {
			o.Hide()
		}
	}
	s.body.Refresh()
	s.split.Refresh()
}

// bodyLayout lays out the screen: the filters above, which may take two lines, and
// the rest below.
type bodyLayout struct{ screen *screen }

func (l *bodyLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(420, o[0].MinSize().Height+o[3].MinSize().Height)
}

func (l *bodyLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	if narrow := size.Width < roomForBoth; narrow != l.screen.narrow {
		l.screen.narrow = narrow
		l.screen.arrange()
		return
	}
	var y float32
	for _, each := range o[:3] {
		if !each.Visible() {
			continue
		}
		each.Resize(fyne.NewSize(size.Width, each.MinSize().Height))
		high := each.MinSize().Height // in this width
		each.Resize(fyne.NewSize(size.Width, high))
		each.Move(fyne.NewPos(0, y))
		y += high
	}
	o[3].Resize(fyne.NewSize(size.Width, max(size.Height-y, 0)))
	o[3].Move(fyne.NewPos(0, y))
}

// tell says how many there are, and shows what stands in place of the list.
func (s *screen) tell() {
	if text := counted(s.model); s.filters.count.Text != text {
		s.filters.count.SetText(text)
		s.filters.bar.Refresh()
	}
	s.tellLive()
	if s.notice.Visible() != s.off {
		s.notice.Hidden = !s.off
		s.body.Refresh()
	}
	state := s.instead()
	if state == s.state {
		return
	}
	if state == "loading" && time.Since(s.began) < patience {
		s.desk.Crew.After(patience, s.tell)
		return
	}
	s.state = state
	shown := fyne.CanvasObject(s.list)
	switch state {
	case "loading":
		shown = part.Loading(look.T("Reading deliveries…"))
	case "failed":
		shown = part.Failed(s.model.err, s.model.retry)
	case "away":
		shown = part.Empty("problem", look.T("The agent is not running"), look.T("What has arrived shows here as soon as it does."))
	case "nothing":
		shown = part.Empty("filter", look.T("Nothing matches"), look.T("No delivery fits these filters."),
			part.Primary(look.T("Clear filters"), "", s.filters.clear))
	case "empty", "unclaimed":
		shown = s.empty()
	}
	s.middle.Objects = []fyne.CanvasObject{shown}
	s.middle.Refresh()
}

// instead names what is shown in place of the list; "" is the list.
func (s *screen) instead() string {
	m, reach := s.model, s.desk.Feed.State()
	switch {
	case m.total() > 0 || m.more():
		return ""
	case m.err != nil && !reach.Live():
		return "away"
	case m.err != nil:
		return "failed"
	case !m.ready:
		return "loading"
	case m.filtered():
		return "nothing"
	case !reach.Live():
		return "away"
	case reach.Status == nil || len(reach.Status.Claims) == 0:
		return "unclaimed"
	}
	return "empty"
}

// empty is what is shown before anything has arrived: what this is for, and how
// something gets here.
func (s *screen) empty() fyne.CanvasObject {
	title := look.T("Nothing has arrived yet")
	claim := s.firstClaim()
	if claim == nil {
		return part.Empty("activity", title,
			look.T("Every request that reaches a claim of yours shows here, live, with all that was in it and what became of it. Claim a URL to begin."),
			part.Primary(look.T("Set up…"), "wizard", func() { s.desk.Wizard() }))
	}
	steps := []fyne.CanvasObject{part.Primary(look.T("Send a test"), "test", func() { s.sendTest(claim.Name) })}
	if claim.URL != "" {
		steps = append(steps, part.Button(look.T("Copy URL"), "copy", func() { s.desk.Copy(claim.URL, look.T("Copied")) }))
	}
	return part.Empty("activity", title,
		look.T("Every request that reaches a claim of yours shows here, live, with all that was in it and what became of it. Send a test, or give this URL to a sender:")+"\n"+part.Visible(claim.URL),
		steps...)
}

// firstClaim is the first that has a URL, or else the first.
func (s *screen) firstClaim() *control.Claim {
	status := s.desk.Feed.State().Status
	if status == nil || len(status.Claims) == 0 {
		return nil
	}
	for i := range status.Claims {
		if status.Claims[i].URL != "" {
			return &status.Claims[i]
		}
	}
	return &status.Claims[0]
}

// sendTest sends a webhook to a claim, as a stranger would.
func (s *screen) sendTest(claim string) {
	part.Do(s.desk, func(ctx context.Context) (*control.TestSent, error) {
		return s.desk.Client().SendTest(ctx, control.TestSend{Claim: claim})
	}, func(_ *control.TestSent, err error) {
		if err != nil {
			s.desk.Tell(look.T("The test was not sent"), err)
			return
		}
		s.desk.Say(look.T("Sent"))
	})
}

// tellLive says whether the list follows what arrives.
func (s *screen) tellLive() {
	state := s.desk.Feed.State()
	paused := state.Status != nil && state.Status.Paused
	if s.filters.live.show(state.Live(), paused, s.list.rows.AtTop(), s.model.fresh) {
		s.filters.bar.Refresh()
	}
}
