package signature

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxRewritten is the longest body in bytes, and maxDepth the deepest, that is
// tried as JSON in other spellings.
const (
	maxRewritten = 32 << 10
	maxDepth     = 64
)

// node is a value of JSON: its members in their order, its entries, or the text
// of a scalar.
type node struct {
	kind    byte // '{', '[', '"', or 0 for what is written as it stands
	names   []string
	entries []node
	text    string
}

// readJSON reads a document, with numbers as they are written.
func readJSON(body []byte) (n node, ok bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	n, ok = readNode(d, 0)
	if _, err := d.Token(); err != io.EOF {
		return n, false
	}
	return n, ok && (n.kind == '{' || n.kind == '[')
}

func readNode(d *json.Decoder, depth int) (n node, ok bool) {
	t, err := d.Token()
	if err != nil || depth > maxDepth {
		return n, false
	}
	switch v := t.(type) {
	case json.Delim:
		n.kind = byte(v)
		for d.More() {
			if n.kind == '{' {
				name, err := d.Token()
				if err != nil {
					return n, false
				}
				n.names = append(n.names, fmt.Sprint(name))
			}
			entry, ok := readNode(d, depth+1)
			if !ok {
				return n, false
			}
			n.entries = append(n.entries, entry)
		}
		_, err := d.Token()
		return n, err == nil
	case string:
		return node{kind: '"', text: v}, true
	case nil:
		return node{text: "null"}, true
	}
	return node{text: fmt.Sprint(t)}, true
}

// sorted counts the names of the object that has most of them, and reports
// whether those of all objects are in order.
func (n *node) sorted() (names int, ok bool) {
	names, ok = len(n.names), slices.IsSorted(n.names)
	for i := range n.entries {
		more, in := n.entries[i].sorted()
		names, ok = max(names, more), ok && in
	}
	return names, ok
}

// sort puts the names of all objects in order.
func (n *node) sort() node {
	out := node{kind: n.kind, text: n.text}
	at := make([]int, len(n.entries))
	for i := range at {
		at[i] = i
	}
	if n.kind == '{' {
		slices.SortStableFunc(at, func(a, b int) int { return strings.Compare(n.names[a], n.names[b]) })
	}
	for _, i := range at {
		if n.kind == '{' {
			out.names = append(out.names, n.names[i])
		}
		out.entries = append(out.entries, n.entries[i].sort())
	}
	return out
}

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
