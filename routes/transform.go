package routes

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"homehook/http1"
	"homehook/routes/expression"
)

// transform changes what the handlers of a route get: parts are renamed, then
// dropped, then set, then the body is replaced. What is not named stays as it
// is, byte for byte.
type transform struct {
	changes  []change
	body     *expression.Template // nil for the body as it is then
	bodyType string
}

// change is one change of a delivery.
type change struct {
	spot
	to    spot                 // of a rename
	value *expression.Template // to be set; nil for a rename or a drop
	drop  bool
}

// changed is a delivery that is being changed.
type changed struct {
	d     *Delivery
	head  []http1.Field
	query string
	asked bool // there is a query
	body  []byte
	json  bool // the body is known to be JSON
	grown int  // by how many bytes the changes make the delivery larger so far
}

// maxGrown is how many bytes larger a transform may make a delivery. A value may
// be put into it in many places: what a stranger sends must not become as large
// as the product.
const maxGrown = 16 << 20

var errGrown = fmt.Errorf("this would make the delivery more than %d MiB larger", maxGrown>>20)

// grow counts what a change adds, which is less than 0 for what it takes away.
func (x *changed) grow(n int) error {
	if x.grown += n; x.grown > maxGrown {
		return errGrown
	}
	return nil
}

// Fixed reports whether the route does nothing but give an answer that is the
// same for every delivery.
func (r *Route) Fixed() bool {
	return r.Kind() == "respond" && len(r.handlers) == 1 && r.transform == nil && !r.templated
}

func (c *compiler) transform(path string, s *TransformSpec, r *Route) *transform {
	t := &transform{bodyType: s.Type}
	for _, name := range slices.Sorted(maps.Keys(s.Rename)) {
		t.changes = append(t.changes, c.rename(path+".rename", name, s.Rename))
	}
	for i, name := range s.Drop {
		t.changes = append(t.changes, change{spot: c.spot(fmt.Sprintf("%s.drop[%d]", path, i), name), drop: true})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Set)) {
		at := path + ".set." + name
		t.changes = append(t.changes, change{spot: c.spot(at, name), value: c.template(at, s.Set[name], r)})
	}
	if s.Body != "" {
		t.body = c.template(path+".body", s.Body, r)
		for _, x := range t.changes {
			if x.of == partJSON || x.of == partForm {
				c.report(path+".body", fmt.Sprintf("the body is replaced whole, so a change to %s is lost", x.of), "leave one of the two out")
				break
			}
		}
	}
	if s.Type != "" && !isFieldValue(s.Type) {
		c.report(path+".type", fmt.Sprintf("%q is not a content type", s.Type), "write it like application/json")
	}
	if len(t.changes) == 0 && s.Body == "" && s.Type == "" {
		c.report(path, "the transform changes nothing", "add one of rename, drop, set, body and type")
	}
	return t
}

// rename compiles an entry of rename.
func (c *compiler) rename(path, name string, all map[string]string) change {
	at := path + "." + name
	x := change{spot: c.spot(at, name), to: c.spot(at, all[name])}
	switch {
	case x.of == "" || x.to.of == "": // reported
	case x.of != x.to.of || !slices.Equal(x.parent(), x.to.parent()):
		c.report(at, fmt.Sprintf("%s cannot become %s: a rename keeps the place", name, all[name]), "set the new one and drop the old one")
	case x.of == partJSON && (x.last().list || x.to.last().list):
		c.report(at, "an entry of a list has no name", "name a member of an object")
	}
	for other := range all {
		if other != name && other == all[name] {
			c.report(at, fmt.Sprintf("%s is renamed itself, and which comes first is open", other), "use another name")
		}
	}
	return x
}

// apply replaces d.Request and d.Body by the changed ones, and leaves d.Input,
// whose values it uses, as it is. The error says why the delivery cannot be
// changed, without its values.
func (t *transform) apply(d *Delivery) error {
	x := newChanged(d)
	for i := range t.changes {
		if err := x.change(&t.changes[i]); err != nil {
			return err
		}
	}
	if t.body != nil {
		text, _, err := t.body.Text(d.Input)
		if err != nil {
			return fmt.Errorf("the body cannot be filled in: %w", err)
		}
		x.body = []byte(text)
	}
	if t.bodyType != "" {
		x.setField("Content-Type", t.bodyType)
	}
	return x.finish()
}

func newChanged(d *Delivery) *changed {
	x := &changed{d: d, body: d.Body}
	for name, value := range d.Request.All() {
		x.head = append(x.head, http1.Field{Name: string(name), Value: string(value)})
	}
	_, query := d.Request.PathQuery()
	x.query, x.asked = string(query), query != nil
	return x
}

// change makes one change.
func (x *changed) change(c *change) error {
	switch {
	case c.value != nil:
		return x.set(c)
	case c.drop:
		return x.edit(c.spot, edit{drop: true})
	}
	return x.edit(c.spot, edit{name: c.to.name})
}

// set sets a part to its value. One that comes to nothing changes nothing.
func (x *changed) set(c *change) error {
	var value string
	var missing bool
	var err error
	if c.of == partJSON {
		var text []byte
		text, missing, err = c.value.JSON(x.d.Input)
		value = string(text)
	} else {
		value, missing, err = c.value.Text(x.d.Input)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be filled in: %w", c.written, err)
	}
	if missing {
		return nil
	}
	return x.edit(c.spot, edit{value: &value})
}

// edit is what is done to a part: it gets another name, or another value, or
// goes.
type edit struct {
	name  string
	value *string
	drop  bool
}

// verb is what is done, in the words of messages.
func (e *edit) verb() string {
	switch {
	case e.drop:
		return "dropped"
	case e.value == nil:
		return "renamed"
	}
	return "set"
}

func (x *changed) edit(at spot, e edit) error {
	switch at.of {
	case partHeader:
		return x.editHeader(at.name, e)
	case partQuery:
		query, err := x.editPairs(x.query, at.name, e)
		if err != nil {
			return fmt.Errorf("%s cannot be changed: %w", at.written, err)
		}
		x.query, x.asked = query, query != ""
		return nil
	case partForm:
		return x.editForm(at, e)
	}
	return x.editJSON(at, e)
}

// finish puts the changed request into the delivery.
func (x *changed) finish() error {
	if _, ok := x.d.Request.Get("Content-Length"); !bytes.Equal(x.body, x.d.Body) || !ok && len(x.body) > 0 {
		x.frame()
	}
	target := x.d.Request.Target
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		target = target[:i]
	}
	full := string(target)
	if x.asked {
		full += "?" + x.query
	}
	r, err := http1.BuildRequest(string(x.d.Request.Method), full, x.head, bytes.NewReader(x.body), int64(len(x.body)))
	if err != nil {
		return err
	}
	x.d.Request, x.d.Body = r, x.body
	return nil
}
