package routes

import "fmt"

// compiler collects everything that is wrong with a list of routes.
type compiler struct {
	problems []Problem
}

func (c *compiler) report(path, message, remedy string) {
	c.problems = append(c.problems, Problem{path, message, remedy})
}

// Compile checks routes and compiles them. It reports all problems at once,
// and returns no table when there is one. The caller closes the table.
func Compile(specs []Spec) (*Table, []Problem) {
	c := &compiler{}
	t := &Table{claims: map[string][]*Route{}}
	names := map[string]bool{}
	for i := range specs {
		s := &specs[i]
		r := c.route(fmt.Sprintf("[%d]", i), s)
		if at := fmt.Sprintf("[%d].%s", i, nameKey(s)); r.Name != "" && names[r.Name] {
			c.report(at, fmt.Sprintf("there is more than one route %q", r.Name), "give each a name of its own")
		}
		names[r.Name] = true
		t.claims[r.Claim] = append(t.claims[r.Claim], r)
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return t, nil
}

// nameKey is the key that a route has its name from.
func nameKey(s *Spec) string {
	if s.Name == "" {
		return "match"
	}
	return "name"
}

func (c *compiler) route(path string, s *Spec) *Route {
	r := &Route{Name: s.Name, Claim: s.Claim, Match: s.Match}
	if r.Name == "" {
		r.Name = s.Match
	}
	if s.Claim == "" {
		c.report(path+".claim", "the route has no claim", "name the claim whose deliveries it takes")
	}
	var err error
	if s.Match == "" {
		c.report(path+".match", "the route has no match", `write a pattern such as "POST /github/{repo}", or / for everything`)
	} else if r.pattern, err = parsePattern(s.Match); err != nil {
		c.report(path+".match", fmt.Sprintf("the pattern %q is malformed: %s", s.Match, err), "")
	}
	if !s.Unverified {
		c.report(path+".unverified", fmt.Sprintf(`route %q does not verify its sender; say "unverified: true" to allow that`, r.Name), "")
	}
	c.handler(path, s, r)
	return r
}

// handler compiles the one handler that a route has.
func (c *compiler) handler(path string, s *Spec, r *Route) {
	n := 0
	if s.Forward != nil {
		n++
		r.kind, r.handler = "forward", c.forward(path+".forward", s.Forward)
	}
	if s.Script != nil {
		n++
		r.kind, r.handler = "script", c.script(path+".script", s.Script)
	}
	if s.Respond != nil {
		n++
		r.kind, r.handler = "respond", c.respond(path+".respond", s.Respond)
	}
	switch {
	case n == 0:
		c.report(path, fmt.Sprintf("route %q has no handler", r.Name), "add one of forward, script and respond")
	case n > 1:
		c.report(path, fmt.Sprintf("route %q has %d handlers", r.Name, n), "keep one of forward, script and respond")
	}
}
