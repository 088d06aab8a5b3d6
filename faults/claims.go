package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// claim is one claim of a lab and the one route behind it.
type claim struct {
	name, answer string
	// handler is YAML for the route's handler; "" is the script.
	handler string
	// script has more arguments for the script.
	script []string
	// also has the script run twice, as two handlers of the route.
	also bool
	// hold is the hold time, "" the default.
	hold string
	// settings is more YAML of the claim: lines, indented by four.
	settings string
}

// scripted reports whether the script handler runs the claim's deliveries.
func (c claim) scripted() bool { return c.handler == "" }

// usual are the claims of most programs: both durable modes with a script
// behind, and both with an answer that comes at once.
func usual() []claim {
	return []claim{
		{name: "hold", answer: "hold"},
		{name: "store", answer: "store", also: true},
		{name: "quick", answer: "hold", handler: "respond: {body: done}"},
		{name: "stored", answer: "store", handler: "respond: {body: done}"},
	}
}

// configure writes the agent's configuration file.
func (l *lab) configure() error {
	var b strings.Builder
	fmt.Fprintf(&b, "relays: [{name: lab, url: \"http://%s\", token: relay/lab}]\nclaims:\n", l.via)
	for _, c := range l.claims {
		fmt.Fprintf(&b, "  - name: %s\n    answer: %s\n", c.name, c.answer)
		if c.hold != "" {
			fmt.Fprintf(&b, "    hold: %s\n", c.hold)
		}
		b.WriteString(c.settings)
	}
	b.WriteString("routes:\n")
	for _, c := range l.claims {
		fmt.Fprintf(&b, "  - name: to %s\n    claim: %s\n    match: /\n    unverified: true\n", c.name, c.name)
		if c.handler != "" {
			fmt.Fprintf(&b, "    %s\n", c.handler)
			continue
		}
		if err := l.script(&b, c); err != nil {
			return err
		}
	}
	b.WriteString("history: {keep: 30d, max_size: 20GB, body: 1KiB}\n")
	return os.WriteFile(filepath.Join(l.home(), "config.yaml"), []byte(b.String()), 0o600)
}

// alsoFile is where the second of two scripts notes its runs.
const alsoFile = "also"

// script writes the handlers of a claim whose deliveries the script runs.
func (l *lab) script(b *strings.Builder, c claim) error {
	argv, err := json.Marshal(append([]string{l.bin.self, "handler", l.path("runs")}, c.script...))
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "    script: {command: %s}\n", argv)
	if !c.also {
		return nil
	}
	if argv, err = json.Marshal([]string{l.bin.self, "handler", l.path(alsoFile)}); err != nil {
		return err
	}
	fmt.Fprintf(b, "    also: [{script: {command: %s}}]\n", argv)
	return nil
}
