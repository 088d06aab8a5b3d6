package routes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"homehook/routes/expression"
)

// match looks for what other languages of patterns have, and for what is copied
// from a URL: such a pattern is a good one, and takes nothing.
func (l *linter) match(path string, s *Spec) {
	_, route, with := strings.Cut(s.Match, " ")
	if !with {
		route = s.Match
	}
	route = strings.TrimSpace(route)
	if first, rest, _ := strings.Cut(strings.TrimPrefix(route, "/"), "/"); strings.HasPrefix(first, "~") && (s.Claim == "" || first == "~"+s.Claim) {
		l.warn(path, fmt.Sprintf("%s is a part of the claim's address, which stands before the path", first), fmt.Sprintf("write /%s", rest))
	}
	if i := strings.IndexByte(route, '?'); i >= 0 {
		l.warn(path, "a path has no query, so that this takes nothing", `write the path alone, and a condition such as when: query.name == "value"`)
	}
	for segment := range strings.SplitSeq(route, "/") {
		switch {
		case strings.Contains(segment, "*"):
			remedy := "write {name} for any segment, or {path...} at the end for all that follows"
			if before, ok := strings.CutSuffix(strings.TrimRight(route, "*"), "/"); ok && !strings.Contains(before, "*") {
				remedy = fmt.Sprintf("write %s/ for all that is below it", before)
			}
			l.warn(path, "an asterisk in match stands for itself", remedy)
			return
		case len(segment) > 1 && segment[0] == ':':
			l.warn(path, fmt.Sprintf("%s stands for itself", segment), fmt.Sprintf("write {%s} for any segment", segment[1:]))
			return
		}
	}
}

// condition looks for secrets, and for what is no part of a delivery though it is
// meant to be.
func (l *linter) condition(path, when string) {
	for _, c := range expression.Constants(when) {
		switch {
		case l.secretValue.MatchString(c.Text), l.secretMember.MatchString(c.Member) && isInline(c.Text):
			l.warn(path, "the condition has what looks like a secret, which whoever reads this file has",
				"check the sender with verify:, with the scheme token, bearer or basic for a secret in a field, and keep the secret with homehook secret set")
			return
		case hasValue(c.Text):
			if t, err := expression.CompileTemplate(c.Text, expression.Options{}); err == nil && !isLiteral(t) {
				l.warn(path, "a text in quotes stands for itself, with its braces", "write names without quotes and braces, such as json.ref")
				return
			}
		}
	}
}

func isLiteral(t *expression.Template) bool {
	_, literal := t.Literal()
	return literal
}

// templates looks for expressions in the spelling of other languages.
func (l *linter) templates(path string, s *Spec) {
	o := expression.Options{}
	if p, err := parsePattern(s.Match); err == nil {
		o.Params = p.names()
	}
	look := func(at, text string) {
		if found, write := expression.Doubtful(text, o); found != "" {
			l.warn(at, fmt.Sprintf("%s is not read as an expression as it stands there", found), write)
		}
	}
	set := func(at string, m map[string]string) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			look(at+"."+name, m[name])
		}
	}
	main := s.main()
	handlerTemplates(path, &main, look, set)
	for i := range s.Also {
		handlerTemplates(fmt.Sprintf("%s.also[%d]", path, i), &s.Also[i], look, set)
	}
	if t := s.Transform; t != nil {
		set(path+".transform.set", t.Set)
		look(path+".transform.body", t.Body)
	}
	if r := s.Respond; r != nil {
		set(path+".respond.headers", r.Headers)
		look(path+".respond.body", r.Body)
	}
	if r := s.Accepted; r != nil {
		set(path+".accepted.headers", r.Headers)
		look(path+".accepted.body", r.Body)
	}
}

// handlerTemplates visits the templates of a handler.
func handlerTemplates(path string, h *HandlerSpec, look func(at, text string), set func(at string, m map[string]string)) {
	if f := h.Forward; f != nil {
		set(path+".forward.headers", f.Headers)
	}
	if s := h.Script; s != nil {
		for i := 1; i < len(s.Command); i++ {
			look(fmt.Sprintf("%s.script.command[%d]", path, i), s.Command[i])
		}
		set(path+".script.env", s.Env)
		set(path+".script.files", s.Files)
		set(path+".script.headers", s.Headers)
	}
	if s := h.Save; s != nil {
		look(path+".save.name", s.Name)
	}
	if n := h.Notify; n != nil {
		look(path+".notify.title", n.Title)
		look(path+".notify.text", n.Text)
		look(path+".notify.link", n.Link)
	}
}
