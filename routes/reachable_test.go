package routes

import (
	"slices"
	"strings"
	"testing"
)

func TestCovers(t *testing.T) {
	for _, tt := range []struct {
		name, earlier, later string
		want                 bool
	}{
		{"everything", "/", "/a", true},
		{"everything, named", "/{rest...}", "POST /a/{x}", true},
		{"everything, again", "/", "/{x...}", true},
		{"everything of a method", "POST /", "POST /a", true},
		{"everything of another method", "POST /", "GET /a", false},
		{"everything of one method of all", "POST /", "/a", false},
		{"get takes head", "GET /a", "HEAD /a", true},
		{"head takes no get", "HEAD /a", "GET /a", false},
		{"the same", "POST /a/b", "POST /a/b", true},
		{"any method", "/a", "POST /a", true},
		{"other names", "/a/{x}", "/a/{y}", true},
		{"other spelling", "/a", "/%61", true},
		{"other case", "/a", "/A", false},
		{"below", "/a/", "/a/b/{c}", true},
		{"below, itself", "/a/", "/a/{$}", true},
		{"not the name alone", "/a/", "/a", false},
		{"the name alone", "/a", "/a/", false},
		{"a word's beginning", "/a/", "/ab/c", false},
		{"wildcard and word", "/{x}", "/a", true},
		{"word and wildcard", "/a", "/{x}", false},
		{"wildcard and nothing", "/{x}", "/{$}", false},
		{"wildcard and slash", "/{x}", "/", false},
		{"wildcard and empty segment", "/{x}/b", "//b", false},
		{"root only", "/{$}", "/", false},
		{"root only, twice", "/{$}", "GET /{$}", true},
		{"longer", "/a/b", "/a", false},
		{"shorter", "/a", "/a/b", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parsePattern(tt.earlier)
			q, err2 := parsePattern(tt.later)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			if got := p.covers(&q); got != tt.want {
				t.Errorf("%q before %q: %t", tt.earlier, tt.later, got)
			}
		})
	}
}

// TestCoversIsNeverWrong holds covers against what patterns match.
func TestCoversIsNeverWrong(t *testing.T) {
	patterns := append(slices.Clone(seedPatterns), "GET /", "POST /", "/b", "//b", "/{x}/{y...}", "/a/{$}", "GET /{x}/b", "/%2F/")
	paths := append(slices.Clone(seedPaths), "//", "//b", "/b/", "/a//", "/a//b", "/a%", "/b/b", "/a b", "/a/b/c/d", "*", "")
	found := 0
	for _, first := range patterns {
		p, _ := parsePattern(first)
		for _, second := range patterns {
			q, _ := parsePattern(second)
			if !p.covers(&q) {
				continue
			}
			found++
			for _, method := range []string{"GET", "HEAD", "POST", "DELETE", "CONNECT"} {
				for _, path := range paths {
					if q.match([]byte(method), []byte(path)) && !p.match([]byte(method), []byte(path)) {
						t.Errorf("%q does not take %s %q, which %q does", first, method, path, second)
					}
				}
			}
		}
	}
	if found <= len(patterns) {
		t.Errorf("only %d pairs were held", found)
	}
}

func TestCompileReportsUnreachable(t *testing.T) {
	off := respondSpec("off", "c", "/off")
	off.Unverified = false
	_, problems := Compile([]Spec{
		respondSpec("all of another", "d", "/"), respondSpec("a", "c", "POST /x"), respondSpec("b", "c", "POST /x"),
		respondSpec("c", "c", "/x"), respondSpec("d", "c", "/"), off,
	})
	var got []string
	for _, p := range problems {
		got = append(got, p.Path+" "+p.Message+"; "+p.Remedy)
	}
	want := `[2].match route "b" is never reached: route "a" before it takes all its deliveries; move it up, or remove it
[5].unverified route "off" does not verify its sender; add verify: {scheme: …, secret: …}, or say "unverified: true" to allow that
[5].match route "off" is never reached: route "d" before it takes all its deliveries; move it up, or remove it`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got:\n%s", text)
	}
	// What cannot be read is not judged, and takes nothing.
	_, problems = Compile([]Spec{respondSpec("x", "c", "x"), respondSpec("y", "c", "y"), respondSpec("z", "", "/"), respondSpec("w", "", "/")})
	if len(problems) != 4 {
		t.Errorf("got %+v", problems)
	}
}
