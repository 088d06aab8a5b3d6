package part

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"homehook/gui/look"
)

// linesOfCode are all lines of a doc as they are drawn in a wide window.
func linesOfCode(l *codeLines) []string {
	var out []string
	for i := range l.count() {
		text := strings.Repeat(" ", l.indent(l.at(i).row))
		for _, r := range l.doc.runs(int(l.at(i).row), l.seen(i), nil, -1) {
			text += r.text
		}
		out = append(out, text)
	}
	return out
}

func laid(d *Doc, wide int) *codeLines {
	l := &codeLines{doc: d, folded: map[int32]bool{}}
	l.lay(wide)
	return l
}

func TestJSONIsLaidOut(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"object", `{"a":1,"b":[true,null],"c":{}}`, "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null\n  ],\n  \"c\": {}\n}"},
		{"blanks", " \r\n{ \"a\" :\n 1 } \n", "{\n  \"a\": 1\n}"},
		{"scalar", `"x"`, `"x"`},
		{"nested", `[[[]],[{"a":"{[,:\"]}"}]]`, "[\n  [\n    []\n  ],\n  [\n    {\n      \"a\": \"{[,:\\\"]}\"\n    }\n  ]\n]"},
		{"hidden", "[\"a\u202eb\"]", "[\n  \"a‹U+202E›b\"\n]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := JSONDoc([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(linesOfCode(laid(d, 500)), "\n"); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestWrongJSONHasItsPlace(t *testing.T) {
	tests := []struct {
		text string
		at   int
	}{
		{`{"a":}`, 5},
		{`{"a" 1}`, 5},
		{`{a:1}`, 1},
		{`[1 2]`, 3},
		{`[1,]`, 3},
		{`{"a":1,}`, 7},
		{`tru`, 3},
		{`1 2`, 2},
		{"\"\x01\"", 1},
		{`"\q"`, 2},
		{`"\u12x4"`, 5},
		{`01`, 1},
		{`1.`, 2},
		{`-`, 1},
		{``, 0},
		{`[`, 1},
		{`"`, 1},
		{`]`, 0},
	}
	for _, tt := range tests {
		_, err := JSONDoc([]byte(tt.text))
		wrong, ok := errors.AsType[*SyntaxError](err)
		if !ok || wrong.At != tt.at {
			t.Errorf("%q: got %#v, want place %d", tt.text, err, tt.at)
		}
	}
}

func TestDeepAndLongJSON(t *testing.T) {
	deep := bytes.Repeat([]byte("["), 100_000)
	if _, err := JSONDoc(deep); !errors.Is(err, ErrDeep) {
		t.Errorf("100,000 levels: %v", err)
	}
	many := append(append([]byte("["), bytes.Repeat([]byte("1,"), maxRows)...), "1]"...)
	if _, err := JSONDoc(many); !errors.Is(err, ErrMany) {
		t.Errorf("too many lines: %v", err)
	}
	long := []byte(`{"a":"` + strings.Repeat("é\\n", 1<<18) + `","b":1}`)
	d, err := JSONDoc(long)
	if err != nil {
		t.Fatal(err)
	}
	for i := range d.rows {
		if s := d.span(i); s.To-s.From > maxRow+4 {
			t.Fatalf("row %d has %d bytes", i, s.To-s.From)
		}
	}
	lines := linesOfCode(laid(d, 80))
	if last := lines[len(lines)-2]; last != `  "b": 1` {
		t.Errorf("behind a long string there is %q", last)
	}
}

func TestFolding(t *testing.T) {
	c, copied := shownCode(t, `{"a":[1,2,3],"b":{"c":{"d":1}}}`)
	want := func(lines ...string) {
		t.Helper()
		if got := strings.Join(c.Lines(), "|"); got != strings.Join(lines, "|") {
			t.Errorf("got %s, want %s", got, strings.Join(lines, "|"))
		}
	}
	c.FoldAll()
	want(`{`, `"a": [ … 3 items … ],`, `"b": { … 1 item … }`, `}`)
	c.reveal(strings.Index(`{"a":[1,2,3],"b":{"c":{"d":1}}}`, `"d"`))
	want(`{`, `"a": [ … 3 items … ],`, `"b": {`, `"c": {`, `"d": 1`, `}`, `}`, `}`)
	c.page.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	c.page.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	want(`{ … 2 items … }`)
	c.Copy()
	if *copied != `{"a":[1,2,3],"b":{"c":{"d":1}}}` {
		t.Errorf("copied %q", *copied)
	}
	c.page.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	c.UnfoldAll()
	if n := c.lines.count(); n != 12 {
		t.Errorf("%d lines, want 12", n)
	}
}

func shownCode(t testing.TB, text string) (*Code, *string) {
	t.Helper()
	if err := look.Speak("en"); err != nil {
		t.Fatal(err)
	}
	app := test.NewTempApp(t)
	app.Settings().SetTheme(look.NewTheme(look.Light, 1))
	var copied string
	c := NewCode(func(s string) { copied = s })
	w := app.NewWindow("")
	w.SetContent(c)
	w.Resize(fyne.NewSize(640, 480))
	d, err := JSONDoc([]byte(text))
	if err != nil {
		d = TextDoc([]byte(text))
	}
	c.Set(d)
	w.Canvas().Focus(c.Focus())
	return c, &copied
}

func TestChosenLinesAreCopiedAsTheyCame(t *testing.T) {
	c, copied := shownCode(t, "one\r\ntwo \u202e\nthree\xff\nfour")
	key := func(names ...fyne.KeyName) {
		for _, n := range names {
			c.page.TypedKey(&fyne.KeyEvent{Name: n})
		}
	}
	key(fyne.KeyDown)
	c.page.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	key(fyne.KeyDown)
	c.page.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	c.page.TypedShortcut(&fyne.ShortcutCopy{})
	if want := "two \u202e\nthree\xff"; *copied != want {
		t.Errorf("copied %q, want %q", *copied, want)
	}
	if got := c.Lines()[1:3]; got[0] != "two ‹U+202E›" || got[1] != "three‹FF›" {
		t.Errorf("shown %q", got)
	}
	c.page.TypedShortcut(&fyne.ShortcutSelectAll{})
	c.page.TypedShortcut(&fyne.ShortcutCopy{})
	if want := "one\r\ntwo \u202e\nthree\xff\nfour"; *copied != want {
		t.Errorf("copied %q, want %q", *copied, want)
	}
	at := func(line int) fyne.PointEvent {
		return fyne.PointEvent{Position: fyne.NewPos(60, (float32(line)+0.5)*codeHeight())}
	}
	c.page.MouseDown(&desktop.MouseEvent{PointEvent: at(2), Button: desktop.MouseButtonPrimary})
	c.page.Dragged(&fyne.DragEvent{PointEvent: at(3)})
	if got := c.Chosen(); got != "three\xff\nfour" {
		t.Errorf("chosen with the mouse: %q", got)
	}
}

func TestHexDump(t *testing.T) {
	d := HexDoc([]byte("\x00\x01Homehook\xff and more"))
	want := "00000000  00 01 48 6f 6d 65 68 6f  6f 6b ff 20 61 6e 64 20  ..Homehook. and \n" +
		"00000010  6d 6f 72 65                                       more\n"
	if got := d.Dump(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := d.fitting(40).line(1); got != "00000008  6f 6b ff 20 61 6e 64 20  ok. and " {
		t.Errorf("half as wide: %q", got)
	}
}

func TestFind(t *testing.T) {
	c, _ := shownCode(t, `{"name":"Garage","list":["garage","GARAGE"]}`)
	c.FoldAll()
	hits := c.Doc().Find("garage")
	if len(hits) != 3 {
		t.Fatalf("%d hits, want 3", len(hits))
	}
	c.Hits(hits, 2)
	if got := c.lines.doc.line(int(c.lines.at(c.cursor).row)); got != `"GARAGE"` {
		t.Errorf("the cursor is at %s", got)
	}
	grounds := 0
	for i := range c.lines.count() {
		for _, r := range c.page.runsOf(i) {
			if r.ground != "" {
				grounds++
			}
		}
	}
	if grounds != 3 {
		t.Errorf("%d marked, want 3", grounds)
	}
}

// covers says what is wrong with the lines of a doc: together they are its bytes.
func covers(d *Doc, wide int, fold func(row int) bool) error {
	l := laid(d, wide)
	for i := range d.rows {
		if d.rows[i].fold > 0 && fold(i) {
			l.folded[int32(i)] = true
		}
	}
	l.lay(wide)
	at := 0
	for i := range l.count() {
		s := l.whole(i)
		if s.From != at || s.To < s.From {
			return fmt.Errorf("line %d begins at %d and not at %d", i, s.From, at)
		}
		if seen := l.seen(i); seen.From < s.From || seen.To > s.To || seen.To < seen.From {
			return fmt.Errorf("line %d shows %v of %v", i, seen, s)
		}
		at = s.To
		_ = d.runs(int(l.at(i).row), l.seen(i), []Span{{1, 3}, {7, 7}}, 0)
	}
	if at != len(d.bytes) && !(l.count() == 0 && len(bytes.TrimSpace(d.bytes)) == 0) {
		return fmt.Errorf("the lines end at %d of %d", at, len(d.bytes))
	}
	return nil
}

func FuzzJSONDoc(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,{"b":null}],"c":"\u00e9\""}`, ` [ ] `, `[[[[`, `"\ud800"`, "{\"a\"\n:\t1}", `{"a":1}x`, strings.Repeat(`["`, 50)} {
		f.Add([]byte(s), uint8(40))
	}
	f.Fuzz(func(t *testing.T, text []byte, wide uint8) {
		d, err := JSONDoc(text)
		if valid := json.Valid(text); valid != (err == nil) && !errors.Is(err, ErrDeep) && !errors.Is(err, ErrMany) {
			t.Fatalf("%q: %v, valid: %v", text, err, valid)
		}
		if err != nil {
			if wrong, ok := errors.AsType[*SyntaxError](err); ok && (wrong.At < 0 || wrong.At > len(text)) {
				t.Fatalf("the place %d is not in the text", wrong.At)
			}
			return
		}
		for _, fold := range []func(int) bool{func(int) bool { return false }, func(int) bool { return true }, func(i int) bool { return i%3 == 0 }} {
			if err := covers(d, int(wide), fold); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}

func FuzzTextDoc(f *testing.F) {
	f.Add([]byte("one\r\ntwo\x00\xff\n\n\u202e"), uint8(30))
	f.Add([]byte(strings.Repeat("é", 5000)), uint8(7))
	f.Fuzz(func(t *testing.T, text []byte, wide uint8) {
		for _, d := range []*Doc{TextDoc(text), DiffDoc(text), HexDoc(text), HexDoc(text).fitting(int(wide)), TextDoc(text).Marked(int(wide))} {
			if err := covers(d, int(wide), func(int) bool { return false }); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		}
		_ = HexDoc(text).Dump()
		_ = TextDoc(text).Find(string(text[:min(len(text), 5)]))
	})
}
