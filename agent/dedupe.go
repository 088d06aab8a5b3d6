package agent

import (
	"fmt"
	"sync"
	"time"

	"homehook/agent/history"
	"homehook/routes"
)

// repeated answers for a delivery whose id the journal has. A relay that had no
// answer sends the same again: what the first one came to is the answer. Another
// body under the id of an old delivery is an attempt to have it pass for that
// one, or a fault of the relay.
func (in *inbox) repeated(a *arrival) {
	d, found, err := in.journal.Find(in.work, a.rec.ID)
	if err != nil || !found {
		in.log.Error("delivery cannot be compared with the one of its id", "delivery", a.rec.ID, "error", err)
		unavailable(a.x, "the journal cannot be read just now")
		return
	}
	sum := in.journal.SumLike(d.BodySHA256, a.rec.BodySHA256)
	if d.Claim != a.rec.Claim || d.BodySHA256 != sum {
		in.log.Error("relay sent another body under the id of a delivery, it is not run", "delivery", d.ID,
			"claim", a.rec.Claim, "relay", a.rec.Relay, "body_sha256", d.BodySHA256, "other_sha256", sum)
		say(a.x, 409, "another delivery has this id", "", 0)
		return
	}
	in.log.Debug("delivery came again", "delivery", d.ID, "claim", d.Claim, "state", d.State)
	if a.n.backlog || !in.answerAs(a, &d) {
		a.accept()
	}
}

// answerAs answers a delivery with the answer of another one, and reports
// whether there is one to give.
func (in *inbox) answerAs(a *arrival, d *history.Delivery) bool {
	switch d.State {
	case history.Succeeded, history.Dead:
		rec, err := in.journal.Answered(in.work, d.ID)
		return err == nil && again(a.x, rec, a.rec.ID)
	case history.Rejected:
		if d.Status >= 300 {
			say(a.x, d.Status, "this delivery was rejected", a.rec.ID, 0)
			return true
		}
	}
	return false
}

// findTwin looks for a delivery of the same sender's id that has succeeded or
// will, and that the route has taken as it takes this one: what anybody can send
// to another address, or without a signature, stands for nothing here, and one
// event that goes to two addresses has one id at both. Of one that has failed
// the sender may send a copy.
//
// Until leave is called no other delivery of that id is looked for: of two that
// come at once one is the twin. leave may be called more than once.
func (in *inbox) findTwin(r *history.Record, route *routes.Route) (leave func(), twin *history.Delivery) {
	if r.SenderID == "" {
		return func() {}, nil
	}
	leave = in.senders.enter(r.Claim + "\x00" + r.Route + "\x00" + r.SenderID)
	d, found, err := in.journal.Twin(in.work, &r.Delivery, route.Verifies())
	if err != nil {
		in.log.Error("delivery cannot be compared with others of its sender", "delivery", r.ID, "error", err)
	}
	if err != nil || !found {
		return leave, nil
	}
	return leave, &d
}

// repeats says of which delivery another one is a duplicate.
func repeats(twin *history.Delivery) string {
	return fmt.Sprintf("duplicate of %s: the sender gave both the same id", twin.ID)
}

// duplicate writes down and answers a delivery that the sender has sent before.
func (in *inbox) duplicate(a *arrival, twin *history.Delivery) {
	a.rec.State, a.rec.DuplicateOf = history.Duplicate, twin.ID
	a.rec.Reason = repeats(twin)
	a.rec.Status, a.rec.DurationMS = a.acceptedStatus(), milliseconds(time.Since(a.began))
	var first *history.Record
	if !a.later && twin.State == history.Succeeded {
		if rec, err := in.journal.Answered(in.work, twin.ID); err == nil {
			first = rec
		}
	}
	if !a.later {
		a.rec.Status = 200
		if first != nil && twin.Status >= 200 && twin.Status < 300 {
			a.rec.Status = twin.Status
		}
	}
	if !in.write(a) {
		return
	}
	switch {
	case a.later:
		a.accept()
	case first == nil || !again(a.x, first, a.rec.ID):
		say(a.x, 200, "duplicate of "+twin.ID, a.rec.ID, 0)
	}
}

// supersede ends deliveries that a later one of their route has taken the place
// of.
func (in *inbox) supersede(older []*job, by string) {
	for _, j := range older {
		in.conclude(j, j.ends(history.Rejected, fmt.Sprintf("superseded by %s before its turn (while_running: latest)", by)))
	}
}

// senders makes deliveries of the same sender's id come in one after the other.
// The zero value is ready.
type senders struct {
	mu   sync.Mutex
	here map[string]chan struct{} // closed when the one that is here leaves
}

// enter waits until no other delivery of the key is here.
func (s *senders) enter(key string) (leave func()) {
	for {
		s.mu.Lock()
		other := s.here[key]
		if other == nil {
			break
		}
		s.mu.Unlock()
		<-other
	}
	defer s.mu.Unlock()
	if s.here == nil {
		s.here = make(map[string]chan struct{})
	}
	mine := make(chan struct{})
	s.here[key] = mine
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.here, key)
		close(mine)
	})
}
