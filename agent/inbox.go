package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"homehook/agent/config"
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
	config  atomic.Pointer[config.Config]
	journal *ledger
	keep    atomic.Int64 // bytes kept of each body; negative when the history is off
	hub     *control.Hub
	log     *slog.Logger

	// What is written down before it runs goes this way.
	executor   *executor
	sequences  sync.Map // of a *sequence by claim
	senders    senders
	canaries   canaries
	bodies     *room                               // on their way into the journal
	kept       *budget                             // of deliveries that wait for their turn
	turns      turns                               // of deliveries that wait for the rate of their route
	host       *host                               // what handlers ask for
	credential func(name string) ([]string, error) // the values of a credential, newest first
	heard      func(*history.Delivery)             // told of what the journal does not keep

	// work is the context of handlers. It outlives the links by the time that
	// running handlers get when the agent stops. stopping ends when the agent
	// begins to stop.
	work, stopping context.Context
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
		routes.Refuse(x, status, why)
		if k.forbidden.due() {
			in.log.Warn("relay sent a request that no relay may send", "claim", k.claim.Name, "reason", why)
		}
		return
	}
	no := in.admit(k, about, x.Request, &n)
	if no == nil && in.welcome(k, x, &n) {
		return
	}
	path, _ := x.Request.PathQuery()
	d := routes.Delivery{
		ID: n.id, Claim: k.claim.Name, Received: began, Attempt: n.attempt,
		Remote: n.remote, Prefix: n.prefix, Request: x.Request, Host: in.host,
	}
	var route *routes.Route
	table, plain := in.table.Load(), true
	if no == nil {
		found := false
		if route, d.Params, found = table.Find(k.claim.Name, x.Request.Method, path); found {
			d.Route = route.Name
			plain = direct(route)
		} else {
			no = errNoRoute
		}
	}
	n.keepAsConfigured(&k.claim, about, x.Request)
	// A switch of protocols cannot wait; a relay asks for none that it keeps.
	if n.stored() && (n.backlog || !x.Request.WantsUpgrade()) || plain && route != nil && route.Background() {
		k.queued.Store(int32(n.queued))
		k.boundWhole(x.Request)
		// A copy: n itself is to stay off the heap for all that is not written down.
		said := n
		in.receive(&arrival{k: k, x: x, n: &said, table: table, route: route, whole: !plain, d: &d, no: no, began: began})
		return
	}
	if !plain {
		said := n
		in.look(&arrival{k: k, x: x, n: &said, table: table, d: &d, began: began})
		return
	}
	if no == nil {
		no = in.overRate(route)
	}
	in.pass(k, x, route, no, &d, &n, began)
}

// pass runs the handler of a delivery on the calling goroutine, with its answer
// going out as it comes. Such a delivery is in the history, and nobody counts on
// that.
func (in *inbox) pass(k *keeper, x *http1.Exchange, route *routes.Route, no *rejection, d *routes.Delivery, n *note, began time.Time) {
	keep := in.keep.Load()
	if keep < 0 && in.hub.Subscribers() == 0 {
		if _, no = in.dispatch(k, route, no, d, x); no == nil {
			in.heard(&history.Delivery{Claim: k.claim.Name, State: history.Succeeded, Received: n.time(began)})
		}
		return
	}
	r := in.open(k, x, d, n, began, keep)
	defer r.free()
	res, no := in.dispatch(k, route, no, d, x)
	in.settle(r, res, no, x, began)
	in.finish(&r.rec, keep)
}

// open begins the record of a delivery that passes.
func (in *inbox) open(k *keeper, x *http1.Exchange, d *routes.Delivery, n *note, began time.Time, keep int64) *recorder {
	path, query := x.Request.PathQuery()
	d.Received = n.time(began)
	r := record(x, int(max(keep, 0)))
	r.rec.Delivery = history.Delivery{
		ID: n.id, Claim: k.claim.Name, Relay: k.claim.Relay, State: history.Running,
		Method: string(x.Request.Method), Path: string(path), Query: string(query), Remote: n.remote,
		Received: d.Received, Size: max(x.Request.Body.Length(), 0), Route: d.Route, Answer: answerThrough,
	}
	d.ID = in.announce(k, &r.rec, keep)
	return r
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
		no.tell(x, &k.claim, "")
		return routes.Result{Exit: -1}, no
	}
	return route.Serve(in.work, d, x), nil
}

// settle decides what state a delivery ends in.
func (in *inbox) settle(r *recorder, res routes.Result, no *rejection, x *http1.Exchange, began time.Time) {
	broken := r.complete(x, began)
	d := &r.rec
	if no != nil {
		d.State, d.Reason = no.state(), no.reason
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

// announce writes the delivery down before its handler runs and returns its id. A
// relay that gives an id twice gets neither to hide a delivery behind another
// nor to change what is written of that: the second has an id of its own.
func (in *inbox) announce(k *keeper, r *history.Record, keep int64) string {
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

// finish writes down what came of the delivery and tells who listens.
func (in *inbox) finish(r *history.Record, keep int64) {
	if keep >= 0 {
		// The journal tells of it once it is committed.
		if err := in.journal.Finish(r); err != nil {
			in.log.Error("delivery's end is not in the history", "delivery", r.ID, "error", err)
		}
	} else {
		in.heard(&r.Delivery)
		d := control.Delivery(in.journal.veil.concealed(r).Delivery)
		in.hub.Publish(control.Event{Type: control.EventDelivery, Delivery: &d})
	}
	in.log.Debug("delivery", "delivery", r.ID, "claim", r.Claim, "route", r.Route, "state", r.State,
		"status", r.Status, "ms", r.DurationMS)
}
