package routes

import (
	"bytes"

	"homehook/http1"
)

// dropRequest are the fields of a request that end here: those of its last
// connection, and the expectation that this side has met.
var dropRequest = http1.HopByHop | http1.KindsOf(http1.Expect)

// writeHead writes the head of the outgoing request but for its end: the
// sender's fields as they came, the configured ones, filled in, and those of the
// connection to the target.
func (f *forwarder) writeHead(u *upstream, r *http1.Request, fields []header) {
	w := u.conn.Writer()
	w.StartRequest(r.Method, f.requestTarget(u, r))
	drop := dropRequest
	if f.host != "" || r.Absolute() || len(r.Host()) == 0 {
		drop |= http1.KindsOf(http1.Host)
		w.Field("Host", f.hostFor(r))
	}
	if f.replaces(r) {
		f.copyOthers(w, r, drop)
	} else {
		w.CopyFields(&r.Head, drop)
	}
	for _, h := range fields {
		w.Field(h.name, h.value)
	}
	if asksWebSocket(r) {
		w.Field("Connection", "Upgrade")
		w.Field("Upgrade", "websocket")
	}
}

// hostFor returns the Host field for the outgoing request.
func (f *forwarder) hostFor(r *http1.Request) string {
	if f.host != "" {
		return f.host
	}
	if host := r.Host(); len(host) > 0 {
		return string(host)
	}
	return f.pool.target.host // it is missing, or empty as the draft of PTTH has it
}

// requestTarget returns the raw path and query for the outgoing request.
func (f *forwarder) requestTarget(u *upstream, r *http1.Request) []byte {
	base := f.pool.target.base
	if f.strip == "" && base == "" && r.Target[0] == '/' {
		return r.Target
	}
	path, query := r.PathQuery()
	if path[0] != '/' {
		return path // the asterisk of OPTIONS
	}
	b := append(u.scratch[:0], base...)
	if rest := f.stripped(path); len(rest) > 0 {
		b = append(b, rest...)
	} else {
		b = append(b, '/')
	}
	if query != nil {
		b = append(append(b, '?'), query...)
	}
	u.scratch = b
	return b
}

// stripped takes the prefix off a path that has it, at the end of a segment.
func (f *forwarder) stripped(path []byte) []byte {
	rest, ok := bytes.CutPrefix(path, []byte(f.strip))
	if !ok || len(rest) > 0 && rest[0] != '/' {
		return path
	}
	return rest
}

// replaces reports whether the request has a field that is configured.
func (f *forwarder) replaces(r *http1.Request) bool {
	if len(f.fields) == 0 {
		return false
	}
	for i := range r.Len() {
		if name, _, _ := r.At(i); f.configures(name) {
			return true
		}
	}
	return false
}

// copyOthers writes the request's fields but for the configured ones.
func (f *forwarder) copyOthers(w *http1.Writer, r *http1.Request, drop http1.Kinds) {
	for i := range r.Len() {
		name, value, kind := r.At(i)
		if !drop.Has(kind) && !f.configures(name) {
			w.FieldBytes(string(name), value)
		}
	}
}

// configures reports whether a field is configured, or one that the target may
// take for it.
func (f *forwarder) configures(name []byte) bool {
	for _, h := range f.fields {
		if isField(name, h.name) {
			return true
		}
	}
	return false
}
