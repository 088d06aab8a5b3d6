package signature

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// style is how a program writes JSON.
type style struct {
	comma, colon, indent string
	escape               func(b *strings.Builder, r rune) bool // writes a character that it escapes
}

// spaces are the ways to set out a document that are in use.
var spaces = []style{
	{comma: ",", colon: ":"},                  // most
	{comma: ", ", colon: ": "},                // Python
	{comma: ",", colon: ": ", indent: "  "},   // JavaScript, Ruby
	{comma: ",", colon: ": ", indent: "    "}, // PHP, Python
	{comma: ",", colon: ": ", indent: "\t"},   // Go
	{comma: ",", colon: " : ", indent: "  "},  // Java
}

// escapes are the ways to write characters in use.
var escapes = []func(b *strings.Builder, r rune) bool{
	func(*strings.Builder, rune) bool { return false },                                                       // JavaScript
	func(b *strings.Builder, r rune) bool { return r > '~' && unicodeEscape(b, r, lowerHex) },                // Python
	func(b *strings.Builder, r rune) bool { return r > '~' && unicodeEscape(b, r, upperHex) },                // .NET
	func(b *strings.Builder, r rune) bool { return slash(b, r) },                                             // PHP, unescaped
	func(b *strings.Builder, r rune) bool { return slash(b, r) || r > '~' && unicodeEscape(b, r, lowerHex) }, // PHP
	func(b *strings.Builder, r rune) bool { // Go
		return (strings.ContainsRune("<>&", r) || r == 0x2028 || r == 0x2029) && unicodeEscape(b, r, lowerHex)
	},
}

const lowerHex, upperHex = "0123456789abcdef", "0123456789ABCDEF"

func slash(b *strings.Builder, r rune) bool {
	if r == '/' {
		b.WriteString(`\/`)
	}
	return r == '/'
}

func unicodeEscape(b *strings.Builder, r rune, digits string) bool {
	units := []uint16{uint16(r)}
	if r > 0xffff {
		units = utf16.Encode([]rune{r})
	}
	for _, u := range units {
		b.WriteString(`\u`)
		for shift := 12; shift >= 0; shift -= 4 {
			b.WriteByte(digits[u>>shift&15])
		}
	}
	return true
}

func (s *style) write(b *strings.Builder, n *node, depth int) {
	switch n.kind {
	case '"':
		s.text(b, n.text)
	case '{', '[':
		b.WriteByte(n.kind)
		for i := range n.entries {
			if i > 0 {
				b.WriteString(s.comma)
			}
			s.line(b, depth+1)
			if n.kind == '{' {
				s.text(b, n.names[i])
				b.WriteString(s.colon)
			}
			s.write(b, &n.entries[i], depth+1)
		}
		if len(n.entries) > 0 {
			s.line(b, depth)
		}
		b.WriteByte(n.kind + 2) // of ASCII: ] behind [, } behind {
	default:
		b.WriteString(n.text)
	}
}

func (s *style) line(b *strings.Builder, depth int) {
	if s.indent != "" {
		b.WriteString("\n" + strings.Repeat(s.indent, depth))
	}
}

var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

func (s *style) text(b *strings.Builder, text string) {
	b.WriteByte('"')
	for _, r := range text {
		short, ok := shortEscapes[r]
		switch {
		case ok:
			b.WriteString(short)
		case r < ' ':
			unicodeEscape(b, r, lowerHex)
		case !s.escape(b, r):
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// wrongJSON looks for a body that was read as JSON and written anew, by trying
// it as senders write theirs.
func wrongJSON(t *trial) string {
	if len(t.m.Body) > maxRewritten || !utf8.Valid(t.m.Body) || !t.signs("{body}") && t.s.name != "rfc9421" {
		return ""
	}
	n, ok := readJSON(t.m.Body)
	if !ok {
		return ""
	}
	tried := map[string]bool{string(t.m.Body): true}
	inOrder := n.sort()
	ways := escapes
	if isASCII(t.m.Body) && !bytes.ContainsAny(t.m.Body, `/<>&\`) {
		ways = escapes[:1] // there is nothing to escape
	}
	for _, order := range []*node{&n, &inOrder} {
		for _, s := range spaces {
			for _, s.escape = range ways {
				if t.over() {
					return ""
				}
				var b strings.Builder
				s.write(&b, order, 0)
				for _, end := range []string{"", "\n"} {
					text := b.String() + end
					if tried[text] {
						continue
					}
					if tried[text] = true; t.body([]byte(text)) {
						return "body changed on the way: its JSON was read and written anew, with " + s.difference(order == &inOrder)
					}
				}
			}
		}
	}
	return ""
}

// difference says what a program changed that wrote JSON anew.
func (s *style) difference(reordered bool) string {
	if reordered {
		return "its names in another order"
	}
	return "other white space or escapes"
}
