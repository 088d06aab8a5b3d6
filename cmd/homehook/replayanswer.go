package main

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"homehook/agent/control"
)

// tellReplay says what became of a replay.
func (a *app) tellReplay(old, got *control.Record, diff string) {
	a.say("Delivery  %s, a replay of %s", a.paint(bold, got.ID), old.ID)
	a.say("State     %s, route %s", a.paint(stateColour(got.State), got.State), routeText(&got.Delivery))
	if got.Status != 0 {
		a.say("Answer    %d after %s", got.Status, shown(ms(got.DurationMS)))
	}
	if got.Reason != "" {
		a.say("Reason    %s", got.Reason)
	}
	switch {
	case got.State == control.Received, got.State == control.Running:
		a.note("it still runs; see: homehook show %s", got.ID)
	case len(got.Log) == 0:
	case diff == "":
		a.say("\nThe answer is the same as before.")
	default:
		a.say("")
		a.showDiff(diff)
	}
}

// answerLines is the last answer to a delivery as lines to compare: head and
// body, laid out. A time that is always another one is left out.
func answerLines(r *control.Record) (lines []string) {
	t := r.LastAnswer()
	if t == nil {
		return nil
	}
	for line := range strings.SplitSeq(strings.TrimRight(string(t.ResponseHead), "\r\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if name, _, ok := strings.Cut(line, ":"); line != "" && (!ok || !strings.EqualFold(name, "Date")) {
			lines = append(lines, line)
		}
	}
	lines = append(lines, "")
	kept := t.ResponseBody
	if !isText(kept) {
		// Bytes compare by what can be seen of them.
		return append(lines, fmt.Sprintf("%s, SHA-256 %x", size(t.ResponseSize), sha256.Sum256(kept)))
	}
	text := strings.TrimSuffix(string(pretty(kept, contentTypeOf(t.ResponseHead, false), t.ResponseTruncated)), "\n")
	if text == "" {
		return lines
	}
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, strings.TrimSuffix(line, "\r"))
	}
	return lines
}
