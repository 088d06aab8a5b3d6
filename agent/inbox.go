package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"homehook/agent/control"
	"homehook/agent/history"
	"homehook/http1"
	"homehook/ptth"
	"homehook/routes"
)

// inbox takes deliveries from links, finds their route, runs its handler and
// records what came of it. Its methods are called by all links at once.
type inbox struct {
	table   atomic.Pointer[routes.Table]
	journal *history.Journal
	keep    atomic.Int64 // bytes kept of each body; negative when the history is off
	hub     *control.Hub
	log     *slog.Logger

	// work is the context of handlers. It outlives the links by the time that
	// running handlers get when the agent stops.
	work context.Context
}

// note is what a relay says about a delivery.
type note struct {
	id       string
	received []byte // as the relay wrote it
	attempt  int
	waiting  int
	remote   string
	prefix   string
}

// take carries one request from a link to its handler.
func (in *inbox) take(k *keeper, link ptth.AgentLink, x *http1.Exchange) {
	began := time.Now()
	about := link.About()
	n := readNote(x.Request, about)
	if n.waiting > 0 {
		k.wait(n.waiting)
	}
	if status, why := refusal(x.Request); status != 0 {
		x.CloseAfter()
		x.Text(status, why)
		if k.forbidden.due() {
			in.log.Warn("relay sent a request that no relay may send", "claim", k.claim.Name, "reason", why)
		}
		return
	}
	no := in.admit(k, about, x.Request, &n)
	path, query := x.Request.PathQuery()
	d := routes.Delivery{
		ID: n.id, Claim: k.claim.Name, Received: began, Attempt: n.attempt,
		Remote: n.remote, Prefix: n.prefix, Request: x.Request,
	}
	var route *routes.Route
	if no == nil {
		found := false
		if route, d.Params, found = in.table.Load().Find(k.claim.Name, x.Request.Method, path); found {
			d.Route = route.Name
		} else {
			no = errNoRoute
		}
	}
	keep := in.keep.Load()
	if keep < 0 && in.hub.Subscribers() == 0 {
		in.dispatch(k, route, no, &d, x)
		return
	}
	d.Received = n.time(began)
	r := record(x, int(max(keep, 0)))
	defer r.free()
	r.rec.Delivery = history.Delivery{
		ID: n.id, Claim: k.claim.Name, Relay: k.claim.Relay, State: history.Running,
		Method: string(x.Request.Method), Path: string(path), Query: string(query), Remote: n.remote,
		Received: d.Received, Size: max(x.Request.Body.Length(), 0), Route: d.Route,
	}
	d.ID = in.begin(k, &r.rec, keep)
	res, no := in.dispatch(k, route, no, &d, x)
	in.settle(r, res, no, x, began)
	in.finish(&r.rec, keep)
}

// refusal names what a request on a link can never be: the agent serves its
// claims' URLs and is no proxy.
func refusal(r *http1.Request) (status int, why string) {
	switch {
	case r.IsMethod("CONNECT"):
		return 405, "the agent opens no tunnels"
	case r.Absolute():
		return 400, "the agent is no proxy: the target must be a path"
	}
	return 0, ""
}

// dispatch runs the handler of a route, or answers why none does.
func (in *inbox) dispatch(k *keeper, route *routes.Route, no *rejection, d *routes.Delivery, x *http1.Exchange) (routes.Result, *rejection) {
	if no == nil && route.Kind() == "respond" && k.claim.MaxBody > 0 {
		no = overlong(d.Request)
	}
	if no != nil {
		if no.status == 413 {
			x.CloseAfter() // the rest of the body is not waited for
		}
		x.Text(no.status, no.text)
		return routes.Result{Exit: -1}, no
	}
	return route.Serve(in.work, d, x), nil
}

// settle decides what state a delivery ends in.
func (in *inbox) settle(r *recorder, res routes.Result, no *rejection, x *http1.Exchange, began time.Time) {
	broken := r.complete(x, began)
	d := &r.rec
	if no != nil {
		d.State, d.Reason = history.Rejected, no.reason
		return
	}
	a := &r.attempt
	a.Number, a.Route, a.Handler = 1, d.Route, res.Handler
	a.Started, a.DurationMS = began, milliseconds(time.Since(began))
	a.Exit, a.Output, a.OutputTruncated = res.Exit, res.Output, res.OutputTruncated
	switch {
	case errors.Is(broken, http1.ErrBodyTooLarge):
		// Whatever the handler made of the part it saw.
		d.State, d.Reason = history.Rejected, errTooLarge.reason
		a.Error = d.Reason
	case res.Err != nil:
		d.State, d.Reason = history.Dead, res.Err.Error()
		a.Error = d.Reason
	case x.Status >= 400:
		d.State, d.Reason = history.Dead, fmt.Sprintf("the handler answered %d", x.Status)
	default:
		d.State, d.Reason = history.Succeeded, remark(res, x, began)
	}
	r.resSize += res.TunnelOut // what passed behind a switch of protocols is counted, and not kept
	r.tried(x.Status)
}

// remark says what is worth knowing of a delivery that succeeded.
func remark(res routes.Result, x *http1.Exchange, began time.Time) string {
	switch {
	case res.OutputTruncated:
		return "the script wrote more than its route keeps; what was kept is the answer"
	case x.Status == 101:
		// What follows a switch ends when either side wants.
		return fmt.Sprintf("the WebSocket took %d bytes from the sender and gave it %d", res.TunnelIn, res.TunnelOut)
	case time.Since(began) > time.Second && x.Conn() != nil && x.Conn().PeerState() == http1.PeerGone:
		return "the sender had left when the answer came"
	}
	return ""
}

// begin writes the delivery down before its handler runs and returns its id. A
// relay that gives an id twice gets neither to hide a delivery behind another
// nor to change what is written of that: the second has an id of its own.
func (in *inbox) begin(k *keeper, r *history.Record, keep int64) string {
	if keep < 0 {
		return r.ID
	}
	err := in.journal.Begin(r, false)
	if errors.Is(err, history.ErrExists) {
		given := r.ID
		r.ID = newID()
		if k.reused.due() {
			in.log.Warn("relay used an id again, the delivery has another one", "given", given, "delivery", r.ID, "claim", r.Claim)
		}
		err = in.journal.Begin(r, false)
	}
	if err != nil {
		in.log.Error("delivery is not in the history", "delivery", r.ID, "error", err)
	}
	return r.ID
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// finish writes down what came of the delivery and tells who listens.
func (in *inbox) finish(r *history.Record, keep int64) {
	if keep >= 0 {
		if err := in.journal.Finish(r); err != nil {
			in.log.Error("delivery's end is not in the history", "delivery", r.ID, "error", err)
		}
	}
	d := control.Delivery(r.Delivery)
	in.hub.Publish(control.Event{Type: control.EventDelivery, Delivery: &d})
	in.log.Debug("delivery", "delivery", r.ID, "claim", r.Claim, "route", r.Route, "state", r.State,
		"status", r.Status, "ms", r.DurationMS)
}

// readNote reads the relay's fields. What a foreign relay passes on under
// their names is the sender's invention and is taken out; so is all that would
// say where the sender is, where the relay has no part in the request.
func readNote(r *http1.Request, about ptth.About) note {
	n := note{attempt: 1}
	if !about.Negotiated {
		r.Remove(http1.KindsOf(http1.Homehook, http1.PTTH))
	}
	if about.Parked {
		r.Remove(http1.KindsOf(http1.Forwarded, http1.XForwarded))
	}
	for i := range r.Len() {
		name, value, kind := r.At(i)
		switch kind {
		case http1.Homehook:
			n.read(name, value)
		case http1.XForwarded:
			if bytes.EqualFold(name, []byte("X-Forwarded-For")) {
				n.remote = lastAddress(value)
			} else if bytes.EqualFold(name, []byte("X-Forwarded-Prefix")) {
				n.prefix = string(value)
			}
		}
	}
	if n.id == "" {
		n.id = newID()
	}
	return n
}

// read takes in one Homehook field; one that makes no sense is ignored.
func (n *note) read(name, value []byte) {
	switch what := name[len("Homehook-"):]; {
	case bytes.EqualFold(what, deliveryField):
		if isUUID(value) {
			n.id = string(value)
		}
	case bytes.EqualFold(what, receivedField):
		n.received = value
	case bytes.EqualFold(what, attemptField):
		n.attempt = positive(value, n.attempt)
	case bytes.EqualFold(what, waitingField):
		n.waiting = positive(value, 0)
	}
}

// What follows "Homehook-" in the names of the relay's fields.
var (
	deliveryField = []byte("Delivery")
	receivedField = []byte("Received")
	attemptField  = []byte("Attempt")
	waitingField  = []byte("Waiting")
)

// isUUID reports whether b is a UUID in its usual text form.
func isUUID(b []byte) bool {
	if len(b) != 36 {
		return false
	}
	for i, c := range b {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := '0' <= c && c <= '9' || 'a' <= c && c <= 'f'
		if dash != (c == '-') || !dash && !hex {
			return false
		}
	}
	return true
}

// maxApart is how far the clocks of relay and agent may be apart for the
// relay's to count.
const maxApart = 10 * time.Minute

// time is when the relay received the delivery, as far as it says; it is read
// only where somebody asks. A delivery comes at once, so what the relay says
// cannot be far from now: else it could be kept for ever, or listed first.
func (n *note) time(now time.Time) time.Time {
	t, err := time.Parse(time.RFC3339Nano, string(n.received))
	if err != nil || now.Sub(t).Abs() > maxApart {
		return now
	}
	return t
}

func positive(value []byte, otherwise int) int {
	if i, err := strconv.Atoi(string(value)); err == nil && i > 0 && i < 1<<20 {
		return i
	}
	return otherwise
}

// lastAddress is the sender as the relay saw it: the end of the list, which
// the sender cannot have written.
func lastAddress(list []byte) string {
	if i := bytes.LastIndexByte(list, ','); i >= 0 {
		list = list[i+1:]
	}
	return string(bytes.TrimSpace(list))
}
