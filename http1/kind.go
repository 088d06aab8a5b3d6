package http1

// Kind tells fields apart that an intermediary treats specially. A field's
// kind is found once, while its head is read.
type Kind uint8

// The kinds. Every name that is none of these is Other.
const (
	Other Kind = iota
	Host
	ContentLength
	TransferEncoding
	Connection
	KeepAlive
	ProxyConnection
	ProxyAuthenticate // and Proxy-Authentication-Info
	ProxyAuthorization
	TE
	Trailer
	Upgrade
	HTTP2Settings
	Expect
	Via
	MaxForwards
	Date
	Forwarded
	XForwarded // every name that starts with X-Forwarded-, and X-Real-IP
	Homehook   // every name that starts with Homehook-
	Nominated  // a field that Connection names as belonging to this hop
	PTTH       // every name that starts with PTTH-

	// In the names of XForwarded, Homehook and PTTH any sign counts as the
	// hyphen: X_Forwarded_For is one of them.
)

// Kinds is a set of kinds.
type Kinds uint64

// KindsOf returns the set of the given kinds.
func KindsOf(kinds ...Kind) Kinds {
	var s Kinds
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

// Has reports whether k is in the set.
func (s Kinds) Has(k Kind) bool { return s>>k&1 != 0 }

// HopByHop are the fields that belong to one connection only (RFC 9110,
// section 7.6.1) and the framing fields, which every hop writes anew.
const HopByHop Kinds = 1<<Connection | 1<<KeepAlive | 1<<ProxyConnection | 1<<ProxyAuthenticate |
	1<<ProxyAuthorization | 1<<TE | 1<<Trailer | 1<<Upgrade | 1<<HTTP2Settings | 1<<Nominated |
	1<<ContentLength | 1<<TransferEncoding

// kindOf finds the kind of a field name, whatever its case. The length picks
// the one or two candidates, so that an unknown name costs one comparison.
func kindOf(name []byte) Kind {
	switch len(name) {
	case 2:
		return pick(name, "te", TE)
	case 3:
		return pick(name, "via", Via)
	case 4:
		if k := pick(name, "host", Host); k != Other {
			return k
		}
		return pick(name, "date", Date)
	case 6:
		return pick(name, "expect", Expect)
	case 7:
		if k := pick(name, "upgrade", Upgrade); k != Other {
			return k
		}
		return pick(name, "trailer", Trailer)
	}
	return longKindOf(name)
}

func longKindOf(name []byte) Kind {
	switch {
	case len(name) > 5 && equalVariable(name[:5], "ptth-"):
		return PTTH
	case len(name) > 9 && equalVariable(name[:9], "homehook-"):
		return Homehook
	case len(name) > 12 && equalVariable(name[:12], "x-forwarded-"), equalVariable(name, "x-real-ip"):
		return XForwarded
	}
	switch len(name) {
	case 9:
		return pick(name, "forwarded", Forwarded)
	case 10:
		if k := pick(name, "connection", Connection); k != Other {
			return k
		}
		return pick(name, "keep-alive", KeepAlive)
	case 12:
		return pick(name, "max-forwards", MaxForwards)
	case 14:
		if k := pick(name, "content-length", ContentLength); k != Other {
			return k
		}
		return pick(name, "http2-settings", HTTP2Settings)
	case 16:
		return pick(name, "proxy-connection", ProxyConnection)
	case 17:
		return pick(name, "transfer-encoding", TransferEncoding)
	case 18:
		return pick(name, "proxy-authenticate", ProxyAuthenticate)
	case 19:
		return pick(name, "proxy-authorization", ProxyAuthorization)
	case 25:
		return pick(name, "proxy-authentication-info", ProxyAuthenticate)
	}
	return Other
}

func pick(name []byte, lower string, k Kind) Kind {
	if equalFold(name, lower) {
		return k
	}
	return Other
}

// equalVariable is equalFold for names that only an intermediary may write.
// Programs that make variables of fields (CGI, WSGI, PHP) turn what is neither a
// letter nor a digit into an underscore, so that X_Real_IP is X-Real-IP to them:
// any such sign counts as the hyphen.
func equalVariable(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		switch {
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		case (c < 'a' || c > 'z') && (c < '0' || c > '9'):
			c = '-'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// equalFold compares ASCII without case; lower is in lower case already.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
