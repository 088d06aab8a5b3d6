package routes

import (
	"errors"
	"fmt"

	"homehook/routes/expression"
)

// template compiles a template of a route.
func (c *compiler) template(path, text string, r *Route) *expression.Template {
	t, err := expression.CompileTemplate(text, expression.Options{Params: r.pattern.names()})
	if err != nil {
		c.expression(path, text, err)
		return nil
	}
	r.needsBody = r.needsBody || t.NeedsBody()
	return t
}

// expression reports what is wrong with a condition or template.
func (c *compiler) expression(path, text string, err error) {
	remedy := ""
	if e, ok := errors.AsType[*expression.Error](err); ok {
		remedy = e.Remedy
	}
	c.report(path, fmt.Sprintf("%q: %s", text, err), remedy)
}

// names returns the names of the pattern's wildcards.
func (p *pattern) names() (names []string) {
	for _, s := range p.segments {
		if s.kind == single || s.kind == rest && s.text != "" {
			names = append(names, s.text)
		}
	}
	return names
}
