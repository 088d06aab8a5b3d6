package agent

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"homehook/agent/control"
)

// slowly has a credential be there only when the end is called.
func (h *home) slowly(t *testing.T, name string) (asked <-chan struct{}, end func()) {
	t.Helper()
	before, come, there := h.inbox.credential, make(chan struct{}, 10), make(chan struct{})
	h.inbox.credential = func(n string) ([]string, error) {
		if n == name {
			come <- struct{}{}
			<-there
		}
		return before(n)
	}
	end = sync.OnceFunc(func() { close(there) })
	t.Cleanup(end)
	return come, end
}

// TestSlowCheckHoldsNobodyUp: while the routes are asked about one delivery,
// those behind it come in; they run behind it, unless its sender is refused.
func TestSlowCheckHoldsNobodyUp(t *testing.T) {
	for _, tt := range []struct {
		name, secret string
		state        string
		want         []string
	}{
		{"passes", "hush", "succeeded", []string{"first", "second", "third"}},
		{"is refused", "other", "rejected", []string{"second", "third"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
			r := startRelay(t, "127.0.0.1:0", "hh_secret")
			h := startHome(t, storing(r.addr, ", answer: store", fmt.Sprintf(
				"  - {name: signed, claim: garage, match: /signed, verify: {scheme: github, secret: slow}, forward: {to: %q}}\n", a.URL)+
				a.route("app", "")))
			if err := h.opts.Credentials.Set("slow", "hush"); err != nil {
				t.Fatal(err)
			}
			asked, end := h.slowly(t, "slow")
			first := sent{id: newID(), mode: answerStore, line: "POST /signed", body: "first", after: "none", fields: signedAt(t, "github", tt.secret, "first", time.Now())}
			done := make(chan got, 1)
			go func() {
				g, _ := r.deliver(first)
				done <- g
			}()
			<-asked
			second := sent{id: newID(), mode: answerStore, line: "POST /app", body: "second", after: first.id}
			third := sent{id: newID(), mode: answerStore, line: "POST /app", body: "third", after: second.id}
			began := time.Now()
			for _, s := range []sent{second, third} {
				if g := r.must(t, s); g.accepted != s.id {
					t.Errorf("%+v", g)
				}
			}
			if d := time.Since(began); d > predecessorWait/3 {
				t.Errorf("those behind it waited %s", d)
			}
			if seen := a.bodies(); len(seen) > 0 {
				t.Errorf("%v ran before it", seen)
			}
			end()
			if g := <-done; g.accepted != first.id {
				t.Errorf("%+v", g)
			}
			h.record(t, third.id, "succeeded")
			h.record(t, first.id, tt.state)
			if seen := a.bodies(); !slices.Equal(seen, tt.want) {
				t.Errorf("the app saw %v", seen)
			}
		})
	}
}

// TestFirstRedactRuleCounts: the first rule counts from when it is loaded.
func TestFirstRedactRuleCounts(t *testing.T) {
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	before := storing(r.addr, "", a.route("app", ""))
	h := startHome(t, before)
	h.write(t, before+"history: {redact: [json.pin]}\n")
	var rec *control.Record
	eventually(t, "the rule counts", func() bool {
		s := sent{id: newID(), line: "POST /app", body: `{"pin": "S3CRET-pin"}`}
		r.must(t, s)
		rec = h.record(t, s.id, "succeeded")
		return rec.Redacted
	})
	if string(rec.Body) != `{"pin": "[redacted]"}` {
		t.Errorf("kept %q", rec.Body)
	}
}
