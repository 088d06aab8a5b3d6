package signature

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// spelling is a text as it may have been meant.
type spelling struct{ text, what string }

// wrongField looks for a signature that is right but for how it is written.
func wrongField(t *trial) string {
	value, ok := t.fieldValue()
	if !ok {
		return ""
	}
	for _, tagged := range t.l.tagSpellings(value) {
		for _, s := range t.l.encodings(tagged.text) {
			if s.text == value || !t.field(t.l.signature, s.text) {
				continue
			}
			what := tagged.what
			if s.what != "" && what != "" {
				what += " and "
			}
			return fmt.Sprintf("the signature is right, but %s %s%s", t.l.signature, what, s.what)
		}
	}
	return ""
}

// maxField is the longest field in bytes that is tried in other spellings.
const maxField = 8 << 10

// fieldValue returns what stands in the field of the signature.
func (t *trial) fieldValue() (string, bool) {
	if t.l.custom != nil {
		return "", false
	}
	list := t.m.values(t.l.signature)
	if len(list) != 1 || len(list[0]) > maxField {
		return "", false
	}
	return list[0], true
}

// each applies a change to the members of a list that are no time.
func (l *layout) each(value string, change func(member string) string) string {
	if l.list == "" {
		return change(value)
	}
	members := strings.Split(value, l.list)
	for i, m := range members {
		if trimmed := strings.TrimSpace(m); l.stamp != "" && strings.HasPrefix(trimmed, l.stamp+l.tag) {
			members[i] = trimmed
		} else {
			members[i] = change(trimmed)
		}
	}
	return strings.Join(members, l.list)
}

// tagSpellings lists what may have been meant by what stands before the
// signature. The first one is the value as it is.
func (l *layout) tagSpellings(value string) []spelling {
	list := []spelling{
		{value, ""},
		{l.each(value, func(m string) string { return strings.Trim(m, " \t\"'<>") }), "has white space or quotation marks in it"},
	}
	for _, tag := range l.tags {
		before := l.prefix
		if before == "" && l.bare == "" {
			before = tag + l.tag
		}
		if before == "" {
			continue
		}
		list = append(list,
			spelling{l.each(value, func(m string) string { return before + m }), "lacks " + before + " before it"},
			spelling{l.each(value, func(m string) string { return before + strings.TrimLeft(strings.ReplaceAll(m, before, ""), " ") }), "has " + before + " before it twice"},
			spelling{l.each(value, func(m string) string { return before + behind(m) }), "has something else than " + before + " before it"},
		)
	}
	if l.bare != "" {
		list = append(list, spelling{l.each(value, behind), "has something before it that is not written there"})
	}
	return list
}

// behind cuts off what looks like a tag.
func behind(member string) string {
	for _, cut := range []string{"=", ",", ":", " "} {
		if tag, text, ok := strings.Cut(member, cut); ok && text != "" && len(tag) <= 16 && strings.Trim(text, "=") != "" {
			return strings.TrimLeft(text, " ")
		}
	}
	return member
}

// encodings lists a value with its signatures written as they are to be, where
// they can be read in another way. The first one is the value as it is.
func (l *layout) encodings(value string) []spelling {
	list := []spelling{{value, ""}}
	if l.encoding == plain {
		return list
	}
	for _, way := range otherEncodings {
		list = append(list, spelling{l.each(value, func(m string) string {
			before, text := l.cutTag(m)
			if b, ok := way.decode(text); ok {
				return before + l.encode(b)
			}
			return m
		}), fmt.Sprintf("is written in %s instead of %s", way.name, l.encoding.title())})
	}
	return list
}

// cutTag divides a member where its signature begins.
func (l *layout) cutTag(member string) (before, text string) {
	if l.prefix != "" {
		text, _ = strings.CutPrefix(member, l.prefix)
		return strings.TrimSuffix(member, text), text
	}
	if tag, text, ok := strings.Cut(member, l.tag); l.tag != "" && ok && slices.Contains(l.tags, tag) {
		return tag + l.tag, text
	}
	return "", member
}

func (e encoding) title() string {
	if e == hexadecimal {
		return "hexadecimal digits"
	}
	return "base64"
}

// otherEncodings are ways to write bytes.
var otherEncodings = []struct {
	name   string
	decode func(text string) ([]byte, bool)
}{
	{"hexadecimal digits", func(s string) ([]byte, bool) { b, err := hex.DecodeString(s); return b, err == nil && len(b) > 0 }},
	{"base64 of hexadecimal digits", func(s string) ([]byte, bool) {
		b, ok := anyBase64(s)
		if !ok {
			return nil, false
		}
		b, err := hex.DecodeString(string(b))
		return b, err == nil && len(b) > 0
	}},
	{"base64", func(s string) ([]byte, bool) {
		b, err := base64.StdEncoding.DecodeString(s)
		return b, err == nil && len(b) > 0
	}},
	{"base64 without padding or of the alphabet for URLs", anyBase64},
}

// anyBase64 reads base64 of either alphabet, with or without padding.
func anyBase64(s string) ([]byte, bool) {
	s = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(s), "=")
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil && len(b) > 0
}

// wrongTime looks for a signed time that is written in another unit.
func wrongTime(t *trial) string {
	field := t.l.time
	if field == "" && t.l.stamp != "" {
		field = t.l.signature
	}
	list := t.m.values(field)
	if t.l.custom != nil || len(list) != 1 {
		return ""
	}
	lenient := t.recipe(func(r *recipe) { r.clock = anyTime })
	if lenient.passes() {
		return fmt.Sprintf("the signature is right, but the time in %s is not written as %s does it: %s", field, t.s.title, t.s.recipeOf(t.l).clock.wants())
	}
	for _, change := range []func(string) string{
		func(s string) string { return s + "000" },
		func(s string) string { return s[:max(len(s)-3, 0)] },
	} {
		value := change(list[0])
		if t.l.stamp != "" {
			value = t.l.eachStamp(list[0], change)
		}
		if lenient.field(field, value) {
			return fmt.Sprintf("the time in %s is in another unit than the time that is signed (seconds, milliseconds)", field)
		}
	}
	return ""
}

// eachStamp applies a change to the member of a list that is the time.
func (l *layout) eachStamp(value string, change func(string) string) string {
	members := strings.Split(value, l.list)
	for i, m := range members {
		if text, ok := strings.CutPrefix(m, l.stamp+l.tag); ok {
			members[i] = l.stamp + l.tag + change(text)
		}
	}
	return strings.Join(members, l.list)
}

// wants says how a time is to be written.
func (c clock) wants() string {
	switch c {
	case millis:
		return "in milliseconds since 1970"
	case rfc3339:
		return "as in 2026-01-02T03:04:05Z"
	case dates:
		return "as a date"
	}
	return "in seconds since 1970"
}
