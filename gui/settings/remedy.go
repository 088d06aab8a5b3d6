package settings

import (
	"context"
	"slices"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// remedy is the button of what can be done about a finding; nil for nothing.
func (d *doctor) remedy(f *control.Finding) *part.Push {
	name := f.Action.Name
	switch f.Action.Kind {
	case control.ActionSetCredential:
		return part.Button(look.T("Set it"), "credentials", func() {
			d.desk.Show(part.Place{Screen: part.Credentials, New: true, Item: name})
		})
	case control.ActionApproveRoute:
		return part.Button(look.T("Approve…"), "verified", func() { d.approve(name) })
	case control.ActionFixMode:
		action := f.Action
		return part.Button(look.T("Close to others"), "lock", func() { d.fix(action) })
	case control.ActionServiceAdd, control.ActionServiceStart:
		return d.way(look.T("Service"), "play", part.Place{Screen: part.Settings, Section: "service"})
	}
	if f.State != control.FindingProblem && f.State != control.FindingWarning {
		return nil
	}
	switch f.Check {
	case "keyring":
		return d.way(look.T("Move the credentials"), "credentials", part.Place{Screen: part.Credentials})
	case "credentials":
		return d.way(look.T("Show the credentials"), "credentials", part.Place{Screen: part.Credentials})
	case "relay", "tls", "token", "dns", "proxy":
		return d.way(look.T("Test the relay"), "relays", part.Place{Screen: part.Relays, Item: f.Subject})
	case "claim", "silence":
		return d.way(look.T("Show the claim"), "claims", part.Place{Screen: part.Claims, Item: f.Subject})
	}
	return nil
}

// way is a button that leads to a screen.
func (d *doctor) way(word, icon string, to part.Place) *part.Push {
	return part.Button(word, icon, func() { d.desk.Show(to) })
}

// fix has the agent take a file or folder from other users.
func (d *doctor) fix(a control.Action) {
	client := d.desk.Client()
	part.Do(d.desk, func(ctx context.Context) (*control.Checkup, error) { return client.Fix(ctx, a) }, func(_ *control.Checkup, err error) {
		if err != nil {
			d.desk.Tell(look.T("This did not work"), err)
			return
		}
		d.desk.Say(look.T("Closed to other users"))
		if d.found == nil {
			return // the agent tells anew what it finds by itself
		}
		left := *d.found
		left.Findings = slices.DeleteFunc(slices.Clone(left.Findings), func(f control.Finding) bool { return f.Action == a })
		d.found = &left
		d.list(left.Findings)
	})
}

// report puts what a bug report needs on the clipboard, masked by the agent.
func (d *doctor) report(found []control.Finding) {
	client := d.desk.Client()
	part.Do(d.desk, func(ctx context.Context) (*control.Report, error) {
		return client.Report(ctx, control.NewCheckup(found))
	}, func(r *control.Report, err error) {
		if err != nil {
			d.desk.Tell(look.T("This did not work"), err)
			return
		}
		d.desk.Copy(reportText(r), look.T("Copied. Look through it before you send it."))
	})
}

// approve lets a route run its programs as they are now.
func (d *doctor) approve(route string) {
	client := d.desk.Client()
	d.desk.Sheet(part.SheetOptions{
		Title: look.T("Approve {{.Name}}?", look.V{"Name": route}), Word: look.T("Approve"), Width: 420,
		Content: part.Wrapped(look.T("A program of this route has changed since it was approved. Look at it first: from now on it runs as it is.")),
		Prepare: func() (func(context.Context) error, error) {
			return func(ctx context.Context) error {
				_, err := client.ApproveRoute(ctx, route)
				return err
			}, nil
		},
		Done: d.ask,
	})
}
