package imports

import (
	"fmt"
	"strings"

	"homehook/agent/config"
)

// Write adds the routes of the report to the configuration file at path, all of
// them or none.
func (r *Report) Write(path string) error { return config.AddRoutes(path, r.Routes()) }

// YAML is what Write adds, as it would stand in the file.
func (r *Report) YAML() (string, error) {
	var b strings.Builder
	for _, spec := range r.Routes() {
		text, err := config.RouteText(spec)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// DropNames leaves out the items of which the configuration has a route already,
// so that a file can be imported again after a change.
func (r *Report) DropNames(have func(name string) bool) {
	for i := range r.Items {
		item := &r.Items[i]
		for _, spec := range item.Routes {
			if have(spec.Name) {
				item.leave(Already, fmt.Sprintf("the route %q is in the configuration, and stays as it is", spec.Name))
				break
			}
		}
	}
}
