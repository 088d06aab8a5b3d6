package routes

import "fmt"

// reachable reports a route that gets no delivery because an earlier one of
// its claim takes them all: one that neither lets later routes have them too nor
// depends on what is in them. Several earlier ones that do so only together are
// not seen.
func (c *compiler) reachable(path string, r *Route, earlier []*Route) {
	if r.Claim == "" || len(r.pattern.segments) == 0 || c.has(path) {
		return
	}
	for _, e := range earlier {
		if !e.continues && !e.conditional() && e.pattern.covers(&r.pattern) {
			c.report(path, fmt.Sprintf("route %q is never reached: route %q before it takes all its deliveries", r.Name, e.Name), "move it up, or remove it")
			return
		}
	}
}

// covers reports whether p matches every request that q matches. A pattern
// that could not be read has no segments and covers nothing.
func (p *pattern) covers(q *pattern) bool {
	if p.method != "" && p.method != q.method && (p.method != "GET" || q.method != "HEAD") {
		return false
	}
	for i, s := range p.segments {
		if i == len(q.segments) {
			return false
		}
		switch o := q.segments[i]; s.kind {
		case rest:
			// Whatever stands there begins with a slash.
			return true
		case single:
			// An empty segment is no value of a wildcard.
			if o.kind != single && (o.kind != literal || o.text == "") {
				return false
			}
		case literal, end:
			if o.kind != s.kind || o.text != s.text {
				return false
			}
		}
	}
	return len(p.segments) > 0 && len(p.segments) == len(q.segments)
}
