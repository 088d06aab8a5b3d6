package routes

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"homehook/routes/expression"
)

// template compiles a template of a route.
func (c *compiler) template(path, text string, r *Route) *expression.Template {
	t, err := expression.CompileTemplate(text, expression.Options{Params: r.pattern.names()})
	if err != nil {
		c.expression(path, text, err)
		return nil
	}
	if _, literal := t.Literal(); !literal {
		r.templated = true
		r.needsBody = r.needsBody || t.NeedsBody()
	}
	return t
}

// condition compiles a condition of a route.
func (c *compiler) condition(path, text string, r *Route) *expression.Condition {
	when, err := expression.CompileCondition(text, expression.Options{Params: r.pattern.names()})
	if err != nil {
		c.expression(path, text, err)
		return nil
	}
	r.needsBody = r.needsBody || when.NeedsBody()
	return when
}

// expression reports what is wrong with a condition or template.
func (c *compiler) expression(path, text string, err error) {
	remedy := ""
	if e, ok := errors.AsType[*expression.Error](err); ok {
		remedy = e.Remedy
	}
	c.report(path, asWritten(text)+": "+err.Error(), remedy)
}

// asWritten has a text stand as it was written, in marks that are not in it.
func asWritten(text string) string {
	if strings.Contains(text, `"`) && strconv.CanBackquote(text) {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
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

// text is a template of a route, with its value where that is fixed.
type text struct {
	fixed    string
	template *expression.Template // nil where it is fixed
}

// text compiles a template that may be a fixed text.
func (c *compiler) text(path, s string, r *Route) text {
	t := c.template(path, s, r)
	if t == nil {
		return text{}
	}
	if fixed, literal := t.Literal(); literal {
		return text{fixed: fixed}
	}
	return text{template: t}
}

// fill returns the text for a delivery. missing says that it is one expression
// that came to nothing.
func (x *text) fill(d *Delivery) (value string, missing bool, err error) {
	if x.template == nil {
		return x.fixed, false, nil
	}
	return x.template.Text(d.Input)
}

// unfit is the fault of a delivery with a value that a template cannot take. The
// sender is not told where it was to go.
func unfit(format string, args ...any) *fault {
	return &fault{400, "a value in this request cannot be used here", fmt.Errorf(format, args...), FailedRequest}
}
