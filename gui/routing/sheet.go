package routing

import (
	"reflect"
	"regexp"
	"strings"

	"homehook/agent/control"
)

// Where the newest change of a sheet was made.
const (
	fromNothing = iota
	fromForm
	fromText
)

// sheet is one route in the editor, with what is to be asked and written about it.
type sheet struct {
	// name is that of the route in the file, empty for one that is not in it yet,
	// and before the route that a new one is to stand before.
	name, before string
	// was is the entry as the file had it, and digest the file's.
	was, digest string
	// text is the YAML as it was agreed on last, base the name that the route has
	// in it; both are empty before there is any.
	text, base string
	draft      *draft
	from       int
}

// sheetOf begins with a route that is in the file.
func sheetOf(e *control.ConfigEntry, digest string) *sheet {
	return &sheet{name: e.Name, was: e.YAML, digest: digest, text: e.YAML, base: e.Name, draft: newDraft(e.Values)}
}

// newSheet begins with one that is not.
func newSheet(d *draft, digest string) *sheet {
	return &sheet{digest: digest, draft: d, from: fromForm}
}

// fresh says that the route is not in the file yet.
func (s *sheet) fresh() bool { return s.name == "" }

// changed says that there is something to save.
func (s *sheet) changed() bool { return s.fresh() || s.from != fromNothing || s.text != s.was }

// edits are what makes the file's route that of the sheet. A change of the form is
// put on top of the text, so that its comments stay.
func (s *sheet) edits() []control.ConfigEdit {
	var edits []control.ConfigEdit
	values := s.from == fromForm
	if !values || s.text != s.was && s.text != "" {
		edits = append(edits, s.edit(s.name, s.text, nil))
	}
	if values && len(edits) == 0 {
		return append(edits, s.edit(s.name, "", s.draft.values))
	}
	if values {
		edits = append(edits, control.ConfigEdit{Op: control.EditSet, Part: control.PartRoute, Name: s.base, Values: s.draft.values})
	}
	return edits
}

func (s *sheet) edit(name, text string, values map[string]any) control.ConfigEdit {
	e := control.ConfigEdit{Op: control.EditSet, Part: control.PartRoute, Name: name, YAML: text, Values: values}
	if s.fresh() {
		e.Op, e.Before = control.EditAdd, s.before
	}
	return e
}

// found is the entry of the sheet in what would come of its edits; old are the
// routes before them.
func (s *sheet) found(c *control.Configuration, old []control.ConfigEntry) *control.ConfigEntry {
	at := 0
	for at < len(old) && at < len(c.Routes) && !s.is(&old[at]) && (!s.fresh() || c.Routes[at].YAML == old[at].YAML) {
		at++
	}
	if at < len(c.Routes) && (s.fresh() || at < len(old)) {
		return &c.Routes[at]
	}
	return entryOf(c, s.base)
}

func (s *sheet) is(e *control.ConfigEntry) bool { return !s.fresh() && e.Name == s.name }

// agree takes what the agent says of a change: the entry as it would be. It returns
// whether the form has to show other values.
func (s *sheet) agree(e *control.ConfigEntry) (form bool) {
	form = !reflect.DeepEqual(e.Values, s.draft.values)
	s.draft.values, _ = clone(e.Values).(map[string]any)
	if s.from == fromForm {
		s.text = e.YAML
	}
	s.base, s.from = e.Name, fromNothing
	return form
}

// nameLine is the name of a route written as a block.
var nameLine = regexp.MustCompile(`(?m)^name:.*$`)

// copied is the text of an entry under another name; empty where that cannot be done
// without reading YAML.
func copied(e *control.ConfigEntry, name string) string {
	if strings.HasPrefix(strings.TrimSpace(e.YAML), "{") || newDraft(e.Values).text("name") == "" {
		return ""
	}
	if len(nameLine.FindAllString(e.YAML, 2)) != 1 {
		return ""
	}
	return nameLine.ReplaceAllLiteralString(e.YAML, "name: "+quoted(name))
}

// quoted writes a text for YAML, which takes it for nothing else then.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// freeName is a name that no route has, made of one.
func freeName(name string, routes []control.ConfigEntry) string {
	taken := map[string]bool{}
	for i := range routes {
		taken[routes[i].Name] = true
	}
	for taken[name] {
		name += " 2"
	}
	return name
}

// told sorts what is wrong with a configuration by what it means for one entry:
// what can be shown at a field or a line of it, and what stands elsewhere.
func told(e *control.ConfigEntry, all []control.ConfigProblem) (here, elsewhere []control.ConfigProblem) {
	for _, p := range all {
		if e != nil && (p.Part == control.PartRoute && p.Name == e.Name || within(e, p.Line)) {
			if p.Line = p.Line - e.Line + 1; !within(e, p.Line+e.Line-1) {
				p.Line = 0 // of another that has the same name
			}
			here = append(here, p)
			continue
		}
		elsewhere = append(elsewhere, p)
	}
	return here, elsewhere
}

// within says whether a line of the file is one of an entry's.
func within(e *control.ConfigEntry, line int) bool {
	lines := strings.Count(strings.TrimRight(e.YAML, "\n"), "\n") + 1
	return e.Line > 0 && line >= e.Line && line < e.Line+lines
}

// fieldOf is the field of the form that a problem belongs to: the one that names most
// of its keys. Empty is none.
func fieldOf(p *control.ConfigProblem, fields []string) (best string) {
	for _, f := range fields {
		rest, ok := strings.CutPrefix(p.Field, f)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') && len(f) > len(best) {
			best = f
		}
	}
	return best
}
