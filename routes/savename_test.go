package routes

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"homehook/routes/expression"
)

// named makes pieces of texts in turn: own text, a value, own text, ….
func named(texts ...string) (p []expression.Piece) {
	for i, t := range texts {
		p = append(p, expression.Piece{Text: t, Value: i%2 == 1})
	}
	return p
}

func TestJoinName(t *testing.T) {
	long := strings.Repeat("ä", 150)
	for _, tt := range []struct {
		name   string
		pieces []expression.Piece
		want   string
	}{
		{"plain", named("", "0199"), "0199"},
		{"folders of the route's own", named("orders/", "7", "/", "a", ".json"), "orders/7/a.json"},
		{"upwards", named("", "../../etc/passwd"), "___.._etc_passwd"},
		{"dots alone", named("x/", "..", "/y"), "x/__/y"},
		{"dots that meet", named("a.", ".", "/y"), "a__/y"},
		{"an extension", named("report", ".pdf"), "report.pdf"},
		{"hidden", named("", ".ssh"), "_ssh"},
		{"an option", named("", "--checkpoint-action=exec=sh x"), "__checkpoint-action=exec=sh x"},
		{"backslashes", named("", `..\..\windows\win.ini`), "___.._windows_win.ini"},
		{"a drive and a stream", named("", "C:evil::$DATA"), "C_evil__$DATA"},
		{"controls", named("", "a\x00b\r\nc\x1b[31m\x7f"), "a_b__c_[31m_"},
		{"characters that turn", named("", "gpj\u202eexe"), "gpj_exe"},
		{"a device", named("", "CON"), "_CON"},
		{"a device with more", named("", "lpt1.txt"), "_lpt1.txt"},
		{"a device made of two", named("co", "m1"), "_com1"},
		{"no device", named("", "console"), "console"},
		{"nothing", named("a/", "", "/b"), "a/_/b"},
		{"nothing before an extension", named("a/", "", ".json"), "a/_.json"},
		{"nothing but nothing", named("a/", "", "", "", "-x"), "a/_-x"},
		{"nothing before text", named("a/", "", "x.json"), "a/x.json"},
		{"a hidden one of the route's own", named(".", "x", ".json"), ".x.json"},
		{"a space at the end", named("", "a. . "), "a____"},
		{"not text", named("", "a\xffb"), "a_b"},
		{"long", named("", long+".tar.gz"), strings.Repeat("ä", 98) + ".gz"},
		{"several that are long", named("", long, "-", long), strings.Repeat("ä", 100) + "-" + strings.Repeat("ä", 19)},
		{"wildcards", named("", `a?b*c"d<e>f|g`), "a_b_c_d_e_f_g"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := joinName(tt.pieces); err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestOwnName(t *testing.T) {
	for _, tt := range []struct {
		name   string
		pieces []expression.Piece
		folder bool
		want   string // empty for a good one
	}{
		{"a file", named("a/b.json"), false, ""},
		{"an expression", named("a/", "", ".json"), false, ""},
		{"an expression for a folder", named("", "", "/", "", ""), false, ""},
		{"a hidden one", named(".cache/x"), false, ""},
		{"absolute", named("/etc/passwd"), false, "is empty"},
		{"upwards", named("../x"), false, "ends in a dot"},
		{"upwards behind an expression", named("", "", "/../x"), false, "ends in a dot"},
		{"two slashes", named("a//b"), false, "is empty"},
		{"a folder", named("a/"), false, "is empty"},
		{"a folder for files", named("a/"), true, ""},
		{"a backslash", named(`a\b`), false, "character"},
		{"a colon", named("a:b"), false, "character"},
		{"a device", named("aux/x"), false, "device"},
		{"long", named(strings.Repeat("x", 300)), false, "longer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := checkOwnName(tt.pieces, tt.folder)
			if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || remedyOf(err) == "") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestApart(t *testing.T) {
	taken := map[string]bool{}
	var got []string
	for _, n := range []string{"d/a.txt", "d/A.txt", "d/a.txt", "b", "b", "d/a-2.txt"} {
		got = append(got, apart(n, taken))
	}
	if s := strings.Join(got, " "); s != "d/a.txt d/A-2.txt d/a-3.txt b b-2 d/a-2-2.txt" {
		t.Errorf("got %s", s)
	}
}

// FuzzJoinName holds that no value gets a file anywhere but into its own
// segment of the name.
func FuzzJoinName(f *testing.F) {
	for _, v := range []string{"x", "../..", `..\..`, "CON", ".", "", "a/b", "\x00", strings.Repeat("ü", 400), "nul.", "C:", "\u202e", ". .", "\xff\xfe"} {
		f.Add(v, "y")
		f.Add("y", v)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, own := range [][]expression.Piece{named("", a), named("in/", a, "/", b, ".x"), named("", a, "", b), named(".", a, "/x")} {
			got, err := joinName(own)
			if err != nil {
				t.Fatalf("%v: %v", own, err)
			}
			want := 0
			for _, p := range own {
				if !p.Value {
					want += strings.Count(p.Text, "/")
				}
			}
			if !filepath.IsLocal(got) || strings.Count(got, "/") != want || strings.Contains(got, `\`) || !utf8.ValidString(got) {
				t.Fatalf("%v becomes %q", own, got)
			}
			for segment := range strings.SplitSeq(got, "/") {
				if segment == "" || len(segment) > maxSegmentName || isDevice(segment) || strings.TrimRight(segment, ". ") != segment && strings.HasSuffix(segment, ".") {
					t.Fatalf("%v becomes %q", own, got)
				}
			}
		}
	})
}
