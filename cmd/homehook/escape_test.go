package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	tests := []struct{ name, in, line, text string }{
		{"plain", "GET /a?b=c", "GET /a?b=c", "GET /a?b=c"},
		{"letters of the world", "Zoë 漢字 🎉", "Zoë 漢字 🎉", "Zoë 漢字 🎉"},
		{"OSC title", "\x1b]0;owned\x07", `\x1b]0;owned\x07`, `\x1b]0;owned\x07`},
		{"clear screen", "\x1b[2J", `\x1b[2J`, `\x1b[2J`},
		{"OSC 52 clipboard", "\x1b]52;c;aGk=\x1b\\", `\x1b]52;c;aGk=\x1b\`, `\x1b]52;c;aGk=\x1b\`},
		{"OSC 8 link", "\x1b]8;;http://x\x1b\\y", `\x1b]8;;http://x\x1b\y`, `\x1b]8;;http://x\x1b\y`},
		{"C1 as characters", "\u009b2J\u009d", `\u009b2J\u009d`, `\u009b2J\u009d`},
		{"C1 as bytes", "\x9b2J", `\x9b2J`, `\x9b2J`},
		{"DEL and NUL", "\x7f\x00", `\x7f\x00`, `\x7f\x00`},
		{"bidirectional override", "a\u202egnp.exe", `a\u202egnp.exe`, `a\u202egnp.exe`},
		{"bidirectional isolate", "\u2066x\u2069", `\u2066x\u2069`, `\u2066x\u2069`},
		{"zero width", "a\u200bb\ufeff", `a\u200bb\ufeff`, `a\u200bb\ufeff`},
		{"tags", "\U000e0041", `\U000e0041`, `\U000e0041`},
		{"invalid UTF-8", "\xff\xc3(", `\xff\xc3(`, `\xff\xc3(`},
		{"surrogate", "\xed\xa0\x80", `\xed\xa0\x80`, `\xed\xa0\x80`},
		{"replacement character", "\ufffd", "\ufffd", "\ufffd"},
		{"line ends", "a\nb\r\nc\rd", `a\nb\r\nc\rd`, "a\nb\nc\\rd"},
		{"CR over a line", "safe\rrm", `safe\rrm`, `safe\rrm`},
		{"tab", "a\tb", `a\tb`, "a\tb"},
		{"line separators", "a\u2028b\u2029", `a\u2028b\u2029`, `a\u2028b\u2029`},
		{"vertical moves", "a\vb\fc\bd", `a\x0bb\x0cc\x08d`, `a\x0bb\x0cc\x08d`},
		{"CR at the end", "a\r", `a\r`, `a\r`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := visible(tt.in); got != tt.line {
				t.Errorf("visible: %s, want %s", got, tt.line)
			}
			if got := visibleText(tt.in); got != tt.text {
				t.Errorf("visibleText: %q, want %q", got, tt.text)
			}
			if again := visible(visible(tt.in)); again != tt.line {
				t.Errorf("escaped twice: %s", again)
			}
		})
	}
}

// harmless fails unless a terminal shows all of s and obeys none of it.
func harmless(t *testing.T, s string, allowed string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("not UTF-8: %q", s)
	}
	for _, r := range s {
		if unseen(r) && !strings.ContainsRune(allowed, r) {
			t.Fatalf("%U is left in %q", r, s)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b]0;x\x07", "\x9b\u009b\u202e", "a\r\nb\rc\td", "\xff\xed\xa0\x80\U000e0001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		harmless(t, visible(s), "")
		harmless(t, visibleText(s), "\n\t")
		if utf8.ValidString(s) && len(visible(s)) < len(s) {
			t.Fatalf("something of %q is lost: %q", s, visible(s))
		}
		p, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		safe := visibleJSON(p)
		harmless(t, string(safe), "")
		var want, got string
		if err := json.Unmarshal(p, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(safe, &got); err != nil || got != want {
			t.Fatalf("JSON of %q became %s: %v", s, safe, err)
		}
	})
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{"": "", "abcde": "abcde", "abcdef": "abcd…", "ééééé": "ééééé", "éééééé": "éééé…", "\x1bxx": `\x1b…`} {
		if got := oneLine(in, 5); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", in, got, want)
		}
	}
}
