package relay

import (
	"bytes"
	"strconv"

	"homehook/http1"
)

const (
	// droppedFromSender are the fields that a sender's request loses: those
	// of the connection, and those that only the relay may write.
	droppedFromSender = http1.HopByHop | 1<<http1.Expect | 1<<http1.Forwarded | 1<<http1.XForwarded |
		1<<http1.Homehook | 1<<http1.PTTH

	// droppedFromHome are the fields, beside those of the connection, that an
	// answer loses.
	droppedFromHome http1.Kinds = 1<<http1.Homehook | 1<<http1.PTTH
)

const receivedLayout = "2006-01-02T15:04:05.000Z"

var (
	slash        = []byte("/")
	quote        = []byte(`"`)
	noQuote      = []byte{}
	hostPart     = []byte(";host=")
	protoPart    = []byte(";proto=")
	firstAttempt = []byte("1")
	throughMode  = []byte(answerThrough)

	sandbox = []byte("sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts")
	nosniff = []byte("nosniff")

	optionUpgrade = []byte("Upgrade")
	webSocket     = []byte("websocket")
)

// writeHead writes the request as the agent gets it, but for its framing.
func (v *visitor) writeHead(w *http1.Writer) {
	r := v.x.Request
	w.StartRequest(r.Method, v.target(r))
	w.CopyFields(&r.Head, v.dropHost(r))
	if host, _ := r.GetKind(http1.Host); !r.HasHost() || !bytes.Equal(host, v.place.host) {
		w.FieldBytes("Host", v.place.host)
	}
	if v.forwards >= 0 {
		v.scratch = strconv.AppendInt(v.scratch[:0], int64(v.forwards), 10)
		w.FieldBytes("Max-Forwards", v.scratch)
	}
	if v.switches {
		w.FieldBytes("Connection", optionUpgrade)
		w.FieldBytes("Upgrade", webSocket)
	}
	v.writeOrigin(w, r)
	v.writeDelivery(w)
}

// takesTrailers reports whether the sender has said that it takes trailer
// fields.
func takesTrailers(r *http1.Request) bool {
	if _, ok := r.GetKind(http1.TE); !ok || r.Minor == 0 {
		return false
	}
	return r.HasToken("TE", "trailers")
}

// dropHost drops the Host field too where the target names another authority,
// which outranks it (RFC 9112, section 3.2.2).
func (v *visitor) dropHost(r *http1.Request) http1.Kinds {
	if host, ok := r.GetKind(http1.Host); ok && !bytes.Equal(host, v.place.host) {
		return v.drop | 1<<http1.Host
	}
	return v.drop
}

// target returns what the agent gets as target: the raw path and query, in
// path mode without the prefix unless the link's dialect has it otherwise.
func (v *visitor) target(r *http1.Request) []byte {
	t := r.Target
	if r.Absolute() {
		t = t[bytes.Index(t, []byte("://"))+3:]
		if i := bytes.IndexAny(t, "/?"); i >= 0 {
			t = t[i:]
		} else {
			t = nil
		}
	}
	if !v.whole {
		t = t[len(v.place.prefix):]
	}
	if len(t) > 0 && t[0] == '/' {
		return t
	}
	v.scratch = append(append(v.scratch[:0], slash...), t...)
	return v.scratch
}

// writeOrigin says where the request came from, from the socket and not from
// what the sender says.
func (v *visitor) writeOrigin(w *http1.Writer, r *http1.Request) {
	if v.conn == nil {
		w.FieldBytes("Via", v.relay.viaTwo)
	} else {
		v.writeViaOf(w, r.Minor)
	}
	host := v.place.host
	if len(host) > 0 {
		q := noQuote
		if bytes.ContainsAny(host, "(),;=:[]") {
			q = quote
		}
		w.Append("Forwarded", v.forwardedFor, hostPart, q, host, q, protoPart, v.proto)
	} else {
		w.Append("Forwarded", v.forwardedFor, protoPart, v.proto)
	}
	w.FieldBytes("X-Forwarded-For", v.addr)
	if len(host) > 0 {
		w.FieldBytes("X-Forwarded-Host", host)
	}
	w.FieldBytes("X-Forwarded-Proto", v.proto)
	if v.place.prefix != nil && !v.whole {
		w.FieldBytes("X-Forwarded-Prefix", v.place.prefix)
	}
}

// writeDelivery writes what the relay tells the agent about the delivery.
func (v *visitor) writeDelivery(w *http1.Writer) {
	w.FieldBytes("Homehook-Delivery", v.id[:])
	v.scratch = v.received.UTC().AppendFormat(v.scratch[:0], receivedLayout)
	w.FieldBytes("Homehook-Received", v.scratch)
	w.FieldBytes("Homehook-Attempt", firstAttempt)
	w.FieldBytes("Homehook-Answer", throughMode)
	if n := v.claim.waiting(); n > 0 && v.link.traits.Ours {
		v.scratch = strconv.AppendInt(v.scratch[:0], int64(n), 10)
		w.FieldBytes("Homehook-Waiting", v.scratch)
	}
}

// writeVia adds the relay to the way that an answer took.
func (v *visitor) writeVia(w *http1.Writer) { v.writeViaOf(w, 1) }

// writeViaSandbox also isolates a document in path mode, where every claim is
// of one origin. An application's own policy stays in force beside this one.
func (v *visitor) writeViaSandbox(w *http1.Writer) {
	v.writeVia(w)
	w.FieldBytes("Content-Security-Policy", sandbox)
	w.FieldBytes("X-Content-Type-Options", nosniff)
}

func (v *visitor) writeViaOf(w *http1.Writer, minor int) {
	via := v.relay.via
	if minor == 0 {
		via = v.relay.viaOld
	}
	w.FieldBytes("Via", via)
}
