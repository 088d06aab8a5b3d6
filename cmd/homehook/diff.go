package main

import "strings"

// showDiff prints a comparison, in colours where they are welcome.
func (a *app) showDiff(text string) {
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		colour := ""
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
			colour = bold
		case strings.HasPrefix(line, "-"):
			colour = red
		case strings.HasPrefix(line, "+"):
			colour = green
		case strings.HasPrefix(line, "@@"):
			colour = faint
		}
		a.say("%s", a.paint(colour, line))
	}
}
