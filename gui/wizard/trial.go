package wizard

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/feed"
	"homehook/gui/look"
	"homehook/gui/part"
)

// arriveWait is how long a test may take from the relay to this computer.
const arriveWait = 15 * time.Second

// trialPage is the eighth step: a test, and the way that it takes.
type trialPage struct {
	*wizard
	intro   *widget.Label
	rows    [stageCount]*stageRow
	remedy  *fyne.Container
	content fyne.CanvasObject
	page    *step
	way     journey
	id      string // of the delivery that is followed; empty until it is known
	before  string // that of the test before
	reading bool   // its record is being read
	stale   bool   // and has changed since
	stop    func() // following deliveries
	giveUp  func() // waiting for it
}

func newTrialPage(w *wizard) *trialPage { return &trialPage{wizard: w} }

func (p *trialPage) step() *step {
	p.intro = part.Wrapped("")
	rows := container.NewVBox()
	for i, word := range []string{look.T("Sent"), look.T("The relay has it"), look.T("It is at home"), look.T("The signature is right"), look.T("The handler ran"), look.T("The answer is back")} {
		p.rows[i] = newStageRow(word)
		rows.Add(p.rows[i].content)
	}
	p.remedy = container.NewVBox()
	p.content = container.NewVBox(p.intro, part.Card(rows), p.remedy)
	p.page = &step{
		word: look.T("Try it out"), title: look.T("Send a test"), content: p.content,
		shown: p.shown, hidden: p.hidden, next: p.next, onward: look.T("Send the test"),
		skip: p.forward, skipWord: look.T("Skip"), state: func() { p.read() },
	}
	return p.page
}

// foreign says whether only the sender itself can sign a test.
func (p *trialPage) foreign() bool { return p.plan.checked() && !p.plan.sender.Signs }

func (p *trialPage) shown() {
	p.way = journey{checked: p.plan.checked(), foreign: p.foreign()}
	p.id, p.before = "", p.plan.delivery
	sender := title(&p.plan.sender)
	switch {
	case p.way.foreign:
		p.intro.SetText(look.T("{{.Sender}} signs with a key that only it has, so the test has to come from there: send one from its page. It shows here as soon as it arrives.", look.V{"Sender": sender}))
		p.way.begun = time.Now()
	case p.plan.checked():
		p.intro.SetText(look.T("Homehook sends a webhook to your address as {{.Sender}} would, signed with your secret, and follows it home.", look.V{"Sender": sender}))
	default:
		p.intro.SetText(look.T("Homehook sends a webhook to your address through the relay, and follows it home."))
	}
	p.stop = p.desk.Feed.OnChanges(p.changes)
	p.paint()
}

func (p *trialPage) hidden() {
	for _, end := range []func(){p.stop, p.giveUp} {
		if end != nil {
			end()
		}
	}
	p.stop, p.giveUp = nil, nil
}

// next sends the test, or goes on after a good one.
func (p *trialPage) next() {
	all, _, _ := p.way.stages()
	if good(&all) || p.way.foreign {
		p.forward()
		return
	}
	p.send()
}

// send sends a test and follows it.
func (p *trialPage) send() {
	p.way = journey{checked: p.plan.checked(), begun: time.Now()}
	p.id, p.before = "", p.plan.delivery
	t := control.TestSend{Claim: p.plan.claim, Sender: p.plan.sender.Name, Path: p.plan.testPath()}
	if p.plan.checked() {
		t.Credential = p.plan.credential
	}
	p.paint()
	work(p.wizard, look.T("Sending…"), func(ctx context.Context, c *control.Client) (*control.TestSent, error) {
		return c.SendTest(ctx, t)
	}, p.sent)
	p.paint()
}

// sent takes in what the sender was told.
func (p *trialPage) sent(got *control.TestSent, err error) {
	if p.way.err = err; err == nil {
		p.way.sent = got
		if got.Delivery != "" {
			p.follow(got.Delivery)
		}
		p.giveUp = p.desk.Crew.After(arriveWait, func() {
			p.way.late = true
			p.paint()
		})
	}
	p.paint()
	p.focusFirst()
}

// changes notes deliveries of the claim that come while a test is on its way.
func (p *trialPage) changes(c feed.Changes) {
	for i := range c.Deliveries {
		if d := &c.Deliveries[i]; d.ID == p.id {
			p.read()
		} else if p.expected(d) {
			p.follow(d.ID)
		}
	}
	switch {
	case c.Anew && p.id != "":
		p.read()
	case c.Anew && !p.way.begun.IsZero():
		p.search()
	}
}

// expected says whether a delivery may be the test that is on its way.
func (p *trialPage) expected(d *control.Delivery) bool {
	const skew = 5 * time.Second // the relay's clock says when it was received
	if p.id != "" || p.way.begun.IsZero() || d.ID == p.before || d.ReplayOf != "" {
		return false
	}
	return d.Claim == p.plan.claim && d.Received.After(p.way.begun.Add(-skew))
}

// search looks for the test among the newest deliveries, where changes were missed.
func (p *trialPage) search() {
	q := control.Query{Claim: p.plan.claim, Limit: 10}
	part.Do(p.desk, func(ctx context.Context) ([]control.Delivery, error) {
		page, _, err := p.desk.Client().Deliveries(ctx, q)
		return page, err
	}, func(page []control.Delivery, _ error) {
		if p.ctx.Err() != nil || p.at != atTrial {
			return
		}
		for i := range page {
			if p.expected(&page[i]) {
				p.follow(page[i].ID)
				return
			}
		}
	})
}

// follow shows the way of a delivery.
func (p *trialPage) follow(id string) {
	if p.id == id {
		return
	}
	p.id, p.plan.delivery = id, id
	p.read()
}

// read asks for the record of the delivery, once more if it changes meanwhile.
func (p *trialPage) read() {
	if p.id == "" || p.reading {
		p.stale = p.reading
		return
	}
	id := p.id
	p.reading, p.stale = true, false
	part.Do(p.desk, func(ctx context.Context) (*control.Record, error) {
		return p.desk.Client().Delivery(ctx, id)
	}, func(rec *control.Record, err error) {
		p.reading = false
		if p.ctx.Err() != nil || p.at != atTrial {
			return
		}
		if err == nil && id == p.id {
			p.way.rec = rec
			p.paint()
		}
		if p.stale || id != p.id {
			p.read()
		}
	})
}

// paint shows how far it has come.
func (p *trialPage) paint() {
	all, remedy, over := p.way.stages()
	for i := range all {
		p.rows[i].set(&all[i])
	}
	p.remedy.Objects = nil
	done := good(&all)
	switch {
	case done:
		p.remedy.Add(gap(1))
		p.remedy.Add(told("succeeded", theme.ColorNameSuccess, look.T("It works. What is sent to your address arrives.")))
		p.page.onward, p.page.skip = "", nil
	case over:
		p.mend(remedy)
		p.page.onward = look.T("Send it again")
		p.page.skip, p.page.skipWord = p.forward, look.T("Continue anyway")
	case p.way.foreign:
		p.page.onward = look.T("Go on without")
		p.page.skip = nil
	default:
		p.page.onward = look.T("Send the test")
		p.page.skip, p.page.skipWord = p.forward, look.T("Skip")
	}
	p.remedy.Refresh()
	p.refresh()
}

// mend offers the step that mends what went wrong.
func (p *trialPage) mend(at int) {
	words := map[int]string{
		atRelay:   look.T("Back to the relay"),
		atAddress: look.T("Back to the address"),
		atSecret:  look.T("Back to the secret"),
		atAction:  look.T("Back to the handler"),
	}
	advice := map[int]string{
		atRelay:   look.T("The relay does not do what it should. Test it again, or choose another."),
		atAddress: look.T("The way from the relay to this computer is not open. See whether the address is connected."),
		atSecret:  look.T("The secret here and the one that signed are not the same. Enter it anew on both sides."),
		atAction:  look.T("The webhook arrived, but what was to happen did not. Is the program running, and is its address or path right?"),
	}
	if words[at] == "" {
		return
	}
	p.remedy.Add(gap(1))
	p.remedy.Add(noted("help", advice[at]))
	p.remedy.Add(container.NewHBox(gap(6), p.button(words[at], "back", func() { p.show(at) })))
}

// stageRow shows one stage.
type stageRow struct {
	content fyne.CanvasObject
	icon    *widget.Icon
	turning *widget.Activity
	text    *widget.Label
	took    *widget.Label
	state   int
}

func newStageRow(word string) *stageRow {
	r := &stageRow{icon: iconOf("idle", look.ColourMuted), turning: widget.NewActivity(), text: part.Muted(""), took: short(""), state: -1}
	r.turning.Hide()
	name := widget.NewLabel(word)
	sign := container.NewGridWrap(fyne.NewSquareSize(20), container.NewStack(r.icon, r.turning))
	left := container.NewHBox(gap(1), container.NewCenter(sign), part.Wide(170, name))
	r.content = container.NewBorder(nil, nil, container.NewVBox(left), container.NewVBox(r.took), r.text)
	r.set(&station{})
	return r
}

// set shows what is known of the stage.
func (r *stageRow) set(s *station) {
	r.text.SetText(s.text)
	r.took.SetText(s.took)
	r.text.Importance = widget.LowImportance
	switch s.state {
	case stageGood:
		r.icon.SetResource(look.IconIn("succeeded", theme.ColorNameSuccess))
	case stageOpen:
		r.icon.SetResource(look.IconIn("unverified", theme.ColorNameWarning))
	case stageBad:
		r.icon.SetResource(look.IconIn("dead", theme.ColorNameError))
		r.text.Importance = widget.DangerImportance
	default:
		r.icon.SetResource(look.IconIn("idle", look.ColourMuted))
	}
	if runs := s.state == stageRuns; runs != r.turning.Visible() {
		r.turning.Hidden, r.icon.Hidden = !runs, runs
		if runs {
			r.turning.Start()
		} else {
			r.turning.Stop()
		}
		r.turning.Refresh()
	}
	r.text.Refresh()
}

// statusWords is a status with what it means.
func statusWords(status int) string {
	if words := http.StatusText(status); words != "" {
		return strconv.Itoa(status) + " " + words
	}
	return strconv.Itoa(status)
}
