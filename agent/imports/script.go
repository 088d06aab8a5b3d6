package imports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"homehook/routes"
)

// script makes the handler of a hook.
func (i *importer) script(item *Item, h *hook, v *values, base string) (*routes.ScriptSpec, error) {
	program, dir, err := h.locate(item, base)
	if err != nil {
		return nil, err
	}
	s := &routes.ScriptSpec{Command: []string{program}, Dir: dir, Timeout: runsFor}
	argv, values := []string{program}, map[int]bool{}
	for n, a := range h.Arguments {
		of := v.of(a)
		if of.unknown {
			item.differ("unknown-source", fmt.Sprintf("an argument has source %q and name %q, which webhook does not know: it is empty, there too", a.Source, a.Name), Arguments)
		}
		s.Command = append(s.Command, of.template())
		argv = append(argv, of.literal)
		values[n+1] = of.expr != ""
		if of.fixed && secretText(of.literal) {
			item.advise("argument %d looks like a secret, and other programs can read a command line", n+1)
		}
	}
	if why, fromSender := shell(argv, func(n int) bool { return values[n] }); fromSender {
		return nil, fmt.Errorf("%s: %s. Pass the value as a variable instead (pass-environment-to-command), and read it there in quotes", why, strings.Join(s.Command, " "))
	} else if why != "" {
		item.State, item.Reason, item.Command = Approval, why, slices.Clone(s.Command)
	}
	if s.Env, err = i.variables(item, h.Env, v); err != nil {
		return nil, err
	}
	if s.Files, err = i.files(item, h.Files, v); err != nil {
		return nil, err
	}
	if h.Output {
		s.Headers = i.headers(h.ResponseHeaders)
	}
	return s, nil
}

// secretText reports whether a text that stands in a command looks like a
// secret: a long one without the signs of a sentence or a path.
func secretText(s string) bool {
	if len(s) < 20 || strings.ContainsAny(s, " /\\.") {
		return false
	}
	digits := strings.ContainsAny(s, "0123456789")
	return digits && strings.ContainsAny(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz")
}

// variables makes the variables of a command.
func (i *importer) variables(item *Item, list []argument, v *values) (map[string]string, error) {
	var env map[string]string
	for _, a := range list {
		of := v.of(a)
		if of.unknown || of.missing() {
			continue // as in webhook
		}
		if err := declare(item, &env, cmp.Or(string(a.EnvName), "HOOK_"+string(a.Name)), of.template()); err != nil {
			return nil, err
		}
	}
	return env, nil
}

// files makes the files of a command.
func (i *importer) files(item *Item, list []argument, v *values) (map[string]string, error) {
	var files map[string]string
	for _, a := range list {
		of := v.of(a)
		if of.unknown || of.missing() {
			continue
		}
		text := of.template()
		if a.Base64 {
			text = template("fromBase64(" + of.text() + ")")
			item.differ("base64", "a file that is not base64 is not there; webhook writes the part before the mistake", Files, Environment)
		}
		if err := declare(item, &files, cmp.Or(string(a.EnvName), "HOOK_"+strings.ToUpper(string(a.Name))), text); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// declare sets a variable. The name of one that no shell could read is changed.
func declare(item *Item, vars *map[string]string, name, value string) error {
	if *vars == nil {
		*vars = map[string]string{}
	}
	usable := strings.Map(func(c rune) rune {
		if c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, name)
	if usable != "" && usable[0] >= '0' && usable[0] <= '9' {
		usable = "_" + usable
	}
	if usable != name {
		item.differ("variable-name", fmt.Sprintf("the variable %q is called %s", name, usable), Environment)
	}
	if strings.HasPrefix(strings.ToUpper(usable), "HOMEHOOK_") {
		return fmt.Errorf("the variable %s is one that Homehook sets", usable)
	}
	if _, twice := (*vars)[usable]; twice {
		item.differ("variable-twice", fmt.Sprintf("the variable %s is set twice; the last one counts", usable), Environment)
	}
	(*vars)[usable] = value
	return nil
}
