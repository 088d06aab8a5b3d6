package agent

import (
	"net/http"
	"sync/atomic"
	"testing"

	"homehook/agent/history"
)

// TestRulesOfARouteBindAllMethods: a GET of such a route has its turn like a
// POST.
func TestRulesOfARouteBindAllMethods(t *testing.T) {
	for _, tt := range []struct {
		rules string
		most  int // at once
		ran   int
	}{
		{"", 3, 3},
		{", parallel: 1", 1, 3},
		{", parallel: 2", 2, 3},
		{", while_running: skip", 1, 1},
		{", while_running: skip, parallel: 1", 1, 1},
		{", while_running: latest", 1, 2},
	} {
		t.Run(tt.rules, func(t *testing.T) {
			release := make(chan struct{})
			var here, most atomic.Int32
			a := startApp(t, func(http.ResponseWriter, *http.Request, int) {
				if n := here.Add(1); n > most.Load() {
					most.Store(n)
				}
				<-release
				here.Add(-1)
			})
			r := startRelay(t, "127.0.0.1:0", "hh_secret")
			h := startHome(t, storing(r.addr, "", a.route("app", tt.rules)))
			var ids []string
			for i, method := range []string{"GET", "HEAD", "OPTIONS"} {
				s := sent{id: newID(), line: method + " /app", mode: answerStore}
				ids = append(ids, s.id)
				r.must(t, s)
				if i == 0 {
					eventually(t, "the first runs", func() bool { return here.Load() == 1 })
				}
			}
			eventually(t, "as many run as may", func() bool { return int(here.Load()) == tt.most })
			close(release)
			ran := 0
			for _, id := range ids {
				eventually(t, "it has ended", func() bool {
					rec, err := h.client.Delivery(t.Context(), id)
					if err != nil || rec.State != history.Succeeded && rec.State != history.Rejected {
						return false
					}
					if rec.State == history.Succeeded {
						ran++
					}
					return true
				})
			}
			if ran != tt.ran || int(most.Load()) != tt.most {
				t.Errorf("%d ran, want %d; %d at once, want %d", ran, tt.ran, most.Load(), tt.most)
			}
		})
	}
}
