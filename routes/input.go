package routes

import "homehook/routes/expression"

// Input sets d.Input to what expressions see of a delivery on the route, by its
// head, d.Body and d.Params.
func (r *Route) Input(d *Delivery) {
	in := expression.Delivery{
		ID: d.ID, Claim: d.Claim, Route: r.Name, Remote: d.Remote, Received: d.Received, Body: d.Body,
	}
	if q := d.Request; q != nil {
		path, query := q.PathQuery()
		in.Method, in.Path, in.Query = string(q.Method), string(path), string(query)
		in.Header = make([]expression.Field, 0, q.Len())
		for i := range q.Len() {
			name, value, _ := q.At(i)
			in.Header = append(in.Header, expression.Field{Name: string(name), Value: string(value)})
		}
	}
	in.Params = params(d.Params)
	d.Input = expression.NewInput(in)
}

func params(list Params) (of []expression.Param) {
	for _, p := range list {
		of = append(of, expression.Param(p))
	}
	return of
}

// ready returns a delivery as the route's handlers get it: transformed, and with
// the input of their templates. The caller's own stays as it is, and is what is
// returned with an error.
func (r *Route) ready(d *Delivery) (*Delivery, error) {
	if r.transform == nil && (!r.templated || d.Input != nil) {
		return d, nil
	}
	own := *d
	if r.transform != nil {
		if own.Input == nil {
			r.Input(&own)
		}
		if err := r.transform.apply(&own); err != nil {
			return d, err
		}
	}
	if r.templated {
		r.Input(&own)
	}
	return &own, nil
}

func notTransformed(err error) *fault { return unfit("the delivery cannot be transformed: %w", err) }
