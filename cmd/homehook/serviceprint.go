package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"homehook/service"
)

// startNext is what to do about an agent that does not run, for [app.complain] or
// [app.ours] to say whose that is.
func (a *app) startNext(ctx context.Context) string {
	run := "start it with: homehook run"
	if os.Getenv("HOMEHOOK_HOME") != "" && !a.system {
		return run // one that is carried along
	}
	st, err := a.serviceFor(ctx)
	switch {
	case err == nil && st.Installed && st.State == service.StateFailed:
		return "see why: homehook service status"
	case err == nil && st.Installed:
		return "start it with: homehook service start"
	case a.system:
		return "install it with: sudo homehook service install --system"
	case a.services != nil && a.machineHas(ctx):
		return run + ", or mean that of the machine with --system"
	}
	return run
}

// serviceColours are the colours of a service's states.
var serviceColours = map[string]string{
	service.StateRunning: green, service.StateStarting: yellow, service.StateFailed: red,
}

// serviceLines prints what is known of a service.
func (a *app) serviceLines(st service.Status) {
	if !st.Installed {
		a.say("service     not installed (%s)", st.System)
		a.say("config      %s", st.Config)
		a.say("state       %s", st.Folder)
		a.serviceNotes(st.Notes)
		return
	}
	state := a.paint(serviceColours[st.State], st.State)
	if st.PID != 0 {
		since := ""
		if !st.Started.IsZero() {
			since = fmt.Sprintf(", for %s", a.now().Sub(st.Started).Round(time.Second))
		}
		state += shown(fmt.Sprintf(" (pid %d%s)", st.PID, since))
	}
	a.say("service     %s", state)
	whose := shown("of ")
	if st.Scope == service.System {
		whose = "of the machine, as "
	}
	a.say("system      %s, %s%s", st.System, whose, st.User)
	a.say("program     %s", st.Program)
	a.say("defined in  %s", st.Definition)
	a.say("config      %s", st.Config)
	a.say("state       %s", st.Folder)
	a.say("log         %s", st.Log)
	if st.LastExit != "" {
		a.say("last exit   %s", st.LastExit)
	}
	if st.Restarts > 0 {
		a.say("restarts    %d", st.Restarts)
	}
	a.serviceNotes(st.Notes)
}

// serviceNotes prints what is worth knowing of a service.
func (a *app) serviceNotes(notes []service.Note) {
	for _, n := range notes {
		a.say("%s %s", a.paint(yellow, "!"), n.Text)
		if n.Remedy != "" {
			a.say("  %s", a.paint(bold, "→ "+n.Remedy))
		}
	}
}
