package relay

// maxName is the longest name in bytes: that of a DNS label.
const maxName = 63

// reserved are names that a claim cannot have: the relay uses them itself, or
// people take them for the relay.
var reserved = map[string]bool{
	"admin": true, "api": true, "comet": true, "healthz": true, "homehook": true, "localhost": true,
	"mail": true, "ns1": true, "ns2": true, "ptth": true, "relay": true, "reversehttp": true, "www": true,
}

// nameBuffer holds a name in lower case without an allocation.
type nameBuffer [maxName]byte

// fold returns s in lower case if it is a DNS label: 1 to 63 letters, digits
// and hyphens, no hyphen at either end.
func (b *nameBuffer) fold(s []byte) ([]byte, bool) {
	if len(s) == 0 || len(s) > maxName || s[0] == '-' || s[len(s)-1] == '-' {
		return nil, false
	}
	for i, c := range s {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		default:
			return nil, false
		}
		b[i] = c
	}
	return b[:len(s)], true
}

// claimName checks a name that an agent asks for and returns it in lower
// case. The error is a [*refusal] that says what names look like.
func claimName(s string) (string, error) {
	var b nameBuffer
	name, ok := b.fold([]byte(s))
	switch {
	case !ok:
		return "", refuse(400, "a claim's name has 1 to 63 letters, digits and hyphens, and no hyphen at either end")
	case reserved[string(name)]:
		return "", refuse(403, "the name \""+string(name)+"\" is kept for the relay itself; choose another")
	case len(name) >= 4 && string(name[:4]) == "xn--":
		return "", refuse(403, "names that begin with \"xn--\" are not given out; choose another")
	}
	return string(name), nil
}
