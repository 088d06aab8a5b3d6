package signature

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// format is how a signature field is written: one signature or a list of them,
// each behind a tag or bare.
type format struct {
	encoding encoding
	list     string // between the members of a list; empty where there is one
	tag      string // between a tag and its value; empty where there are none
	bare     string // the tag of a member without one; empty where it needs one
	prefix   string // before the member, where it is no tag
	fold     bool   // tags have no case
	stamp    string // the tag of the member that is the time, in lists
}

type encoding uint8

const (
	hexadecimal encoding = iota
	base64Text
	plain
)

// maxSignatures is how many signatures of known tags are tried, each with
// every secret.
const maxSignatures = 16

// read takes a signature field apart. Members with unknown tags, and such as
// cannot be decoded, are passed over as long as there are others: senders list
// signatures of several versions.
func (l *layout) read(value string, p *parts) error {
	members := []string{value}
	if l.list != "" {
		members = strings.Split(value, l.list)
	}
	unknown, times := false, 0 // unknown: there is a tag, but none that is taken
	for _, member := range members {
		tag, text := l.split(member)
		switch {
		case l.stamp != "" && tag == l.stamp:
			p.time = text
			times++
		case !slices.Contains(l.tags, tag):
			unknown = unknown || tag != ""
		default:
			if b, ok := l.decode(text); ok {
				p.signatures = append(p.signatures, candidate{tag, b})
			}
		}
	}
	switch {
	case times > 1:
		return failf(StepFormat, "%s has more than one time in it", l.signature)
	case l.stamp != "" && p.time == "":
		return failf(StepFormat, "%s has no time (%s=) in it", l.signature, l.stamp)
	case len(p.signatures) == 0 && unknown:
		return failf(StepFormat, "%s has no signature of a known kind in it (%s)", l.signature, strings.Join(l.tags, ", "))
	case len(p.signatures) == 0:
		return failf(StepFormat, "%s cannot be read: it is to look like %s", l.signature, l.example())
	case len(p.signatures) > maxSignatures:
		return failf(StepFormat, "%s has more than %d signatures in it", l.signature, maxSignatures)
	}
	return nil
}

// split takes the tag off a member, "" if it has none and needs one.
func (l *layout) split(member string) (tag, text string) {
	if l.prefix != "" {
		text, ok := strings.CutPrefix(member, l.prefix)
		if !ok {
			return "", member
		}
		return l.bare, text
	}
	if l.tag != "" {
		tag, text, ok := strings.Cut(member, l.tag)
		if at := slices.IndexFunc(l.tags, func(t string) bool { return l.fold && strings.EqualFold(t, tag) }); at >= 0 {
			tag = l.tags[at]
		}
		if ok && (l.bare == "" || slices.Contains(l.tags, tag)) {
			return tag, text
		}
	}
	return l.bare, member
}

func (f *format) decode(text string) ([]byte, bool) {
	var b []byte
	var err error
	switch f.encoding {
	case hexadecimal:
		b, err = hex.DecodeString(text)
	case base64Text:
		b, err = base64.StdEncoding.Strict().DecodeString(text)
	case plain:
		b = []byte(text)
	}
	return b, err == nil && len(b) > 0
}

func (f *format) encode(b []byte) string {
	switch f.encoding {
	case hexadecimal:
		return hex.EncodeToString(b)
	case base64Text:
		return base64.StdEncoding.EncodeToString(b)
	default:
		return string(b)
	}
}

// write is the opposite of read, for one signature.
func (l *layout) write(tag, time string, sum []byte) string {
	text := l.prefix + l.encode(sum)
	if l.bare == "" {
		text = tag + l.tag + text
	}
	if l.stamp != "" {
		text = l.stamp + l.tag + time + l.list + text
	}
	return text
}

// example shows in a message how the field is written.
func (l *layout) example() string {
	text := "…"
	switch l.encoding {
	case hexadecimal:
		text = "hexadecimal digits"
	case base64Text:
		text = "base64"
	}
	if l.bare == "" {
		text = l.tags[0] + l.tag + text
	}
	return l.prefix + text
}
