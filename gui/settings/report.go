package settings

import (
	"fmt"
	"strings"

	"homehook/agent/control"
)

// reportText is a report as text. It is for those who look into a problem, so its
// words are the agent's, in every language.
func reportText(r *control.Report) string {
	var b strings.Builder
	s := r.System
	fmt.Fprintf(&b, "Homehook %s", s.Version)
	if s.Revision != "" {
		fmt.Fprintf(&b, " (%s)", s.Revision)
	}
	fmt.Fprintf(&b, ", %s, %s/%s, %s, %d CPUs, UTC%s\n", s.Go, s.OS, s.Arch, s.Release, s.CPUs, s.Zone)
	for _, f := range r.Checkup.Findings {
		subject := ""
		if f.Subject != "" && !strings.Contains(f.Text, f.Subject) {
			subject = f.Subject + ": "
		}
		fmt.Fprintf(&b, "%-8s %-13s %s%s\n", f.State, f.Check, subject, f.Text)
		if f.Remedy != "" {
			fmt.Fprintf(&b, "%-22s → %s\n", "", f.Remedy)
		}
	}
	for _, c := range r.Deliveries {
		fmt.Fprintf(&b, "deliveries %s: %d\n", c.State, c.Count)
	}
	for _, part := range []struct{ title, text string }{
		{"config.yaml, masked", r.Config}, {"log", strings.Join(r.Log, "\n")},
	} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n--- %s ---\n%s\n", part.title, strings.TrimRight(part.text, "\n"))
		}
	}
	return b.String()
}
