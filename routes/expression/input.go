package expression

import (
	"strings"
	"time"
)

// Field is one header field.
type Field struct{ Name, Value string }

// Param is a wildcard of a route's pattern and what it stands for.
type Param struct{ Name, Value string }

// Delivery is what expressions may know of a delivery.
type Delivery struct {
	ID, Claim, Route string
	Method           string
	Path, Query      string // raw; the query without "?"
	Remote           string // the sender's address
	Received         time.Time
	Header           []Field // in the order in which they came
	Params           []Param
	Body             []byte // whole
}

// Input is a delivery as expressions see it. Its parts are read when an
// expression first asks for them. It is not safe for concurrent use.
type Input struct {
	d Delivery

	read map[string]reading
	form *form
	used *budget // that this one shares with all that For has made of it
	own  budget
}

// reading is what a part of the delivery came to.
type reading struct {
	value any
	note  string // why there is nothing
	unfit error  // the body demands too much
}

// NewInput makes an Input. The delivery must not change while it is used.
func NewInput(d Delivery) *Input {
	in := &Input{d: d}
	in.used = &in.own
	return in
}

// simple returns the parts that need no reading.
func (in *Input) simple(name string) (any, bool) {
	d := &in.d
	switch name {
	case "method":
		return d.Method, true
	case "path":
		return d.Path, true
	case "claim":
		return d.Claim, true
	case "route":
		return d.Route, true
	case "id":
		return d.ID, true
	case "remote":
		return d.Remote, true
	case "header":
		return fields{d.Header, true}, true
	}
	return nil, false
}

// part returns a part of the delivery by its name.
func (in *Input) part(name string) reading {
	if v, ok := in.simple(name); ok {
		return reading{value: v}
	}
	if r, ok := in.read[name]; ok {
		return r
	}
	if in.read == nil {
		in.read = map[string]reading{}
	}
	r := in.readPart(name)
	in.read[name] = r
	return r
}

func (in *Input) readPart(name string) reading {
	switch name {
	case "query":
		return reading{value: fields{list: parseForm(in.d.Query)}}
	case "params":
		return reading{value: in.params()}
	case "received":
		return reading{value: in.d.Received.UTC().Format(time.RFC3339)}
	case "body":
		if len(in.d.Body) > maxBody {
			return unfit(errLarge)
		}
		return reading{value: string(in.d.Body)}
	case "json":
		return in.json()
	case "xml":
		return in.xml()
	case "form":
		f := in.formOf()
		if f.err != nil {
			return unfit(f.err)
		}
		if !f.is {
			return reading{note: "the body is not a form"}
		}
		return reading{value: fields{list: f.fields}}
	case "files":
		f := in.formOf()
		if f.err != nil {
			return unfit(f.err)
		}
		return reading{value: f.files()}
	case "payload":
		return in.payload()
	}
	return reading{}
}

// unfit is a body that is not looked into.
func unfit(err error) reading {
	if isLimit(err) {
		return reading{note: err.Error(), unfit: err}
	}
	return reading{note: err.Error()}
}

func (in *Input) params() object {
	o := newObject()
	for _, p := range in.d.Params {
		o.set(p.Name, p.Value)
	}
	return o
}

func (in *Input) json() reading {
	return in.body(readJSON, "the body is not JSON")
}

// body reads the body; note is what there is to say of one that cannot be read so.
func (in *Input) body(read func([]byte) (any, error), note string) reading {
	v, err := read(in.d.Body)
	switch {
	case err == nil:
		return reading{value: v}
	case isLimit(err):
		return unfit(err)
	case len(in.d.Body) == 0:
		return reading{note: "there is no body"}
	}
	return reading{note: note}
}

// contentType returns the media type of the body, in lower case, and the whole
// field.
func (in *Input) contentType() (media, whole string) {
	for _, f := range in.d.Header {
		if strings.EqualFold(f.Name, "Content-Type") {
			media, _, _ := strings.Cut(f.Value, ";")
			return strings.ToLower(strings.TrimSpace(media)), f.Value
		}
	}
	return "", ""
}

// payload is the body as whatever it is: what its type says, else what it looks
// like.
func (in *Input) payload() reading {
	order := []string{"json", "xml", "form"}
	media, _ := in.contentType()
	switch {
	case strings.HasSuffix(media, "/xml") || strings.HasSuffix(media, "+xml"):
		order = []string{"xml", "json", "form"}
	case media == typeForm || media == typeMultipart:
		order = []string{"form", "json", "xml"}
	}
	for _, name := range order {
		r := in.part(name)
		if r.unfit != nil {
			return r
		}
		if r.note != "" {
			continue
		}
		if list, ok := r.value.([]any); ok {
			o := newObject()
			o.set("root", list)
			return reading{value: o}
		}
		return r
	}
	if len(in.d.Body) == 0 {
		return reading{note: "there is no body"}
	}
	return reading{note: "the body is neither JSON nor XML nor a form"}
}
