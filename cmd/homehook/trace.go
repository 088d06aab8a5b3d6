package main

import (
	"fmt"

	"homehook/agent/control"
)

// showTrace prints what each route said of a delivery, with the parts of its
// condition.
func (a *app) showTrace(trace []control.Trace) {
	if len(trace) == 0 {
		return
	}
	a.say("\nRoutes")
	for i := range trace {
		t := &trace[i]
		verdict := a.paint(green, "took it")
		if !t.Took {
			verdict = a.paint(yellow, "did not take it")
		}
		if t.Note != "" {
			verdict += shown(": " + visible(t.Note))
		}
		a.say("  %s %s", t.Route, verdict)
		if t.Verified != "" {
			a.say("    %s", verifiedText(t.Verified))
		}
		a.optional("    event %s", t.Event)
		for _, p := range t.Parts {
			a.say("    %s", partText(p))
		}
	}
}

// partText is a part of a condition and what it came to.
func partText(p control.TracePart) string {
	text := fmt.Sprintf("%-10s  %s", p.Value, p.Text)
	if p.Note != "" {
		text += " (" + p.Note + ")"
	}
	return text
}
