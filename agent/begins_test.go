package agent

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestBeginIsWrittenDown: a handler whose work depends on what came is known to
// have begun, so that what the agent dies of is found; a fixed answer needs none
// of that.
func TestBeginIsWrittenDown(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	tests := []struct {
		name, route string
		starts      int
	}{
		{"fixed", `respond: {body: ok, headers: {X-A: b}}`, 0},
		{"body", `respond: {body: "{json.a}"}`, 1},
		{"field", `respond: {headers: {X-A: "{json.a}"}}`, 1},
		{"set", `transform: {set: {json.b: "{json.a}"}}, respond: {}`, 1},
		{"drop", `transform: {drop: [json.a]}, respond: {}`, 1},
		{"also", fmt.Sprintf(`respond: {}, also: [{forward: {to: %q}}]`, a.URL), 2},
	}
	var routes strings.Builder
	for _, tt := range tests {
		fmt.Fprintf(&routes, "  - {name: %s, claim: garage, match: /%s, unverified: true, %s}\n", tt.name, tt.name, tt.route)
	}
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", routes.String()))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := newID()
			r.must(t, sent{id: id, line: "POST /" + tt.name, body: `{"a":"x"}`})
			if rec := h.record(t, id, "succeeded"); rec.Starts != tt.starts {
				t.Errorf("%d handlers were written down as begun, not %d", rec.Starts, tt.starts)
			}
		})
	}
}
