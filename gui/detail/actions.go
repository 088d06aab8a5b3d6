package detail

import (
	"bytes"
	"context"
	"errors"

	"fyne.io/fyne/v2"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// moreItems is the menu of what is wanted seldom.
func (p *Pane) moreItems() []*fyne.MenuItem {
	r := p.record
	if r == nil {
		return nil
	}
	live := p.desk.Feed.State().Live()
	item := func(text, icon string, needsAgent bool, do func()) *fyne.MenuItem {
		m := fyne.NewMenuItem(text, do)
		m.Icon = look.Icon(icon)
		m.Disabled = needsAgent && !live
		return m
	}
	save := item(look.T("Save body…"), "save", false, p.saveBody)
	save.Disabled = len(r.Body) == 0
	items := []*fyne.MenuItem{
		item(look.T("Make a route from this"), "routes", true, p.makeRoute),
		fyne.NewMenuItemSeparator(),
		item(look.T("Copy as cURL"), "copy", true, p.copyCurl),
		item(look.T("Copy id"), "copy", false, p.copyID),
		save,
		item(look.T("Export HAR…"), "export", true, p.exportHAR),
	}
	if r.State == control.Rejected {
		again := item(look.T("Ask the routes once more"), "retry", true, p.retry)
		items = append(items[:1], append([]*fyne.MenuItem{again}, items[1:]...)...)
	}
	if r.DuplicateOf != "" {
		items = append(items, item(look.T("Show the original"), "duplicate", false, func() { p.goTo(r.DuplicateOf) }))
	}
	if r.ReplayOf != "" {
		items = append(items, item(look.T("Show what this is a replay of"), "replay", false, func() { p.goTo(r.ReplayOf) }))
	}
	if r.SenderID != "" {
		items = append(items, item(look.T("Show its duplicates"), "search", false, p.related))
	}
	return items
}

// goTo shows another delivery, in the list as well.
func (p *Pane) goTo(id string) { p.desk.Show(part.Place{Screen: part.Activity, Item: id}) }

// related lists what came with the same sender's id.
func (p *Pane) related() {
	p.desk.Show(part.Place{Screen: part.Activity, Query: &control.Query{Search: p.record.SenderID}})
}

func (p *Pane) copyID() {
	if p.record != nil {
		p.desk.Copy(p.record.ID, look.T("Copied"))
	}
}

func (p *Pane) makeRoute() {
	p.desk.Show(part.Place{Screen: part.Routes, New: true, Item: p.id})
}

// copyCurl copies the delivery as a command, with secrets left out as in exports.
func (p *Pane) copyCurl() {
	id := p.id
	part.Do(p.desk, func(ctx context.Context) (string, error) {
		var out bytes.Buffer
		err := p.desk.Client().Export(ctx, &out, control.Export{ID: id, Format: control.FormatCurl, Redact: true})
		return out.String(), err
	}, func(text string, err error) {
		if err != nil {
			p.desk.Tell(look.T("This was not copied"), err)
			return
		}
		p.desk.Copy(text, look.T("Copied, without secrets"))
	})
}

// retry runs the delivery anew as it came.
func (p *Pane) retry() {
	if !p.begin() {
		return
	}
	id := p.id
	part.Do(p.desk, func(ctx context.Context) (*control.Delivery, error) {
		return p.desk.Client().Retry(ctx, id)
	}, func(_ *control.Delivery, err error) {
		p.end()
		if err != nil {
			p.desk.Tell(look.T("It was not tried again"), err)
			return
		}
		p.desk.Say(look.T("It is tried again"))
		if id == p.id {
			p.load()
		}
	})
}

// begin notes that something is asked for; false where that cannot be now.
func (p *Pane) begin() bool {
	if p.busy || p.record == nil || !p.desk.Feed.State().Live() {
		return false
	}
	p.busy = true
	p.enable()
	return true
}

// end notes that there is an answer.
func (p *Pane) end() {
	p.busy = false
	if p.record != nil {
		p.enable()
	}
}

// replay runs a copy of the delivery, and asks before a script runs.
func (p *Pane) replay() {
	if p.begin() {
		p.send(p.record, control.Replay{})
	}
}

// send asks for a replay of a record.
func (p *Pane) send(old *control.Record, ask control.Replay) {
	part.Do(p.desk, func(ctx context.Context) (*control.Record, error) {
		return p.desk.Client().Replay(ctx, old.ID, ask)
	}, func(got *control.Record, err error) {
		p.end()
		switch {
		case errors.Is(err, control.ErrConfirm):
			p.confirm(old, ask, err)
		case err != nil:
			p.desk.Tell(look.T("It was not replayed"), err)
		default:
			p.replayed(old, got)
		}
	})
}

// confirm says what would run, and runs it if that is meant.
func (p *Pane) confirm(old *control.Record, ask control.Replay, why error) {
	part.Do(p.desk, func(ctx context.Context) ([]control.RouteResult, error) {
		return p.desk.Client().RouteTest(ctx, control.RouteTest{Delivery: old.ID})
	}, func(results []control.RouteResult, _ error) {
		var plan *control.Plan
		if len(results) > 0 {
			plan = results[0].Plan
		}
		ask.Confirm = true
		p.desk.Sheet(part.SheetOptions{
			Title: look.T("Run it once more?"), Content: planned(why, plan), Width: 460, Word: look.T("Run it"), Danger: true,
			Prepare: func() (func(context.Context) error, error) {
				return func(context.Context) error { return nil }, nil
			},
			Done: func() {
				if p.begin() {
					p.send(old, ask)
				}
			},
		})
	})
}

// replayed shows what came of a replay, above the delivery it is of.
func (p *Pane) replayed(old, got *control.Record) {
	p.desk.Say(look.T("Replayed: {{.State}}", look.V{"State": look.DeliverySign(got.State).Word}))
	if p.record == nil || p.id != old.ID {
		return
	}
	p.result = &replayed{old: old, got: got}
	p.arrange()
}
