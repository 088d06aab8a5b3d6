package routing

import (
	"path/filepath"
	"strings"

	"homehook/agent/control"
)

// route is what the list shows of one.
type route struct {
	name, claim, match string
	kind, target       string
	scheme             string // by which senders are checked; empty for none
	off, background    bool
	goesOn             bool // later routes may have the delivery too
	finding            *control.Finding
	problems           []control.ConfigProblem
}

// routeOf reads an entry. claims are all there are, since a route names none where
// there is but one.
func routeOf(e *control.ConfigEntry, claims []control.ConfigEntry) route {
	d := newDraft(e.Values)
	r := route{
		name: e.Name, claim: d.text("claim"), match: d.text("match"), kind: d.kind(), scheme: d.scheme(),
		off: d.flag("off"), background: d.flag("background"), goesOn: d.flag("continue"),
	}
	if r.claim == "" && len(claims) == 1 {
		r.claim = claims[0].Name
	}
	r.target = targetOf(d)
	return r
}

// targetOf is where a handler leads, as short as it can be said.
func targetOf(d *draft) string {
	switch kind := d.kind(); kind {
	case "script":
		return filepath.Base(d.program("script.command"))
	case "cgi":
		return filepath.Base(d.text("cgi.program"))
	case "save":
		return d.text("save.folder")
	case "notify":
		if to := d.text("notify.ntfy.url"); to != "" {
			return strings.TrimPrefix(to, "https://")
		}
		if to, ok := d.list("notify.mail.to"); ok && len(to) > 0 {
			return strings.Join(to, ", ")
		}
	case "respond":
		if status := d.text("respond.status"); status != "" {
			return status
		}
		return "200"
	case "forward", "fastcgi":
		return d.text(kind + ".to")
	}
	return ""
}

// readRoutes are the routes of a configuration and a status, read once.
type readRoutes struct {
	file   *control.Configuration
	status *control.Status
	all    []route
}

// of are the routes of a file, with what a status, if there is one, says of them.
func (r *readRoutes) of(file *control.Configuration, status *control.Status) []route {
	if r.file != file || r.status != status {
		var found []control.Finding
		if status != nil {
			found = status.Findings
		}
		*r = readRoutes{file, status, routesOf(file, found)}
	}
	return r.all
}

// routesOf are the routes of a configuration, with what is wrong with each.
func routesOf(c *control.Configuration, found []control.Finding) []route {
	wrong := map[string][]control.ConfigProblem{}
	for _, all := range [][]control.ConfigProblem{c.Problems, c.Warnings} {
		for _, p := range all {
			if p.Part == control.PartRoute {
				wrong[p.Name] = append(wrong[p.Name], p)
			}
		}
	}
	finding := map[string]*control.Finding{}
	for i := range found {
		if f := &found[i]; f.Check == "scripts" && f.Subject != "" {
			finding[f.Subject] = f
		}
	}
	out := make([]route, len(c.Routes))
	for i := range c.Routes {
		out[i] = routeOf(&c.Routes[i], c.Claims)
		out[i].finding, out[i].problems = finding[out[i].name], wrong[out[i].name]
	}
	return out
}

// troubled says whether there is something to tell below a route.
func (r *route) troubled() bool { return r.finding != nil || len(r.problems) > 0 }

// fits says whether a route has a text in what the list shows of it.
func (r *route) fits(text string) bool {
	text = strings.ToLower(text)
	for _, in := range []string{r.name, r.claim, r.match, r.kind, r.target, r.scheme} {
		if strings.Contains(strings.ToLower(in), text) {
			return true
		}
	}
	return false
}
