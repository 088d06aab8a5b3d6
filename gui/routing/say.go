package routing

import (
	"strconv"
	"strings"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// planWords says in one line what a handler would do.
func planWords(p *control.Plan) string {
	switch {
	case len(p.Files) > 0:
		return look.T("write {{.What}}", look.V{"What": words(p.Files)})
	case len(p.Command) > 0:
		return look.T("run {{.What}}", look.V{"What": words(p.Command)})
	case p.URL != "":
		return look.T("send {{.What}}", look.V{"What": part.Visible(p.Method + " " + p.URL)})
	case p.Status != 0:
		return look.T("answer {{.What}}", look.V{"What": strconv.Itoa(p.Status)})
	}
	return kindWord(p.Handler)
}

// words writes a list of texts so that each can be told from the next.
func words(all []string) string {
	out := make([]string, len(all))
	for i, w := range all {
		if out[i] = part.Visible(w); w == "" || strings.ContainsAny(w, " '\"\\$;&|<>(){}") {
			out[i] = "'" + strings.ReplaceAll(out[i], "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}

// resultWords says in one line what all handlers would do with a delivery.
func resultWords(r *control.RouteResult) string {
	switch {
	case r.Plan == nil && r.Reason != "":
		return part.Visible(r.Reason)
	case r.Plan == nil && r.Verified != "" && r.Verified != "ok":
		return part.Visible(r.Verified)
	case r.Plan == nil:
		return look.T("nothing")
	}
	text := planWords(r.Plan)
	for i := range r.Plan.Also {
		text += ", " + planWords(&r.Plan.Also[i])
	}
	return text
}

// changeSign shows what a change means for one delivery and the route of this name,
// which had the name was until now.
func changeSign(r *control.RouteResult, was, name string) look.Sign {
	renamed := was != name && r.Before == was && r.After == name
	switch {
	case renamed:
	case r.Before != name && r.Before != was && r.After == name:
		return look.Sign{Icon: "add", Colour: "success", Word: look.T("Gains")}
	case (r.Before == name || r.Before == was) && r.After != name:
		return look.Sign{Icon: "rejected", Colour: "warning", Word: look.T("Loses")}
	case r.PlanBefore != nil, r.Change != "":
		return look.Sign{Icon: "edit", Colour: "primary", Word: look.T("Differs")}
	}
	return look.Sign{Icon: "idle", Colour: look.ColourMuted, Word: look.T("As before")}
}

// kindWord is what a handler is called.
func kindWord(kind string) string {
	switch kind {
	case "forward":
		return look.T("Forward")
	case "script":
		return look.T("Run a script")
	case "cgi":
		return look.T("Run a CGI program")
	case "fastcgi":
		return look.T("Ask a FastCGI server")
	case "save":
		return look.T("Save to a folder")
	case "notify":
		return look.T("Show a notification")
	case "respond":
		return look.T("Respond")
	}
	return kind
}

// problemWords is a problem with its remedy.
func problemWords(p *control.ConfigProblem) string {
	text := part.VisibleLines(p.Message)
	if p.Remedy != "" {
		text += ": " + part.VisibleLines(p.Remedy)
	}
	return text
}

// placed is problemWords with the line it is about.
func placed(p *control.ConfigProblem) string {
	if p.Line == 0 {
		return problemWords(p)
	}
	return look.T("Line {{.Line}}: {{.What}}", look.V{"Line": p.Line, "What": problemWords(p)})
}
