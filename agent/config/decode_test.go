package config

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shape has a field of every kind that the decoder reads.
type shape struct {
	Text  string            `yaml:"text"`
	On    bool              `yaml:"on"`
	Count int               `yaml:"count"`
	Size  Size              `yaml:"size"`
	List  []string          `yaml:"list"`
	Map   map[string]string `yaml:"map"`
	Block *shape            `yaml:"block"`
	Items []shape           `yaml:"items"`
	//lint:ignore U1000 a file must not reach it
	inner string
}

// decodeShape reads text, and gives the problems as they are shown.
func decodeShape(t *testing.T, text string) (shape, string) {
	t.Helper()
	doc, problem := read("f", []byte(text))
	if problem != nil {
		return shape{}, problem.Error()
	}
	var got shape
	d := newDecoder("f", doc)
	if doc.root != nil {
		d.value(doc.root, reflect.ValueOf(&got).Elem(), "")
	}
	if len(d.problems) == 0 {
		return got, ""
	}
	return got, d.problems.sorted().Error()
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name, text string
		want       shape
	}{
		{"nothing", "", shape{}},
		{"comment", "# text: a\n", shape{}},
		{"null", "~", shape{}},
		{"text", "text: a b # c", shape{Text: "a b"}},
		{"quoted text", `text: "a\tb\u00e9"`, shape{Text: "a\tbé"}},
		{"single quotes", `text: 'it''s'`, shape{Text: "it's"}},
		{"block of text", "text: |\n  a\n   b\n\n  c\n", shape{Text: "a\n b\n\nc\n"}},
		{"folded text", "text: >-\n  a\n  b\n", shape{Text: "a b"}},
		{"text that looks like a number", "text: 0123", shape{Text: "0123"}},
		{"text that looks like another number", "text: 1.50", shape{Text: "1.50"}},
		{"text that looks like a flag", "text: true", shape{Text: "true"}},
		{"text that looks like a date", "text: 2026-01-02", shape{Text: "2026-01-02"}},
		{"text of an address", "text: http://[::1]:8080/a#b", shape{Text: "http://[::1]:8080/a#b"}},
		{"no text", "text:", shape{}},
		{"flag", "on: true", shape{On: true}},
		{"count", "count: -7", shape{Count: -7}},
		{"size", "size: 1KiB", shape{Size: 1024}},
		{"size as a number", "size: 1000", shape{Size: 1000}},
		{"list", "list: [a, 1, true, ~, \"\"]", shape{List: []string{"a", "1", "true", "", ""}}},
		{"list in lines", "list:\n- a\n- b\n", shape{List: []string{"a", "b"}}},
		{"empty list", "list: []", shape{List: []string{}}},
		{"map", "map: {a: b, 1: 2, true: false}", shape{Map: map[string]string{"a": "b", "1": "2", "true": "false"}}},
		{"map with dots", "map:\n  a.b: c\n  X-Y: \"[1]\"\n", shape{Map: map[string]string{"a.b": "c", "X-Y": "[1]"}}},
		{"explicit key", "? text\n: a\n", shape{Text: "a"}},
		{"block", "block: {text: a, block: {on: true}}", shape{Block: &shape{Text: "a", Block: &shape{On: true}}}},
		{"empty block", "block: {}", shape{Block: &shape{}}},
		{"items", "items:\n- text: a\n- {text: b}\n", shape{Items: []shape{{Text: "a"}, {Text: "b"}}}},
		{"anchor and alias", "text: &t a\nlist: [*t, *t]", shape{Text: "a", List: []string{"a", "a"}}},
		{"alias of a block", "block: &b {text: a}\nitems: [*b, *b]", shape{Block: &shape{Text: "a"}, Items: []shape{{Text: "a"}, {Text: "a"}}}},
		{"merge", "block: &b {text: a, count: 1}\nitems: [{<<: *b, count: 2}]", shape{
			Block: &shape{Text: "a", Count: 1}, Items: []shape{{Text: "a", Count: 2}},
		}},
		{"merge after the key", "block: &b {count: 1}\nitems: [{count: 2, <<: *b}]", shape{
			Block: &shape{Count: 1}, Items: []shape{{Count: 2}},
		}},
		{"merge of several, the first wins", "items: [&a {count: 1}, &b {count: 2, text: b}, {<<: [*a, *b]}]", shape{
			Items: []shape{{Count: 1}, {Count: 2, Text: "b"}, {Count: 1, Text: "b"}},
		}},
		{"merge in line", "<<: {text: a}\ncount: 1", shape{Text: "a", Count: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := decodeShape(t, tt.text)
			if problems != "" {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(shape{})); diff != "" {
				t.Errorf("value differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeProblems(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"field that is not exported", "inner: a", `f:1:1: unknown key "inner" in this file; it knows: text, on, count, size, list, map, block, items`},
		{"key in another case", "Text: a", `f:1:1: unknown key "Text" in this file; did you mean "text"?`},
		{"key in a block", "block:\n  txet: a", `f:2:3: unknown key "txet" in block; did you mean "text"?`},
		{"text for a flag", "on: yes", `f:1:5: "on" wants true or false, not text; write it without quotes`},
		{"number for a flag", "on: 1", `f:1:5: "on" wants true or false, not a number like this; write it without quotes`},
		{"quoted number", "count: \"1\"", `f:1:8: "count" wants a whole number, not text; write digits only`},
		{"fraction", "count: 1.0", `f:1:8: "count" wants a whole number, not a fraction; write digits only`},
		{"hexadecimal number", "count: 0x10", `f:1:8: "count" wants a whole number, not a number like this; write digits only`},
		{"endless number", "count: 99999999999999999999", `f:1:8: "count" wants a whole number, not text; write digits only`},
		{"infinity", "count: .inf", `f:1:8: "count" wants a whole number, not a fraction; write digits only`},
		{"list for text", "text: [a]", `f:1:7: "text" wants text, not a list; write one value, in quotes if it has one of {}[]:# in it`},
		{"keys for text", "text:\n  a: b", `f:2:3: "text" wants text, not keys; write one value, in quotes if it has one of {}[]:# in it`},
		{"keys for a size", "size: {a: b}", `f:1:7: "size" wants a single value, not keys; write a number of bytes such as 4096, 64KiB or 32MiB`},
		{"text for a list", "list: a", `f:1:7: "list" wants a list, not text; write it like [a, b]`},
		{"list in a list", "list: [a, [b]]", `f:1:11: an entry of "list" wants text, not a list; write one value, in quotes if it has one of {}[]:# in it`},
		{"list for a map", "map: [a]", `f:1:6: "map" wants names with a value each, not a list; write it like {NAME: value}`},
		{"list in a map", "map: {a: [b]}", `f:1:10: "a" wants text, not a list; write one value, in quotes if it has one of {}[]:# in it`},
		{"text for a block", "block: a", `f:1:8: "block" wants keys (text, on, count, size, list, map, block, items), not text; write each key on a line of its own, with a colon behind it`},
		{"nothing for a block", "block:", `f:1:8: "block" is empty; give it keys: text, on, count, size, list, map, block, items`},
		{"nothing for an item", "items:\n-\n- text: a", `f:2:2: this entry is empty; remove the dash or fill the entry in`},
		{"key twice", "text: a\non: true\ntext: b", `f:3:1: key "text" is given twice (first at line 1); remove one of them`},
		{"key twice in a map", "map: {a: b, a: c}", `f:1:13: key "a" is given twice (first at line 1); remove one of them`},
		{"alias without an anchor", "text: *a", `f:1:7: alias "a" has no anchor; write &a before the value that is meant`},
		{"merge without an anchor", "<<: *a", `f:1:5: alias "a" has no anchor; write &a before the value that is meant`},
		{"merge of text", "<<: a", `f:1:5: << wants a mapping or a list of mappings, not text; name an anchor behind it: <<: *name`},
		{"tag", "text: !!binary YQ==", `f:1:7: tag "!!binary" is not known here; write the value without a tag, or in quotes`},
		{"null as a key", "~: a", `f:1:1: a key must be plain text; write it as one word without brackets`},
		{"all at once", "on: 1\ncount: a\nnope: b", "f:1:5: \"on\" wants true or false, not a number like this; write it without quotes\n" +
			"f:2:8: \"count\" wants a whole number, not text; write digits only\n" +
			"f:3:1: unknown key \"nope\" in this file; it knows: text, on, count, size, list, map, block, items"},
		{"columns are characters", "map: {é: é, ü: [x]}", `f:1:16: "ü" wants text, not a list; write one value, in quotes if it has one of {}[]:# in it`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := decodeShape(t, tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSyntaxProblems(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"open list", "list: [a", "f:1:7: "},
		{"open quote", "text: \"a", "f:1:7: "},
		{"tab", "block:\n\ttext: a", "f:2:1: a tab stands where YAML wants spaces; indent with spaces only"},
		{"two colons", "text: a: b", "f:1:7: mapping value is not allowed"},
		{"no colon", "text: a\nlist\n", `f:2:1: there is no colon behind "list"; write: list:`},
		{"no colon before a list", "text: a\nlist # x\r\n  - b\n", `f:2:1: there is no colon behind "list"; write: list:`},
		{"no colon before a value", "items:\n  - text a\n    list: []\n", `f:2:5: there is no colon behind "text"; write: text: a`},
		{"no colon below", "block:\n  text: x\n  list [/x]\n", `f:3:3: there is no colon behind "list"; write: list: [/x]`},
		{"list among keys", "block:\n  text: x\n  - y: z\n", "f:3:3: this is no key with a value; write a key, a colon and its value here"},
		{"two documents", "text: a\n---\ntext: b\n", "f:3:1: a second document begins here"},
		{"anchor twice", "text: &a a\nlist: [&a b]", `f:2:8: anchor "a" is defined twice`},
		{"control character", "text: a\x1bb", "f:1:8: byte 0x1b is not text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problem := read("f", []byte(tt.text))
			if problem == nil || !strings.HasPrefix(problem.Error(), tt.want) {
				t.Errorf("got %v, want %s", problem, tt.want)
			}
		})
	}
}

func TestPlace(t *testing.T) {
	doc, problem := read("f", []byte("items:\n- text: a\n  map: {x.y: z}\n- {}\n"))
	if problem != nil {
		t.Fatal(problem)
	}
	d := newDecoder("f", doc)
	d.value(doc.root, reflect.ValueOf(&shape{}).Elem(), "")
	tests := []struct {
		path string
		line int
	}{
		{"items[0].text", 2},
		{"items[0].map", 3},
		{"items[0].map.x.y", 3},
		{"items[0].map.q", 3},      // not there: the map
		{"items[0].block.text", 2}, // not there: the item
		{"items[1].text", 4},
		{"items[7].text", 2}, // not there: the list
		{"nowhere", 0},
		{"", 0},
	}
	for _, tt := range tests {
		if got := d.line(tt.path); got != tt.line {
			t.Errorf("line(%q) = %d, want %d", tt.path, got, tt.line)
		}
	}
}

func TestLeaf(t *testing.T) {
	for path, want := range map[string]string{
		"": "", "a": "a", "a.b": "b", "a[1]": "a", "a[1].b_2[3]": "b_2", "a[1][2]": "a",
	} {
		if got := leaf(path); got != want {
			t.Errorf("leaf(%q) = %q, want %q", path, got, want)
		}
	}
}
