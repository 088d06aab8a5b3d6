package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"homehook/agent/imports"
)

// importAnswer is the JSON of an import.
type importAnswer struct {
	*imports.Report
	Config  string `json:"config"`
	Written bool   `json:"written"`
	YAML    string `json:"yaml"`
}

// reportImport prints what an import came to.
func (a *app) reportImport(ctx context.Context, r *imports.Report, claim, path string, dry bool) error {
	added := len(r.Routes())
	text, err := r.YAML()
	if err != nil {
		return err
	}
	if a.json {
		if err := a.writeJSON(importAnswer{r, path, !dry && added > 0, text}); err != nil {
			return err
		}
	} else {
		a.importItems(r)
		if dry && added > 0 {
			a.say("\nThe routes:\n")
			a.block("  ", text)
		}
	}
	there := slices.ContainsFunc(r.Items, func(i imports.Item) bool { return i.State == imports.Already })
	switch {
	case added == 0 && len(r.Items) == 0:
		return errors.New("there is nothing to import")
	case added == 0 && !there:
		return errors.New("nothing was imported")
	case a.json:
	case added == 0:
		a.note("nothing new to import; %s stays as it is", path)
	case dry:
		a.note("nothing was changed; without --dry-run %s into %s", verb(added, "route goes", "routes go"), path)
	default:
		a.importDone(ctx, r, claim, added, path)
	}
	return nil
}

// importDone says what was changed, and what is left to do.
func (a *app) importDone(ctx context.Context, r *imports.Report, claim string, added int, path string) {
	a.note("%s added to %s", count(added, "route"), path)
	for _, item := range r.Items {
		for _, name := range item.Secrets {
			a.note("a secret of %s is credential %s now; it is not in the configuration", item.Name, name)
		}
	}
	if url := a.publicURL(ctx, claim); url != "" {
		a.note("next: give senders their new address: %s with the path of each", strings.TrimSuffix(url, "/"))
		return
	}
	a.note("next: give senders the claim's address, which homehook claims shows while the agent runs")
}

// importItems prints the report.
func (a *app) importItems(r *imports.Report) {
	states := map[string]int{}
	for _, item := range r.Items {
		states[item.State]++
	}
	what := map[string]string{"webhook": "hook", "smee": "channel", "gosmee": "section"}[r.Source]
	there := ""
	if n := states[imports.Already]; n > 0 {
		there = fmt.Sprintf(", %d already there", n)
	}
	a.say("%s: %d equal, %s, %s, %d cannot be imported%s", count(len(r.Items), what), states[imports.Equal],
		verb(states[imports.Differs], "differs", "differ"), verb(states[imports.Approval], "needs approval", "need approval"), states[imports.Refused], shown(there))
	for i := range r.Items {
		a.say("")
		a.importItem(&r.Items[i])
	}
	if len(r.Always) > 0 && len(r.Routes()) > 0 {
		a.say("\nOf every hook:")
		for _, d := range r.Always {
			a.wrapped("  - ", d.Text)
		}
	}
}

func verb(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// importColours are the colours of states.
var importColours = map[string]string{imports.Equal: green, imports.Differs: yellow, imports.Approval: yellow, imports.Refused: red}

// importItem prints one hook.
func (a *app) importItem(item *imports.Item) {
	name := item.Name
	if name == "" {
		name = "a hook without an id"
	}
	title := []any{a.paint(importColours[item.State], item.State), a.paint(bold, name)}
	if item.Path == "" {
		a.say("%s  %s", title...)
	} else {
		a.say("%s  %s  %s", append(title, item.Path)...)
	}
	if item.Reason != "" {
		a.wrapped("  ", item.Reason)
	}
	if len(item.Command) > 0 {
		a.wrapped("  command: ", strings.Join(quotedWords(item.Command), " "))
		a.wrapped("  ", "it is switched off (off: true); take that out when you have read it")
	}
	for _, d := range item.Differences {
		a.wrapped("  - ", d.Text)
	}
	for _, text := range item.Advice {
		a.wrapped("  ! ", text)
	}
}

// lineWidth is where lines of text end.
const lineWidth = 96

// wrapped prints a text in lines, with a mark before the first one.
func (a *app) wrapped(mark, text string) {
	line, indent := mark, strings.Repeat(" ", len(mark))
	empty := true
	for _, word := range strings.Split(visible(text), " ") {
		if !empty && len(line)+1+len(word) > lineWidth {
			a.say("%s", shown(line))
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	a.say("%s", shown(line))
}
