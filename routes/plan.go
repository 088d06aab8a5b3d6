package routes

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"homehook/http1"
)

// Plan is what a route would do with a delivery.
type Plan struct {
	Handler string `json:"handler"` // one of HandlerKeys

	// Command is the program of a script with its arguments, Dir the folder
	// it would run in.
	Command []string `json:"command,omitempty"`
	Dir     string   `json:"dir,omitempty"`

	// Method and URL are the request that a forward would make, Host its Host
	// field. A socket stands in the URL as "unix:" and its path, with a colon
	// before the path of the request.
	Method string `json:"method,omitempty"`
	URL    string `json:"url,omitempty"`
	Host   string `json:"host,omitempty"`

	// Status is that of a fixed answer, or of the refusal of a request that
	// the handler does not carry.
	Status int `json:"status,omitempty"`

	// Variables are those of a script that have values of the delivery, each as
	// "NAME=value".
	Variables []string `json:"variables,omitempty"`

	// Given is what the route's transform would make of the delivery for its
	// handlers; nil where it changes nothing. It is that of the whole route, and
	// not repeated under Also.
	Given *Given `json:"given,omitempty"`

	// Files are the paths of files that would be written.
	Files []string `json:"files,omitempty"`

	// Note says what else there is to know; empty for nothing.
	Note string `json:"note,omitempty"`

	// Also is what the further handlers of the route would do.
	Also []Plan `json:"also,omitempty"`
}

// Given is what differs in a delivery behind a transform.
type Given struct {
	// Target is the path with its query; empty if it stays.
	Target string `json:"target,omitempty"`

	// Fields are the header fields that are new or have another value, name and
	// value of each, and Dropped the names of those that are gone.
	Fields  [][2]string `json:"fields,omitempty"`
	Dropped []string    `json:"dropped,omitempty"`

	// Body is the new body, its first 16 KiB, and Size all of it in bytes. nil if
	// it stays.
	Body []byte `json:"body,omitempty"`
	Size int64  `json:"size,omitempty"`
}

// maxGiven is how many bytes of a changed body a plan shows.
const maxGiven = 16 << 10

// Plan says what the route would do with a delivery. It starts nothing, sends
// nothing and leaves the body of the request alone.
func (r *Route) Plan(d *Delivery) Plan {
	p := r.planAt(0, d)
	p.Given = r.given(d)
	for i := range r.handlers[1:] {
		p.Also = append(p.Also, r.planAt(1+i, d))
	}
	return p
}

func (r *Route) planAt(place int, d *Delivery) Plan {
	h := r.handlers[place]
	d, err := r.ready(d)
	if err != nil {
		p := notPlanned(notTransformed(err))
		p.Handler = h.kind
		return p
	}
	p := h.plan(d)
	p.Handler = h.kind
	return p
}

// given is what the transform of the route makes of a delivery, nil for nothing.
func (r *Route) given(d *Delivery) *Given {
	if r.transform == nil {
		return nil
	}
	changed, err := r.ready(d)
	if err != nil {
		return nil // the plan of each handler says so
	}
	g := &Given{}
	if target := string(changed.Request.Target); target != string(d.Request.Target) {
		g.Target = target
	}
	was, is := fieldsOf(d.Request), fieldsOf(changed.Request)
	for _, f := range is {
		if !slices.ContainsFunc(was, func(o [2]string) bool { return sameField(o, f) && o[1] == f[1] }) {
			g.Fields = append(g.Fields, f)
		}
	}
	for _, f := range was {
		if !slices.ContainsFunc(is, func(o [2]string) bool { return sameField(o, f) }) && !slices.Contains(g.Dropped, f[0]) {
			g.Dropped = append(g.Dropped, f[0])
		}
	}
	if !bytes.Equal(changed.Body, d.Body) {
		g.Body, g.Size = bytes.Clone(changed.Body[:min(len(changed.Body), maxGiven)]), int64(len(changed.Body))
	}
	if g.Target == "" && g.Fields == nil && g.Dropped == nil && g.Body == nil {
		return nil
	}
	return g
}

// fieldsOf lists the header fields of a request.
func fieldsOf(r *http1.Request) (list [][2]string) {
	for name, value := range r.All() {
		list = append(list, [2]string{string(name), string(value)})
	}
	return list
}

func sameField(a, b [2]string) bool { return strings.EqualFold(a[0], b[0]) }

// notPlanned is the plan for a delivery that a handler refuses.
func notPlanned(why *fault) Plan { return Plan{Status: why.status, Note: why.err.Error()} }

func (s *scripter) plan(d *Delivery) Plan {
	p := Plan{Command: slices.Clone(s.command), Dir: s.dir}
	if s.templates == nil {
		return p
	}
	command, why := s.arguments(d)
	var set invocation
	if why == nil {
		why = set.variables(s.templates.env, d)
	}
	if why == nil {
		_, why = fillHeaders(s.templates.fields, d)
	}
	if why != nil {
		return notPlanned(why)
	}
	p.Command, p.Variables = command, set.env
	return p
}

func (r *responder) plan(d *Delivery) Plan {
	if _, _, why := r.fill(d); why != nil {
		return notPlanned(why)
	}
	return Plan{Status: r.status}
}

func (f *forwarder) plan(d *Delivery) Plan {
	r := d.Request
	if why := refuse(r); why != nil && !asksWebSocket(r) {
		return notPlanned(why)
	}
	if _, why := fillHeaders(f.fields, d); why != nil {
		return notPlanned(why)
	}
	t := &f.pool.target
	p := Plan{Method: string(r.Method), Host: f.hostFor(r)}
	path := f.requestTarget(&upstream{}, r)
	switch {
	case t.network == "unix":
		p.URL = fmt.Sprintf("unix:%s:%s", t.address, path)
	case t.secure:
		p.URL = fmt.Sprintf("https://%s%s", t.host, path)
	default:
		p.URL = fmt.Sprintf("http://%s%s", t.host, path)
	}
	if asksWebSocket(r) {
		p.Note = "a WebSocket connection"
	}
	return p
}
