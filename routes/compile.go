package routes

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"homehook/routes/process"
)

// compiler collects everything that is wrong with a list of routes.
type compiler struct {
	problems []Problem
	sponsors []int // users whose programs are as good as the agent's own, of the script at hand
}

func (c *compiler) report(path, message, remedy string) {
	c.problems = append(c.problems, Problem{Path: path, Message: message, Remedy: remedy})
}

// passing reports what is wrong with a file or a folder, and not with the list.
func (c *compiler) passing(path, message, remedy string) {
	c.problems = append(c.problems, Problem{Path: path, Message: message, Remedy: remedy, Passing: true})
}

// has reports whether there is a problem with the value of that path or with
// a part of it.
func (c *compiler) has(path string) bool {
	return slices.ContainsFunc(c.problems, func(p Problem) bool { return isPartOf(p.Path, path) })
}

func isPartOf(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// mistake is what is wrong with a text in the configuration, and what to do.
type mistake struct{ message, remedy string }

var _ error = (*mistake)(nil)

func (m *mistake) Error() string { return m.message }

// mistaken makes a mistake; args are for the message.
func mistaken(remedy, message string, args ...any) error {
	return &mistake{fmt.Sprintf(message, args...), remedy}
}

// remedyOf is the remedy of a mistake, or of what a process cannot have; empty for
// other errors.
func remedyOf(err error) string {
	var m *mistake
	var p *process.Error
	switch {
	case errors.As(err, &m):
		return m.remedy
	case errors.As(err, &p):
		return p.Remedy
	}
	return ""
}

// Compile checks routes and compiles them. It reports all problems at once,
// and returns no table when there is one. The caller closes the table.
func Compile(specs []Spec) (*Table, []Problem) {
	t, problems := CompileToRun(specs)
	if t != nil && len(problems) > 0 {
		t.Close()
		return nil, problems
	}
	return t, problems
}

// CompileToRun is Compile for who runs the routes. Where all problems are Passing,
// the table is there beside them: a route stands, and takes its deliveries, while
// a program of it cannot be run; each run looks at the program anew, and fails as
// long as it is not as it has to be.
func CompileToRun(specs []Spec) (*Table, []Problem) {
	c := &compiler{}
	t := &Table{claims: map[string][]*Route{}}
	names := map[string]bool{}
	var off []*Route
	for i := range specs {
		s := &specs[i]
		r := c.route(fmt.Sprintf("[%d]", i), s)
		if at := fmt.Sprintf("[%d].%s", i, nameKey(s)); r.Name != "" && names[r.Name] {
			c.report(at, fmt.Sprintf("there is more than one route %q", r.Name), "give each a name of its own")
		}
		names[r.Name] = true
		if s.Off {
			off = append(off, r)
			continue
		}
		c.reachable(fmt.Sprintf("[%d].match", i), r, t.claims[r.Claim])
		t.claims[r.Claim] = append(t.claims[r.Claim], r)
	}
	for _, r := range off {
		r.close()
	}
	if slices.ContainsFunc(c.problems, func(p Problem) bool { return !p.Passing }) {
		return nil, c.problems
	}
	return t, c.problems
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
		c.report(path+".match", fmt.Sprintf("the pattern %q is malformed: %s", s.Match, err), remedyOf(err))
	}
	c.verify(path, s, r)
	c.rules(path, s, r)
	c.conditions(path, s, r)
	c.handlers(path, s, r)
	return r
}

// conditions compiles what decides besides the pattern whether a route takes a
// delivery, and what becomes of one before its handlers get it.
func (c *compiler) conditions(path string, s *Spec, r *Route) {
	r.continues = s.Continue
	if s.Verify != nil {
		r.checkKey, r.token = checkKey(s.Verify), s.Verify.Token
	}
	if len(s.Events) > 0 {
		r.events = c.newEvents(path+".events", s, r)
	}
	if s.When != "" {
		r.when = c.condition(path+".when", s.When, r)
	}
	if s.Rate != nil {
		r.rate = c.newRate(path+".rate", s.Rate)
	}
	if s.Transform != nil {
		r.needsBody = true
		r.transform = c.transform(path+".transform", s.Transform, r)
	}
	if s.Accepted != nil {
		r.accepted = c.newAccepted(path+".accepted", s, r)
	}
}

// handlers compiles the handlers of a route: the one that makes the answer, and
// those that run behind it.
func (c *compiler) handlers(path string, s *Spec, r *Route) {
	main := s.main()
	found := c.handler(path, &main, r)
	if s.Respond != nil {
		found = append(found, placed{"respond", c.respond(path+".respond", s.Respond, r)})
	}
	switch {
	case len(found) == 0:
		c.report(path, fmt.Sprintf("route %q has no handler", r.Name), "add one of "+strings.Join(HandlerKeys, ", "))
	case len(found) > 1:
		c.report(path, fmt.Sprintf("route %q has %d handlers", r.Name, len(found)), "keep the one that makes the answer, and put the others under also:")
	}
	for i := range s.Also {
		at := fmt.Sprintf("%s.also[%d]", path, i)
		also := c.handler(at, &s.Also[i], r)
		if len(also) != 1 {
			c.report(at, fmt.Sprintf("an entry of also names one handler, not %d", len(also)), "begin an entry for each, with a hyphen")
		}
		found = append(found, also...)
	}
	r.handlers = found
}

// handler compiles what is set of a handler's keys.
func (c *compiler) handler(path string, s *HandlerSpec, r *Route) (found []placed) {
	if s.Forward != nil {
		found = append(found, placed{"forward", c.forward(path+".forward", s.Forward, r)})
	}
	if s.Script != nil {
		found = append(found, placed{"script", c.script(path+".script", s.Script, r)})
		c.scriptFile(path+".script", s.Script)
	}
	if s.CGI != nil {
		found = append(found, placed{"cgi", c.cgi(path+".cgi", s.CGI, r)})
	}
	if s.FastCGI != nil {
		found = append(found, placed{"fastcgi", c.fastcgi(path+".fastcgi", s.FastCGI, r)})
	}
	if s.Save != nil {
		found = append(found, placed{"save", c.save(path+".save", s.Save, r)})
	}
	if s.Notify != nil {
		found = append(found, placed{"notify", c.notify(path+".notify", s.Notify, r)})
	}
	return found
}
