package imports

import (
	"cmp"
	"fmt"
	"net/textproto"
	"strings"
)

// value is what an argument of a hook stands for.
type value struct {
	// expr is an expression; empty for a literal, or for what is never there.
	expr string
	// literal is a fixed text, if fixed.
	literal string
	fixed   bool
	// sure: it is there in every request.
	sure bool
	// isText: it is text or missing, never a number, list or object.
	isText bool
	// unknown: webhook cannot say what it is, and logs an error.
	unknown bool
}

// missing is the value that no request has.
func (v value) missing() bool { return v.expr == "" && !v.fixed }

// template writes the value for an argument, a variable or a file.
func (v value) template() string {
	if v.expr == "" {
		return literal(v.literal)
	}
	return template(v.expr)
}

// has is the condition that the value is there.
func (v value) has() expr {
	switch {
	case v.fixed || v.sure:
		return always
	case v.missing():
		return never
	}
	return expr{text: "has(" + v.expr + ")"}
}

// text is the value as text, in a condition.
func (v value) text() string {
	switch {
	case v.fixed:
		return quoted(v.literal)
	case v.isText:
		return v.expr
	}
	return "text(" + v.expr + ")"
}

// values finds the values of one hook.
type values struct {
	item *Item
	// payload is the variable that holds the body's fields; empty when webhook
	// reads none of the type that the hook states.
	payload string
	// parsed are the names of texts with JSON in them, by their source.
	parsed map[string][]string
}

func newValues(item *Item, h *hook) *values {
	v := &values{item: item, payload: payloadOf(string(h.ContentType)), parsed: map[string][]string{}}
	for _, a := range h.JSON {
		source := sourceOf(a)
		v.parsed[source] = append(v.parsed[source], keyOf(source, string(a.Name)))
	}
	return v
}

// payloadOf is the variable for the body of a type, in webhook's order.
func payloadOf(contentType string) string {
	switch {
	case contentType == "":
		return "payload"
	case strings.Contains(contentType, "json"):
		return "json"
	case strings.Contains(contentType, "x-www-form-urlencoded"), strings.HasPrefix(contentType, "multipart/form-data;"):
		return "form"
	case strings.Contains(contentType, "xml"):
		return "xml"
	}
	return ""
}

// sourceOf is the source of an argument under one name.
func sourceOf(a argument) string {
	if a.Source == "url" {
		return "query"
	}
	return string(a.Source)
}

// keyOf is a name as webhook looks it up.
func keyOf(source, name string) string {
	if source == "header" {
		return textproto.CanonicalMIMEHeaderKey(name)
	}
	return name
}

// of finds the value of an argument.
func (v *values) of(a argument) value {
	switch source, name := sourceOf(a), string(a.Name); source {
	case "string":
		return value{literal: name, fixed: true}
	case "raw-request-body":
		return value{expr: "body", sure: true, isText: true}
	case "request":
		return v.request(strings.ToLower(name))
	case "entire-payload":
		v.jsonOrder()
		return value{expr: "toJSON(" + cmp.Or(v.payload, "payload") + ")", sure: true, isText: true}
	case "entire-headers":
		v.item.differ("entire-headers", "the header fields are those that arrive through the relay, Host and the relay's own among them", Arguments, Environment, Files)
		return value{expr: "toJSON(header)", sure: true, isText: true}
	case "entire-query":
		v.jsonOrder()
		return value{expr: "toJSON(query)", sure: true, isText: true}
	case "header", "query", "payload":
		return v.named(source, keyOf(source, name))
	default:
		return value{unknown: true}
	}
}

// request finds a value of the request itself.
func (v *values) request(name string) value {
	switch name {
	case "method":
		return value{expr: "method", sure: true, isText: true}
	case "remote-addr":
		v.item.differ("remote", "the sender's address is the one that the relay saw, without a port; webhook gives that of its last connection, with the port", Arguments, Environment, Files)
		return value{expr: "remote", sure: true, isText: true}
	}
	return value{unknown: true}
}

// named finds a value by its name.
func (v *values) named(source, name string) value {
	if name == "" {
		return value{}
	}
	for _, key := range v.parsed[source] {
		if rest, ok := strings.CutPrefix(name, key); ok && (rest == "" || rest[0] == '.') {
			return v.inJSON(source, key, strings.TrimPrefix(rest, "."))
		}
	}
	switch source {
	case "payload":
		if v.payload == "" {
			return value{}
		}
		return v.inPayload(name)
	case "header":
		v.hostField(name)
	}
	return value{expr: v.plain(source, name), isText: true}
}

// plain is a value that is text, or the text in which there is JSON.
func (v *values) plain(source, name string) string {
	switch {
	case source == "header":
		return "header[" + quoted(name) + "]"
	case source == "query" && identifier.MatchString(name):
		return "query." + name
	case source == "query":
		return "query[" + quoted(name) + "]"
	case v.payload == "form" && !identifier.MatchString(name):
		return "form[" + quoted(name) + "]"
	}
	return path(cmp.Or(v.payload, "payload"), name)
}

// inPayload finds a value of the body.
func (v *values) inPayload(name string) value {
	if v.payload == "form" {
		v.item.differ("form-type", "a form is read where the request's Content-Type says that it is one; webhook reads it by incoming-payload-content-type", Arguments, Environment, Files, Status, Body, Process)
		return value{expr: v.plain("payload", name), isText: true}
	}
	// What Homehook calls json is the list itself; webhook calls it root.
	if place, ok := strings.CutPrefix(name, "root."); ok && v.payload == "json" {
		if first, rest, more := strings.Cut(place, "."); index.MatchString(first) && more {
			return value{expr: path(member("json", first), rest)}
		} else if index.MatchString(first) {
			return value{expr: member("json", first)}
		}
	}
	return value{expr: path(v.payload, name)}
}

// inJSON finds a value of an object that is written as a text.
func (v *values) inJSON(source, key, rest string) value {
	of := v.plain(source, key)
	v.item.differ("json-list", fmt.Sprintf("%s is read as JSON, a list too; webhook reads objects only", describe(source, key)), Arguments, Environment, Files)
	if rest == "" {
		v.jsonOrder()
		return value{expr: "text(fromJSON(" + of + ") ?? " + of + ")", isText: true}
	}
	return value{expr: path("fromJSON("+of+")", rest)}
}

// jsonOrder says how JSON that is made anew differs.
func (v *values) jsonOrder() {
	v.item.differ("json-order", "JSON that is made anew has its members in the sender's order, and <, > and & as they are; webhook sorts and escapes them", Arguments, Environment, Files)
}

// hostField says what is different with the one field that is a field here and
// none in webhook.
func (v *values) hostField(name string) {
	if name == "Host" {
		v.item.differ("host-field", "the field Host is there; webhook does not find it", Arguments, Environment, Files, Status, Body)
	}
}

// describe names a value in a sentence.
func describe(source, name string) string {
	switch source {
	case "header":
		return "the header field " + name
	case "query":
		return fmt.Sprintf("the query's %q", name)
	}
	return fmt.Sprintf("the payload's %q", name)
}
