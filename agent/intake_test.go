package agent

import (
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
)

// TestHoldIsWrittenDownFirst: the answer of the handler goes to the sender who
// waits, with the word that the relay may forget the delivery.
func TestHoldIsWrittenDownFirst(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(w http.ResponseWriter, q *http.Request, _ int) {
		w.Header().Set("X-App", "1")
		w.Header().Set("Homehook-Accepted", "forged")
		if q.Method != "HEAD" {
			w.WriteHeader(299)
		}
		fmt.Fprint(w, "app's own")
	})
	h := startHome(t, storing(r.addr, "", respondRoute+a.route("app", "")+
		"  - {name: gone, claim: garage, match: /gone, unverified: true, respond: {status: 410, body: gone}}\n"+
		"  - {name: none, claim: garage, match: /none, unverified: true, respond: {status: 204}}\n"))
	for _, tt := range []struct {
		name, line, body string
		want             got
		state            string
	}{
		{"respond", "POST /hello", "abc", got{status: 201, body: "hi"}, "succeeded"},
		{"forward", "PUT /app?x=1", "abc", got{status: 299, body: "app's own"}, "succeeded"},
		{"safe", "GET /app", "", got{status: 299, body: "app's own"}, "succeeded"},
		{"head", "HEAD /app", "", got{status: 200}, "succeeded"},
		{"no content", "POST /none", "abc", got{status: 204}, "succeeded"},
		{"failed", "POST /gone", "", got{status: 410, body: "gone"}, "dead"},
		{"no route", "POST /nowhere", "", got{status: 404, body: "no route at home takes this request\n"}, "rejected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := newID()
			g := r.must(t, sent{id: id, line: tt.line, body: tt.body})
			tt.want.accepted = id
			if g.kind = ""; g != tt.want {
				t.Errorf("answer %+v, want %+v", g, tt.want)
			}
			rec := h.record(t, id, tt.state)
			if string(rec.Body) != tt.body || rec.Status != tt.want.status || rec.Answer != "hold" || rec.Size != int64(len(tt.body)) {
				t.Errorf("%+v", rec.Delivery)
			}
			if tt.state != "rejected" && (len(rec.Log) != 1 || tt.line[:4] != "HEAD" && string(rec.Log[0].ResponseBody) != tt.want.body) {
				t.Errorf("attempts: %+v", rec.Log)
			}
		})
	}
}

// TestKeptBeforeTheRelayKnows: until a relay has the settings of a new claim it
// sends as in through; what is answered then is written down all the same.
func TestKeptBeforeTheRelayKnows(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", respondRoute))
	id := newID()
	if g := r.must(t, sent{id: id, mode: "through", body: "abc"}); g.status != 201 || g.accepted != id {
		t.Errorf("answer %+v", g)
	}
	if rec := h.record(t, id, "succeeded"); rec.Answer != "hold" || string(rec.Body) != "abc" {
		t.Errorf("%+v", rec.Delivery)
	}
	if g := r.must(t, sent{id: id, mode: "through", body: "abc"}); g.accepted != id {
		t.Errorf("again: %+v", g)
	}
}

// TestAcceptedAtOnce: for what was kept at the relay, for what the relay does
// not wait for and for background routes the sender's answer is that of the
// claim.
func TestAcceptedAtOnce(t *testing.T) {
	release := make(chan struct{})
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { <-release })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, `, parallel: 8, accepted: {status: 200, headers: {X-Set: "1"}, body: taken}`,
		a.route("app", "")+a.route("bg", ", background: true")))
	var ids []string
	for _, s := range []sent{
		{line: "POST /app", after: "none"},
		{line: "POST /app", mode: answerStore},
		{line: "POST /bg"},
		{line: "POST /bg", mode: answerThrough},
	} {
		s.id = newID()
		ids = append(ids, s.id)
		if g := r.must(t, s); g != (got{status: 200, body: "taken", accepted: s.id, kind: "text/plain; charset=utf-8"}) {
			t.Errorf("%+v: %+v", s, g)
		}
	}
	for _, id := range ids {
		h.record(t, id, "running")
	}
	close(release)
	for _, id := range ids {
		if d := h.record(t, id, "succeeded"); d.Status != 200 || d.Attempts != 1 || d.Starts != 1 {
			t.Errorf("%+v", d.Delivery)
		}
	}
}

// TestSlowAnswerIsKept: the relay has answered by itself when home is slow; the
// link is free again, and what the handler says is in the history.
func TestSlowAnswerIsKept(t *testing.T) {
	release := make(chan struct{})
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		<-release
		fmt.Fprint(w, "late")
	})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, ", hold: 50ms", a.route("app", "")))
	id := newID()
	began := time.Now()
	if g := r.must(t, sent{id: id, line: "POST /app"}); g.status != 202 || g.accepted != id {
		t.Errorf("%+v", g)
	}
	if d := time.Since(began); d < 50*time.Millisecond+holdGrace {
		t.Errorf("the relay was not given the time to answer first: %s", d)
	}
	close(release)
	if rec := h.record(t, id, "succeeded"); string(rec.Log[0].ResponseBody) != "late" || rec.Status != 202 {
		t.Errorf("%+v", rec)
	}
}

// TestHandlerOutlivesTheLink: the loss of the link neither ends the handler nor
// loses its answer, which the relay gets when it sends the delivery again.
func TestHandlerOutlivesTheLink(t *testing.T) {
	release, inside := make(chan struct{}), make(chan struct{}, 1)
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		inside <- struct{}{}
		<-release
		fmt.Fprint(w, "done")
	})
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, ", hold: 12s", a.route("app", "")))
	id, broken := newID(), make(chan error)
	link := <-r.links
	go func() {
		_, err := carry(link, sent{id: id, line: "POST /app", body: "x"})
		broken <- err
	}()
	<-inside
	link.Close()
	if err := <-broken; err == nil {
		t.Fatal("there was an answer")
	}
	close(release)
	h.record(t, id, "succeeded")
	if g := r.must(t, sent{id: id, line: "POST /app", body: "x"}); g.status != 200 || g.body != "done" || g.accepted != id {
		t.Errorf("sent again: %+v", g)
	}
	if n := len(a.bodies()); n != 1 {
		t.Errorf("the app was asked %d times", n)
	}
}

// TestHalfABodyIsNoDelivery is row 54 of the bad inputs: what breaks or has no
// end leaves nothing behind.
func TestHalfABodyIsNoDelivery(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, ", max_body: 1KiB", respondRoute))
	link := <-r.links
	id := newID()
	s := sent{id: id, body: strings.Repeat("x", 100)}
	req, err := s.request()
	if err != nil {
		t.Fatal(err)
	}
	sendPart(t, link, req, 50)
	if g := r.must(t, sent{id: id, line: "POST /hello", body: strings.Repeat("x", 1025)}); g.status != 413 || g.accepted != id {
		t.Errorf("too large: %+v", g)
	}
	if rec := h.record(t, id, "rejected"); rec.Reason != errTooLarge.reason || len(rec.Body) > 0 {
		t.Errorf("%+v", rec.Delivery)
	}
	eventually(t, "the budget is whole again", func() bool { return h.inbox.bodies.inUse() == 0 })
}

// TestQueueComesInOrder has the deliveries of a relay's queue come on many
// links at once and in any order: they run in the order of the queue.
func TestQueueComesInOrder(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	r.must(t, sent{line: "GET /app"})
	const n = 60
	ids := make([]string, n)
	var want []string
	for i := range ids {
		ids[i] = newID()
		want = append(want, fmt.Sprint(i))
	}
	// A relay has some on their way at once; here the last of them come first.
	for chunk := range slices.Chunk(slices.Collect(countTo(n)), 12) {
		slices.Reverse(chunk)
		answers := make(chan error)
		for _, k := range chunk {
			go func() {
				after := "none"
				if k > 0 {
					after = ids[k-1]
				}
				g, err := r.deliver(sent{id: ids[k], mode: answerStore, line: "POST /app", body: want[k], after: after})
				if err == nil && (g.status != 202 || g.accepted != ids[k]) {
					err = fmt.Errorf("%d: %+v", k, g)
				}
				answers <- err
			}()
		}
		for range chunk {
			if err := <-answers; err != nil {
				t.Error(err)
			}
		}
	}
	h.record(t, ids[n-1], "succeeded")
	if seen := a.bodies()[1:]; !slices.Equal(seen, want) {
		t.Errorf("the app saw %v", seen)
	}
}

func countTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// TestJournalThatCannotBeWritten: without Homehook-Accepted the relay keeps the
// delivery.
func TestJournalThatCannotBeWritten(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	a := startApp(t, func(http.ResponseWriter, *http.Request, int) {})
	h := startHome(t, storing(r.addr, "", a.route("app", "")))
	r.must(t, sent{line: "GET /nowhere"})
	h.journal.Close()
	g := r.must(t, sent{line: "POST /app"})
	if g.status != 503 || g.accepted != "" || g.retry == "" {
		t.Errorf("%+v", g)
	}
	if n := len(a.bodies()); n > 0 {
		t.Error("it ran")
	}
	eventually(t, "it has no place in line", func() bool {
		lined, waiting := h.inbox.executor.queue()
		return lined+waiting == 0
	})
}

// TestWhileRunning: skip ends what comes while the route runs, latest all but
// the last of it.
func TestWhileRunning(t *testing.T) {
	for rule, want := range map[string][]string{"skip": {"0"}, "latest": {"0", "3"}, "wait": {"0", "1", "2", "3"}} {
		t.Run(rule, func(t *testing.T) {
			release, inside := make(chan struct{}), make(chan struct{}, 9)
			a := startApp(t, func(http.ResponseWriter, *http.Request, int) {
				inside <- struct{}{}
				<-release
			})
			r := startRelay(t, "127.0.0.1:0", "hh_secret")
			h := startHome(t, storing(r.addr, "", a.route("app", ", background: true, while_running: "+rule)))
			var ids []string
			for i := range 4 {
				s := sent{id: newID(), line: "POST /app", body: fmt.Sprint(i)}
				ids = append(ids, s.id)
				if g := r.must(t, s); g.status != 202 || g.accepted != s.id {
					t.Errorf("%d: %+v", i, g)
				}
				if i == 0 {
					<-inside
				}
			}
			close(release)
			for i, id := range ids {
				state := history.Rejected
				if slices.Contains(want, fmt.Sprint(i)) {
					state = history.Succeeded
				}
				if rec := h.record(t, id, state); state == history.Rejected && !strings.Contains(rec.Reason, "while_running: "+rule) {
					t.Errorf("%d: %s", i, rec.Reason)
				}
			}
			if seen := a.bodies(); !slices.Equal(seen, want) {
				t.Errorf("the app saw %v, want %v", seen, want)
			}
		})
	}
}

// TestEventsHaveTheJournalsNumbers: what is told at once is what is read later.
func TestEventsHaveTheJournalsNumbers(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", respondRoute))
	events, cancel := h.hub.Subscribe(0)
	defer cancel()
	before := h.journal.LastChange()
	id := newID()
	r.must(t, sent{id: id})
	var last control.Event
	for last.Delivery == nil || last.Delivery.State != history.Succeeded {
		select {
		case e := <-events:
			if e.Type == control.EventDelivery && e.Delivery.ID == id {
				last = e
			}
		case <-time.After(patient):
			t.Fatal("no event")
		}
	}
	changes, err := (&backend{h.Agent}).Changes(t.Context(), before, 10)
	if err != nil || len(changes) == 0 {
		t.Fatalf("%v, %v", changes, err)
	}
	if c := changes[len(changes)-1]; c.Seq != last.Seq || c.Delivery.ID != id || c.Delivery.State != last.Delivery.State {
		t.Errorf("change %+v, event %+v", c, last)
	}
	if _, err := (&backend{h.Agent}).Changes(t.Context(), 1<<62, 10); err == nil {
		t.Error("changes after a number that was never given")
	}
}
