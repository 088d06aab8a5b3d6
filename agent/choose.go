package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"homehook/agent/config"
	"homehook/http1"
	"homehook/routes"
)

// decision is what the routes say of a delivery.
type decision struct {
	taken   []routes.Taken
	no      *rejection // why none takes it, or what its sender is answered without one
	missing error      // it could not be checked: a credential of ours is not there

	// route is the one that counts for how the delivery is treated: the first
	// that takes it, or the one that refuses, cannot check or answers it. nil for
	// none.
	route *routes.Route

	checked string // keys of the checks that it has passed now, each with a newline behind it
	mark    string // what is worth knowing of a delivery that passed
	trace   []byte // what the routes said, for the history; nil when that is plain
}

// question is a delivery that the routes are asked about.
type question struct {
	table   *routes.Table
	claim   *config.Claim
	d       routes.Delivery // with its body
	n       *note
	checked string // what it has passed before
	trusted bool   // the user runs it, whoever has sent it
	now     time.Time
}

// direct reports whether a route takes a delivery that fits it without a look at
// the body, and nothing else is to be asked but its rate.
func direct(route *routes.Route) bool { return !route.NeedsBody() }

// choose asks the routes about a delivery. The age of a signature is judged by
// the time at which the relay received the request, so that one that had to wait
// there is as good as one that came at once.
func (in *inbox) choose(q *question) decision {
	d := q.d
	var told bool
	if d.Received, told = q.n.claimed(); !told {
		d.Received = q.now
	}
	o := routes.ChooseOptions{Secrets: in.secrets, Now: q.now, Checked: q.passed}
	if q.claim != nil {
		o.Sender = q.claim.Sender
	}
	c := q.table.Choose(&d, o)
	out := decision{taken: c.Taken, trace: traced(c.Trace)}
	switch {
	case c.Refused != nil:
		out.route = c.RefusedBy
		if _, ours := errors.AsType[*routes.SecretError](c.Refused); ours {
			out.missing = c.Refused
		} else {
			out.no = refusedBy(c.Refused, c.RefusedBy)
		}
	case c.Answer != nil:
		out.route, out.no = c.AnsweredBy, &rejection{status: c.Answer.Status, reason: c.Answer.Why, answer: c.Answer}
	case len(c.Taken) > 0:
		out.route = c.Taken[0].Route
	case len(c.Trace) == 0:
		out.no = errNoRoute
	default:
		out.no = &rejection{status: config.DefaultAccepted, reason: c.Unwanted()}
		if q.claim != nil {
			out.no.status = acceptedStatus(q.claim)
		}
	}
	out.timely(q, d.Received.Sub(q.now))
	for _, t := range out.taken {
		if key := t.Route.CheckKey(); key != "" && !q.passed(key) && !strings.Contains("\n"+out.checked, "\n"+key+"\n") {
			out.checked += key + "\n"
		}
	}
	return out
}

// passed reports whether a check need not be made.
func (q *question) passed(key string) bool {
	return q.trusted || q.checked != "" && strings.Contains("\n"+q.checked, "\n"+key+"\n")
}

// timely holds against each other what the relay says of the time and this
// machine's clock. For a delivery that comes at once the two cannot be far
// apart: a relay could let old signatures pass otherwise.
func (c *decision) timely(q *question, apart time.Duration) {
	if apart.Abs() <= maxApart || c.no == errNoRoute {
		return
	}
	dated := func(r *routes.Route) bool { return r.Timed() && !q.passed(r.CheckKey()) }
	said := "the relay says that it received this " + fromNow(apart)
	if q.n.backlog {
		if c.no == nil && c.route != nil && dated(c.route) {
			c.mark = "unverified time: " + said
		}
		return
	}
	if c.route != nil && dated(c.route) {
		c.no, c.missing, c.taken = refused(said+", so the age of the signature cannot be known; one of the clocks is wrong"), nil, nil
		return
	}
	for i, t := range c.taken {
		if dated(t.Route) {
			c.taken = c.taken[:i] // what comes behind it might not have been asked
			return
		}
	}
}

// fromNow says how far a time is from this machine's clock.
func fromNow(apart time.Duration) string {
	if apart < 0 {
		return fmt.Sprintf("%s before this machine's time", (-apart).Round(time.Second))
	}
	return fmt.Sprintf("%s after this machine's time", apart.Round(time.Second))
}

// refused is the rejection of a sender. It is not told more than that: what is
// wrong helps those only who try.
func refused(reason string) *rejection {
	return &rejection{status: 401, text: "the signature of this request is missing or not valid", reason: reason, refused: true}
}

// notVerified begins the reason of a delivery whose sender failed a check.
const notVerified = "not verified: "

// refusedBy is the rejection of a sender that failed a check.
func refusedBy(err error, route *routes.Route) *rejection {
	no := refused(notVerified + err.Error())
	if v := route.Authenticate(); v != "" {
		no.fields = []http1.Field{{Name: "WWW-Authenticate", Value: v}}
	}
	return no
}

// secrets returns the values of a credential that are valid, newest first.
func (in *inbox) secrets(name string) ([][]byte, error) {
	values, err := in.credential(name)
	if err != nil {
		return nil, err
	}
	all := make([][]byte, len(values))
	for i, v := range values {
		all[i] = []byte(v)
	}
	return all, nil
}

// secret returns the newest value of a credential.
func (in *inbox) secret(name string) ([]byte, error) {
	values, err := in.credential(name)
	if err != nil {
		return nil, err
	}
	return []byte(values[0]), nil
}

// mostEvent is how much of an event's name is kept, which is the sender's.
const mostEvent = 100

// traced puts what the routes said into the words of the history: nothing where
// the one that was asked took the delivery, or could not be asked more than who
// sends.
func traced(trace []routes.Trace) []byte {
	telling := len(trace) > 1
	for i := range trace {
		t := &trace[i]
		telling = telling || len(t.Parts) > 0 || t.Event != "" || t.Note != ""
		if t.Event != "" {
			t.Event = printable(t.Event[:min(len(t.Event), mostEvent)])
		}
	}
	if !telling {
		return nil
	}
	text, err := json.Marshal(trace)
	if err != nil {
		return nil // it has nothing but texts
	}
	return text
}
