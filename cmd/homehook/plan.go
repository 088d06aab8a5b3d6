package main

import (
	"fmt"
	"strings"

	"homehook/agent/control"
)

// planExtras prints what a handler would get that its line does not say.
func (a *app) planExtras(p *control.Plan) {
	for _, v := range p.Variables {
		a.say("With      %s", v)
	}
	g := p.Given
	if g == nil {
		return
	}
	kind := ""
	a.say("Gets      the request, transformed")
	a.optional("            %s", g.Target)
	for _, f := range g.Fields {
		a.say("            %s: %s", f[0], f[1])
		if strings.EqualFold(f[0], "Content-Type") {
			kind = f[1]
		}
	}
	for _, name := range g.Dropped {
		a.say("            without %s", name)
	}
	if g.Size > 0 {
		if kind == "" {
			kind = contentType(g.Body)
		}
		kind, _, _ = strings.Cut(kind, ";")
		a.say("            body, %s", size(g.Size))
		rest := g.Size - int64(len(g.Body))
		a.excerpt("              ", pretty(g.Body, kind, rest > 0))
		if rest > 0 {
			a.say("              … %s more", size(rest))
		}
	}
}

// wouldText says in one line what all handlers would do.
func wouldText(r *control.RouteResult) string {
	switch {
	case r.Plan == nil && r.Reason != "":
		return r.Reason
	case r.Plan == nil:
		return "nothing"
	}
	text := planText(r.Plan)
	for i := range r.Plan.Also {
		p := &r.Plan.Also[i]
		text += "; also " + planText(p)
		if p.Route != "" {
			text += " by route " + p.Route
		}
	}
	return text
}

// alsoText is what a handler would do that makes no answer.
func alsoText(p *control.Plan) string {
	if p.Route == "" {
		return planDetails(p)
	}
	return planDetails(p) + ", by route " + p.Route
}

// planDetails is planText with all that there is to know.
func planDetails(p *control.Plan) string {
	text := planText(p)
	if p.Dir != "" {
		text += " in " + p.Dir
	}
	if p.Host != "" {
		text += " for host " + p.Host
	}
	if p.Note != "" {
		text += " (" + p.Note + ")"
	}
	return text
}

// planText says in one line what would be done.
func planText(p *control.Plan) string {
	switch {
	case len(p.Files) > 0:
		return "write " + strings.Join(quotedWords(p.Files), " ")
	case len(p.Command) > 0:
		return "run " + strings.Join(quotedWords(p.Command), " ")
	case p.URL != "":
		return "send " + p.Method + " " + p.URL
	case p.Status != 0:
		return fmt.Sprintf("answer %d", p.Status)
	}
	return p.Handler
}

// quotedWords quotes words that would not be one word to a reader.
func quotedWords(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		if out[i] = w; w == "" || strings.ContainsAny(w, " \t\n'\"\\$`*?;&|<>(){}[]#~") {
			out[i] = shellQuote(w)
		}
	}
	return out
}
