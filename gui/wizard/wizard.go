package wizard

import (
	"context"

	"fyne.io/fyne/v2"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// wizard is one that is open. It belongs to the goroutine of the user interface.
type wizard struct {
	desk  *part.Desk
	plan  plan
	pages pages
	steps []*step
	// at is the step that is shown, reached the furthest that was.
	at, reached int
	busy        bool
	ctx         context.Context // of work beside the user interface; ends with the wizard
	end         context.CancelFunc
	removes     []func()
	keyBefore   func(*fyne.KeyEvent)
	frame
}

// pages are the steps with what is theirs.
type pages struct {
	welcome *welcome
	relay   *relayPage
	token   *tokenPage
	name    *namePage
	address *addressPage
	secret  *secretPage
	action  *actionPage
	trial   *trialPage
	stay    *stayPage
}

// step is one page. What it has no need of is nil.
type step struct {
	word    string // in the list at the side
	title   string
	content fyne.CanvasObject
	// shown is called when the step comes to the front, hidden when it goes.
	shown, hidden func()
	// first is what gets the focus; nil is the button that goes on.
	first func() fyne.Focusable
	// next checks and does what the step is for, and goes forward in the end.
	next func()
	// onward is the word of the button that goes on; empty is "Next".
	onward string
	// skip goes on without; nil where that is not allowed.
	skip     func()
	skipWord string
	// unneeded says that there is nothing to decide here.
	unneeded func() bool
	// state is called when the agent's state has changed.
	state func()
	// alone says that the step works while no agent runs.
	alone bool
}

// Open shows the wizard over all that is in the window. It does nothing while one is
// open.
func Open(d *part.Desk) {
	for _, o := range d.Window.Canvas().Overlays().List() {
		if _, open := o.(*cover); open {
			return
		}
	}
	open(d)
}

func open(d *part.Desk) *wizard {
	w := &wizard{desk: d}
	w.ctx, w.end = context.WithCancel(context.Background())
	w.plan = newPlan()
	w.build()
	w.removes = []func(){d.Feed.OnState(w.stateChanged)}
	c := d.Window.Canvas()
	w.keyBefore = c.OnTypedKey()
	c.SetOnTypedKey(w.typed)
	c.Overlays().Add(w.cover)
	w.show(0)
	return w
}

// build makes the window of the wizard anew, in the language that is spoken now.
func (w *wizard) build() {
	p := pages{
		newWelcome(w), newRelayPage(w), newTokenPage(w), newNamePage(w), newAddressPage(w),
		newSecretPage(w), newActionPage(w), newTrialPage(w), newStayPage(w),
	}
	w.pages = p
	w.steps = []*step{
		p.welcome.step(), p.relay.step(), p.token.step(), p.name.step(), p.address.step(),
		p.secret.step(), p.action.step(), p.trial.step(), p.stay.step(),
	}
	w.buildFrame()
}

// Indexes of steps that others lead to.
const (
	atWelcome = iota
	atRelay
	atToken
	atName
	atAddress
	atSecret
	atAction
	atTrial
	atStay
)

// show brings a step to the front.
func (w *wizard) show(at int) {
	if s := w.steps[w.at]; s.hidden != nil && w.at != at {
		s.hidden()
	}
	w.at, w.reached = at, max(w.reached, at)
	w.say("")
	w.setBusy("")
	w.showStep()
	s := w.steps[at]
	if s.shown != nil {
		s.shown()
	}
	w.refresh()
	w.focusFirst()
}

// focusFirst puts the focus where the hands go first.
func (w *wizard) focusFirst() {
	c := w.desk.Window.Canvas()
	if first := w.steps[w.at].first; first != nil {
		if f := first(); f != nil {
			c.Focus(f)
			return
		}
	}
	if !w.next.Disabled() {
		c.Focus(w.next)
		return
	}
	c.Focus(w.closing)
}

// forward goes to the next step that has something to decide.
func (w *wizard) forward() {
	for at := w.at + 1; at < len(w.steps); at++ {
		if s := w.steps[at]; s.unneeded == nil || !s.unneeded() {
			w.show(at)
			return
		}
	}
	w.finish()
}

// backward goes to the step before, with all that was said there.
func (w *wizard) backward() {
	for at := w.at - 1; at >= 0; at-- {
		if s := w.steps[at]; s.unneeded == nil || !s.unneeded() {
			w.show(at)
			return
		}
	}
}

// goOn is the button that goes on, and Enter.
func (w *wizard) goOn() {
	if w.next.Disabled() || w.busy {
		return
	}
	w.say("")
	w.steps[w.at].next()
}

// skipStep goes on without what the step is for.
func (w *wizard) skipStep() {
	if s := w.steps[w.at]; s.skip != nil && !w.busy {
		s.skip()
	}
}

// work asks for something beside the user interface while the step waits. What
// comes back after the wizard has closed, or the step has gone, is dropped.
func work[T any](w *wizard, doing string, ask func(ctx context.Context, c *control.Client) (T, error), then func(T, error)) {
	at := w.at
	w.setBusy(doing)
	part.Do(w.desk, func(ctx context.Context) (T, error) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(w.ctx, stop)()
		return ask(ctx, w.desk.Client())
	}, func(out T, err error) {
		if w.ctx.Err() != nil || w.at != at {
			return
		}
		w.setBusy("")
		then(out, err)
	})
}

// stateChanged follows the agent's coming and going.
func (w *wizard) stateChanged() {
	if state := w.steps[w.at].state; state != nil {
		state()
	}
	w.refresh()
}

// live says whether the agent can be asked.
func (w *wizard) live() bool { return w.desk.Feed.State().Live() }

// typed takes a key that nothing with the focus has taken.
func (w *wizard) typed(e *fyne.KeyEvent) {
	if w.desk.Window.Canvas().Overlays().Top() != w.cover {
		if e.Name == fyne.KeyEscape {
			w.desk.CloseTop()
		}
		return
	}
	w.key(e)
}

// key takes a key that the widget with the focus has no use for.
func (w *wizard) key(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyEscape:
		w.askClose()
	case fyne.KeyReturn, fyne.KeyEnter:
		w.goOn()
	default:
		return false
	}
	return true
}

// askClose closes the wizard, once somebody has said that this is meant.
func (w *wizard) askClose() {
	if w.at == atWelcome {
		w.close()
		return
	}
	text := look.T("What is set up so far stays. You can come back at any time through Help.")
	w.desk.Sheet(part.SheetOptions{
		Title: look.T("Close the wizard?"), Content: part.Wrapped(text), Width: 400, Word: look.T("Close the wizard"), Offline: true,
		Prepare: func() (func(context.Context) error, error) {
			return func(context.Context) error { return nil }, nil
		},
		Closed: func() {
			if w.ctx.Err() == nil {
				w.focusFirst()
			}
		},
		Done: w.close,
	})
}

// close takes the wizard away.
func (w *wizard) close() {
	if s := w.steps[w.at]; s.hidden != nil {
		s.hidden()
	}
	w.end()
	for _, remove := range w.removes {
		remove()
	}
	c := w.desk.Window.Canvas()
	c.SetOnTypedKey(w.keyBefore)
	c.Overlays().Remove(w.cover)
}

// finish closes it and goes where the first delivery is seen.
func (w *wizard) finish() {
	w.close()
	w.desk.Show(part.Place{Screen: part.Activity, Item: w.plan.delivery})
}

// copied puts text on the clipboard and says so on the button for a moment.
func (w *wizard) copied(text string, on *button, word string) {
	w.desk.App.Clipboard().SetContent(text)
	on.SetText(look.T("Copied"))
	on.SetIcon(look.Icon("succeeded"))
	w.desk.Crew.After(copiedFor, func() {
		on.SetText(word)
		on.SetIcon(look.Icon("copy"))
	})
}

// copyButton copies what text says when it is tapped.
func (w *wizard) copyButton(word string, text func() string) *button {
	var b *button
	b = w.button(word, "copy", func() { w.copied(text(), b, word) })
	return b
}
