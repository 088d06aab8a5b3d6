package routing

import (
	"strings"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// explained is all that there is to know of what would become of a delivery.
func explained(r *control.RouteResult) string {
	var b strings.Builder
	say := func(word, text string) {
		if text != "" {
			b.WriteString(word + ": " + text + "\n")
		}
	}
	if r.Before != r.After {
		say(look.T("Before"), orNone(r.Before))
	}
	say(look.T("Route"), orNone(r.After))
	say(look.T("Sender"), verified(r.Verified))
	say(look.T("Reason"), part.Visible(r.Reason))
	if r.Plan != nil {
		planned(say, look.T("Would"), r.Plan)
		for i := range r.Plan.Also {
			planned(say, look.T("Also"), &r.Plan.Also[i])
		}
	}
	if r.PlanBefore != nil {
		say(look.T("Until now"), planWords(r.PlanBefore))
	}
	say(look.T("What changes"), part.Visible(r.Change))
	for i := range r.Trace {
		b.WriteString(traced(&r.Trace[i]))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func verified(text string) string {
	switch text {
	case "":
		return ""
	case "ok":
		return look.T("verified")
	}
	return look.T("refused: {{.Why}}", look.V{"Why": part.Visible(text)})
}

// planned says what one handler would do, with all that it would be given.
func planned(say func(word, text string), word string, p *control.Plan) {
	text := planWords(p)
	if p.Route != "" {
		text += " (" + part.Visible(p.Route) + ")"
	}
	say(word, text)
	say(look.T("In the folder"), part.Visible(p.Dir))
	say(look.T("Host"), part.Visible(p.Host))
	for _, v := range p.Variables {
		say(look.T("With"), part.Visible(v))
	}
	say(look.T("Note"), part.Visible(p.Note))
	g := p.Given
	if g == nil {
		return
	}
	say(look.T("Gets"), part.Visible(g.Target))
	for _, f := range g.Fields {
		say("  "+part.Visible(f[0]), part.Visible(f[1]))
	}
	for _, name := range g.Dropped {
		say(look.T("Without"), part.Visible(name))
	}
	if g.Size > 0 {
		say(look.T("Body"), look.Bytes(g.Size))
		say("  ", part.VisibleLines(string(g.Body)))
	}
}

// traced says what one route said of a delivery.
func traced(t *control.Trace) string {
	var b strings.Builder
	verdict := look.T("{{.Route}} does not take it", look.V{"Route": part.Visible(t.Route)})
	if t.Took {
		verdict = look.T("{{.Route}} takes it", look.V{"Route": part.Visible(t.Route)})
	}
	b.WriteString("\n" + verdict)
	if t.Note != "" {
		b.WriteString(": " + part.Visible(t.Note))
	}
	b.WriteString("\n")
	if t.Verified != "" {
		b.WriteString("  " + verified(t.Verified) + "\n")
	}
	if t.Event != "" {
		b.WriteString("  " + look.T("event {{.Event}}", look.V{"Event": part.Visible(t.Event)}) + "\n")
	}
	for _, p := range t.Parts {
		b.WriteString("  " + partValue(p.Value) + "  " + part.Visible(p.Text))
		if p.Note != "" {
			b.WriteString("  (" + part.Visible(p.Note) + ")")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// partValue is what a part of a condition came to.
func partValue(v string) string {
	switch v {
	case "true":
		return look.T("true")
	case "false":
		return look.T("false")
	case "not needed":
		return look.T("not needed")
	}
	return part.Visible(v)
}
