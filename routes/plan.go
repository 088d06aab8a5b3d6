package routes

import (
	"fmt"
	"slices"
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

	// Files are the paths of files that would be written.
	Files []string `json:"files,omitempty"`

	// Note says what else there is to know; empty for nothing.
	Note string `json:"note,omitempty"`

	// Also is what the further handlers of the route would do.
	Also []Plan `json:"also,omitempty"`
}

// Plan says what the route would do with a delivery. It starts nothing, sends
// nothing and leaves the body of the request alone.
func (r *Route) Plan(d *Delivery) Plan {
	p := r.planAt(0, d)
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

// notPlanned is the plan for a delivery that a handler refuses.
func notPlanned(why *fault) Plan { return Plan{Status: why.status, Note: why.err.Error()} }

func (s *scripter) plan(d *Delivery) Plan {
	p := Plan{Command: slices.Clone(s.command), Dir: s.dir}
	if s.templates == nil {
		return p
	}
	command, why := s.arguments(d)
	if why == nil {
		why = new(given).variables(s.templates.env, d)
	}
	if why == nil {
		_, why = fillHeaders(s.templates.fields, d)
	}
	if why != nil {
		return notPlanned(why)
	}
	p.Command = command
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
