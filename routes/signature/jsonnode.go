package signature

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
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
