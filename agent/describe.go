package agent

import (
	"cmp"

	"homehook/agent/control"
	"homehook/routes"
)

// RouteOf describes a route of the configuration as the control API does.
func RouteOf(s *routes.Spec) control.Route {
	r := control.Route{
		Name: nameOf(s), Claim: s.Claim, Match: s.Match, Handler: "respond", Unverified: s.Unverified,
		Background: s.Background, Continue: s.Continue, Events: s.Events, When: s.When, Off: s.Off,
	}
	if v := s.Verify; v != nil {
		r.Verify, r.Secret = v.Scheme, v.Secret
		if r.Secret == "" && len(v.Secrets) > 0 {
			r.Secret = v.Secrets[0]
		}
	}
	for i, h := range handlersOf(s) {
		kind, target := describe(&h)
		switch {
		case i > 0:
			r.Also = append(r.Also, kind)
		case kind != "":
			r.Handler, r.Target = kind, target
		}
	}
	return r
}

// nameOf is the name of a route, which is its pattern where it has no other.
func nameOf(s *routes.Spec) string { return cmp.Or(s.Name, s.Match) }

// handlersOf returns the handlers of a route, the one that makes the answer
// first, which is empty for a fixed answer.
func handlersOf(s *routes.Spec) []routes.HandlerSpec {
	main := routes.HandlerSpec{Forward: s.Forward, Script: s.Script, CGI: s.CGI, FastCGI: s.FastCGI, Save: s.Save, Notify: s.Notify}
	return append([]routes.HandlerSpec{main}, s.Also...)
}

// describe says what a handler does and where it leads.
func describe(s *routes.HandlerSpec) (kind, target string) {
	switch {
	case s.Forward != nil:
		return "forward", s.Forward.To
	case s.Script != nil:
		return "script", s.Script.Command[0]
	case s.CGI != nil:
		return "cgi", s.CGI.Program
	case s.FastCGI != nil:
		return "fastcgi", s.FastCGI.To
	case s.Save != nil:
		return "save", s.Save.Folder
	case s.Notify != nil:
		return "notify", addressee(s.Notify)
	}
	return "", ""
}

// addressee is where a notification goes.
func addressee(s *routes.NotifySpec) string {
	switch {
	case s.NTFY != nil:
		return s.NTFY.URL
	case s.Mail != nil && len(s.Mail.To) > 0:
		return s.Mail.To[0]
	}
	return "desktop"
}
