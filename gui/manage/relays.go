package manage

import (
	"context"
	"reflect"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// relaysScreen lists the relays.
type relaysScreen struct {
	*page
	seen   []control.Relay
	live   bool
	listed bool
	// graphs are those of the round trips, by the name of the relay. They go on
	// while another screen is shown.
	graphs map[string]*graph
	stop   func()
}

// NewRelays returns the screen of the relays.
func NewRelays(d *part.Desk) part.Screen {
	r := &relaysScreen{graphs: map[string]*graph{}}
	r.page = newPage(d, look.T("Relays"), look.T("Public servers that pass webhooks to this computer. Nothing is opened in your router."),
		part.Primary(look.T("New relay"), "add", func() { r.form(nil) }))
	d.Feed.OnState(r.note)
	return r
}

// note keeps the round trips that the agent has measured.
func (r *relaysScreen) note() {
	s := r.desk.Feed.State()
	if s.Status == nil || !s.Live() {
		return
	}
	for _, relay := range s.Status.Relays {
		r.graph(relay.Name).note(relay.RoundTripMS, time.Now())
	}
}

func (r *relaysScreen) graph(name string) *graph {
	if r.graphs[name] == nil {
		r.graphs[name] = newGraph()
	}
	return r.graphs[name]
}

// Shown lists what there is.
func (r *relaysScreen) Shown(at part.Place) {
	r.follow(r.refresh)
	r.listed = false
	r.refresh()
	r.ask()
	if at.New && r.desk.Feed.State().Live() {
		r.form(nil)
	}
}

// Hidden ends the asking, too.
func (r *relaysScreen) Hidden() {
	r.page.Hidden()
	if r.stop != nil {
		r.stop()
	}
}

// ask asks for round trips every few seconds while the screen is shown.
func (r *relaysScreen) ask() {
	r.stop = r.desk.Crew.After(5*time.Second, func() {
		part.Do(r.desk, r.desk.Client().Relays, func(relays []control.Relay, err error) {
			if err == nil {
				for _, relay := range relays {
					r.graph(relay.Name).note(relay.RoundTripMS, time.Now())
				}
			}
			if r.shown {
				r.ask()
			}
		})
	})
}

func (r *relaysScreen) refresh() {
	live := r.reach()
	status := r.desk.Feed.State().Status
	switch {
	case status == nil && !live:
		r.instead(part.Empty("problem", look.T("The agent is not running"), look.T("Start it, and its relays are listed here.")))
		return
	case status == nil:
		return
	case len(status.Relays) == 0:
		r.listed = false
		r.say("", 0)
		r.instead(part.Empty("relays", look.T("No relay yet"),
			look.T("A relay is a small server on the internet that takes webhooks for you. Use one of your own or of somebody you trust, or try it out on this computer."),
			part.Primary(look.T("Choose a relay"), "wizard", r.desk.Wizard)))
		return
	case r.listed && live == r.live && reflect.DeepEqual(r.seen, status.Relays):
		return
	}
	r.seen, r.live, r.listed = status.Relays, live, true
	if live {
		r.say("", 0)
	}
	var cards []fyne.CanvasObject
	for i := range r.seen {
		cards = append(cards, r.card(&r.seen[i]))
	}
	r.list(cards)
}

// card shows one relay.
func (r *relaysScreen) card(relay *control.Relay) fyne.CanvasObject {
	name := relay.Name
	s := look.AgentSign(relay.State)
	buttons := []fyne.CanvasObject{
		r.needsAgent(part.Quiet(look.T("Test"), "test", func() { r.test(control.RelayTest{Name: name}) })),
		r.needsAgent(part.Quiet(look.T("Change"), "edit", func() { r.form(relay) })),
		more(item(look.T("Remove…"), "remove", func() { r.remove(name) })),
	}
	words := []string{s.Word, part.Visible(relay.Dialect)}
	if relay.Links > 0 {
		words = append(words, look.N("{{.Count}} links", relay.Links))
	}
	if relay.RoundTripMS > 0 {
		words = append(words, look.T("round trip {{.Time}}", look.V{"Time": look.Milliseconds(relay.RoundTripMS)}))
	}
	if relay.Embedded {
		words = append(words, look.T("on this computer, for trying things out"))
	}
	left := []fyne.CanvasObject{part.Mono(part.Visible(relay.URL)), facts(words...)}
	if relay.Note != "" {
		left = append(left, part.Muted(part.Visible(relay.Note)))
	}
	if relay.State != control.StateConnected {
		left = append(left, trouble(relay.Error)...)
	}
	var end fyne.CanvasObject
	if g := r.graph(name); len(g.points) > 1 { // one point tells nothing
		end = container.NewCenter(container.NewGridWrap(graphSize, g))
	}
	body := container.NewBorder(nil, nil, nil, end, part.Tight(left...))
	return card(s, name, buttons, body)
}

// remove takes a relay out of the configuration.
func (r *relaysScreen) remove(name string) {
	client := r.desk.Client()
	r.desk.Sheet(part.SheetOptions{
		Title: look.T("Remove {{.Name}}?", look.V{"Name": name}), Word: look.T("Remove"), Danger: true, Width: 420,
		Content: part.Wrapped(look.T("Its links end. Its token stays among the credentials. Claims on it have to be released first.")),
		Prepare: func() (func(context.Context) error, error) {
			return func(ctx context.Context) error {
				return change(ctx, client, control.ConfigEdit{Op: control.EditRemove, Part: control.PartRelay, Name: name})
			}, nil
		},
		Done: func() { r.desk.Say(look.T("{{.Name}} is removed", look.V{"Name": name})) },
	})
}

// test tries a relay and shows each step as it ends.
func (r *relaysScreen) test(of control.RelayTest) {
	steps := container.NewVBox()
	bar := widget.NewProgressBarInfinite()
	verdict := part.Wrapped("")
	verdict.Hide()
	scroll := container.NewVScroll(container.NewPadded(steps))
	scroll.SetMinSize(fyne.NewSize(0, 300))
	ctx, cancel := context.WithCancel(context.Background())
	sheet := r.desk.Sheet(part.SheetOptions{
		Title: look.T("Test of {{.Name}}", look.V{"Name": of.Name + of.URL}), Width: 520, Offline: true, Closed: cancel,
		Content: container.NewVBox(part.Ground(look.ColourCode, scroll), bar, verdict),
	})
	client := r.desk.Client()
	r.desk.Crew.Go(func(outer context.Context) func() {
		defer context.AfterFunc(outer, cancel)()
		v, err := client.TestRelay(ctx, of, func(s control.RelayStep) {
			r.desk.Crew.Do(func() {
				steps.Add(stepRow(&s))
				scroll.ScrollToBottom()
			})
		})
		return func() {
			bar.Stop()
			bar.Hide()
			verdict.Show()
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				verdict.Importance = widget.DangerImportance
				verdict.SetText(part.VisibleLines(err.Error()))
			case !v.OK:
				verdict.Importance = widget.DangerImportance
				verdict.SetText(look.T("No link can be opened. The steps above say why, and what helps."))
			case v.Dialect == "":
				verdict.SetText(look.T("The relay can be reached. With a claim on it, links are tried, too."))
			default:
				verdict.Importance = widget.SuccessImportance
				verdict.SetText(look.T("It works with {{.Dialect}}, round trip {{.Time}}.", look.V{"Dialect": v.Dialect, "Time": look.Milliseconds(v.RoundTripMS)}))
			}
			sheet.Fit()
		}
	})
}

// stepRow shows one step of a test.
func stepRow(s *control.RelayStep) fyne.CanvasObject {
	text := part.Wrapped(part.Visible(s.Text))
	took := ""
	if s.MS > 0 {
		took = look.Milliseconds(s.MS)
	}
	name := widget.NewLabelWithStyle(part.Visible(look.Stage(s.Step)), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	lines := []fyne.CanvasObject{container.NewBorder(nil, nil, container.NewHBox(sign(look.FindingSign(s.State)), name), part.Caption(took), text)}
	if s.Remedy != "" {
		lines = append(lines, part.Muted(part.Visible(s.Remedy)))
	}
	return container.NewVBox(lines...)
}

// Shortcut takes Ctrl+N.
func (r *relaysScreen) Shortcut(s fyne.Shortcut) bool { return r.onNew(s, func() { r.form(nil) }) }
