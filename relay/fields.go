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

const receivedLayout = "2006-01-02T15:04:05.000000Z"

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
func (p *parcel) writeHead(w *http1.Writer) {
	r := p.request
	w.StartRequest(r.Method, p.target(r))
	w.CopyFields(&r.Head, p.dropHost(r))
	if host, _ := r.GetKind(http1.Host); !r.HasHost() || !bytes.Equal(host, p.place.host) {
		w.FieldBytes("Host", p.place.host)
	}
	if p.forwards >= 0 {
		p.scratch = strconv.AppendInt(p.scratch[:0], int64(p.forwards), 10)
		w.FieldBytes("Max-Forwards", p.scratch)
	}
	if p.switches {
		w.FieldBytes("Connection", optionUpgrade)
		w.FieldBytes("Upgrade", webSocket)
	}
	p.writeOrigin(w, r)
	p.writeDelivery(w)
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
func (p *parcel) dropHost(r *http1.Request) http1.Kinds {
	if host, ok := r.GetKind(http1.Host); ok && !bytes.Equal(host, p.place.host) {
		return p.drop | 1<<http1.Host
	}
	return p.drop
}

// target returns what the agent gets as target: the raw path and query, in
// path mode without the prefix unless the link's dialect has it otherwise.
func (p *parcel) target(r *http1.Request) []byte {
	t := r.Target
	if r.Absolute() {
		t = t[bytes.Index(t, []byte("://"))+3:]
		if i := bytes.IndexAny(t, "/?"); i >= 0 {
			t = t[i:]
		} else {
			t = nil
		}
	}
	if !p.whole {
		t = t[len(p.place.prefix):]
	}
	if len(t) > 0 && t[0] == '/' {
		return t
	}
	p.scratch = append(append(p.scratch[:0], slash...), t...)
	return p.scratch
}

// writeOrigin says where the request came from, from the socket and not from
// what the sender says.
func (p *parcel) writeOrigin(w *http1.Writer, r *http1.Request) {
	if p.source.two {
		w.FieldBytes("Via", p.relay.viaTwo)
	} else {
		p.writeViaOf(w, r.Minor)
	}
	host := p.place.host
	if len(host) > 0 {
		q := noQuote
		if bytes.ContainsAny(host, "(),;=:[]") {
			q = quote
		}
		w.Append("Forwarded", p.source.forwardedFor, hostPart, q, host, q, protoPart, p.source.proto)
	} else {
		w.Append("Forwarded", p.source.forwardedFor, protoPart, p.source.proto)
	}
	w.FieldBytes("X-Forwarded-For", p.source.addr)
	if len(host) > 0 {
		w.FieldBytes("X-Forwarded-Host", host)
	}
	w.FieldBytes("X-Forwarded-Proto", p.source.proto)
	if p.place.prefix != nil && !p.whole {
		w.FieldBytes("X-Forwarded-Prefix", p.place.prefix)
	}
}

// writeDelivery writes what the relay tells the agent about the delivery.
func (p *parcel) writeDelivery(w *http1.Writer) {
	w.FieldBytes("Homehook-Delivery", p.id[:])
	p.scratch = p.received.UTC().AppendFormat(p.scratch[:0], receivedLayout)
	w.FieldBytes("Homehook-Received", p.scratch)
	if p.sent == 0 {
		w.FieldBytes("Homehook-Attempt", firstAttempt)
	} else {
		p.writeNumber(w, "Homehook-Attempt", p.sent+1)
	}
	w.FieldBytes("Homehook-Answer", p.mode)
	if !p.link.traits.Ours {
		return
	}
	if n := p.claim.waiting() + p.more; n > 0 {
		p.writeNumber(w, "Homehook-Waiting", n)
	}
	if p.after != nil {
		w.FieldBytes("Homehook-After", p.after)
		p.writeNumber(w, "Homehook-Queued", p.behind)
	}
}

func (p *parcel) writeNumber(w *http1.Writer, name string, n int) {
	p.scratch = strconv.AppendInt(p.scratch[:0], int64(n), 10)
	w.FieldBytes(name, p.scratch)
}

// writeVia adds the relay to the way that an answer took.
func (v *visitor) writeVia(w *http1.Writer) { v.writeViaOf(w, 1) }

// writeViaSandbox also isolates a document in path mode, where every claim is
// of one origin. An application's own policy stays in force beside this one.
func (v *visitor) writeViaSandbox(w *http1.Writer) {
	v.writeVia(w)
	writeSandbox(w)
}

func writeSandbox(w *http1.Writer) {
	w.FieldBytes("Content-Security-Policy", sandbox)
	w.FieldBytes("X-Content-Type-Options", nosniff)
}

func (p *parcel) writeViaOf(w *http1.Writer, minor int) {
	via := p.relay.via
	if minor == 0 {
		via = p.relay.viaOld
	}
	w.FieldBytes("Via", via)
}
