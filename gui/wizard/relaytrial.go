package wizard

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// relayTrial shows the test of a relay, a row for each step as it ends.
type relayTrial struct {
	*wizard
	content *fyne.Container
	rows    *fyne.Container
	end     func() // of the test that runs; nil for none
}

// verdict is what a test came to.
type verdict struct {
	ok bool
	// asks says that the relay wants a token that it did not get, or may want one,
	// refused that it did not take the one that it got.
	asks, refused bool
	// failed says that a step did, doubt that it may be no relay at all, and wants
	// that it wants a token for certain; open says that this is so of no token.
	failed, doubt, wants, open bool
}

func newRelayTrial(w *wizard) *relayTrial {
	t := &relayTrial{wizard: w, rows: container.NewVBox()}
	t.content = container.NewVBox(gap(1), part.Card(t.rows))
	t.content.Hide()
	return t
}

// stop ends the test that runs.
func (t *relayTrial) stop() {
	if t.end != nil {
		t.end()
		t.end = nil
		t.setBusy("")
	}
}

// clear takes the rows away.
func (t *relayTrial) clear() {
	t.stop()
	t.rows.Objects = nil
	t.content.Hide()
}

// run tests a relay and then tells what came of it.
func (t *relayTrial) run(of control.RelayTest, then func(*verdict)) {
	t.clear()
	ctx, end := context.WithCancel(t.ctx)
	t.end = end
	t.setBusy(look.T("Testing the relay…"))
	out := &verdict{}
	crew, client := t.desk.Crew, t.desk.Client()
	crew.Go(func(context.Context) func() {
		got, err := client.TestRelay(ctx, of, func(s control.RelayStep) {
			crew.Do(func() {
				if ctx.Err() != nil {
					return
				}
				out.note(&s, of.Token != "")
				t.add(&s)
			})
		})
		return func() {
			if ctx.Err() != nil {
				return
			}
			t.stop()
			if err != nil {
				t.say(look.T("The test could not be made: {{.Why}}", look.V{"Why": err.Error()}))
				return
			}
			out.sum(got.OK)
			t.last(got, out)
			then(out)
		}
	})
}

// note takes a step into the verdict.
func (v *verdict) note(s *control.RelayStep, given bool) {
	switch {
	case s.Step == "token" && s.State == control.FindingOK:
		v.open = true
	case s.Step == "dialect" && s.State == control.FindingWarning:
		v.doubt = true
	case s.State != control.FindingProblem:
	case s.Step == "token" && given:
		v.refused, v.failed = true, true
	case s.Step == "token":
		v.wants = true
	default:
		v.failed = true
	}
}

// sum judges the steps; good is what the agent says of them. A relay that was not
// asked about a token, or has not said, may want one.
func (v *verdict) sum(good bool) {
	v.ok = !v.failed && !v.doubt && (good || v.wants)
	v.asks = v.wants || !v.open
}

// add shows a step.
func (t *relayTrial) add(s *control.RelayStep) {
	sign := look.FindingSign(s.State)
	text := s.Text
	if s.Step == "token" && s.State == control.FindingProblem && !strings.Contains(text, "not accept") {
		sign = look.Sign{Icon: "lock", Colour: look.ColourMuted}
		text, s.Remedy = look.T("The relay asks for a token; it comes in the next step."), ""
	}
	t.row(sign, part.Visible(look.Stage(s.Step)), text, s.Remedy, s.MS)
}

// last shows the sum of it.
func (t *relayTrial) last(v *control.RelayVerdict, out *verdict) {
	switch {
	case v.RoundTripMS > 0:
		t.row(look.FindingSign(control.FindingOK), look.T("Round trip"), look.Milliseconds(v.RoundTripMS), "", 0)
	case out.ok, out.refused:
	case out.doubt && !out.failed:
		t.row(look.FindingSign(control.FindingWarning), look.T("Result"), look.T("This may be no relay. See whether the address is right; you can go on all the same."), "", 0)
	default:
		t.row(look.FindingSign(control.FindingWarning), look.T("Result"), look.T("As it is now, nothing will arrive by this relay. You can go on and mend it later."), "", 0)
	}
}

func (t *relayTrial) row(sign look.Sign, word, text, remedy string, ms float64) {
	icon := container.NewGridWrap(fyne.NewSquareSize(18), widget.NewIcon(sign.Resource()))
	name := widget.NewLabel(word)
	name.TextStyle.Bold = true
	took := ""
	if ms > 0 {
		took = look.Milliseconds(ms)
	}
	said := container.New(layout.NewCustomPaddedVBoxLayout(-10), part.Wrapped(part.Visible(text)))
	if remedy != "" {
		help := part.Wrapped(part.Visible(remedy))
		help.Importance = widget.WarningImportance
		said.Add(help)
	}
	left := container.NewHBox(container.New(layout.NewCustomPaddedLayout(7, 0, 0, 0), container.NewVBox(icon)), part.Wide(110, name))
	t.rows.Add(container.NewBorder(nil, nil, container.NewVBox(left), container.NewVBox(short(took)), said))
	t.content.Show()
	t.cover.Refresh()
	t.body.ScrollToBottom()
}
