package routes

import (
	"fmt"

	"homehook/http1"
)

// newAccepted checks the answer to deliveries of a route that run later.
func (c *compiler) newAccepted(path string, s *Spec, r *Route) *responder {
	a := c.respond(path, s.Accepted, r)
	switch {
	case s.Accepted.Status == 0:
		a.status = 202
	case a.status > 299 && !c.has(path+".status"):
		c.report(path+".status", fmt.Sprintf("%d does not tell a sender that its delivery is accepted", a.status), "use one from 200 to 299")
	}
	return a
}

// Accepted returns the answer to a delivery that is kept and runs later, nil for
// that of the claim. A delivery whose values its templates cannot take is
// answered as the claim has it.
func (r *Route) Accepted(d *Delivery) *Answer {
	if r.accepted == nil {
		return nil
	}
	if r.templated && d.Input == nil {
		own := *d
		r.Input(&own)
		d = &own
	}
	fields, body, why := r.accepted.fill(d)
	if why != nil {
		return nil
	}
	a := &Answer{Status: r.accepted.status, Body: body, Why: "accepted"}
	for _, h := range fields {
		a.Fields = append(a.Fields, http1.Field{Name: h.name, Value: h.value})
	}
	return a
}
