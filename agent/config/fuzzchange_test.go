package config

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzMake holds that any edit of any file is refused, or leads to one in which just
// that has changed: lines of other entries stay as they are.
func FuzzMake(f *testing.F) {
	names, _ := filepath.Glob("testdata/change/*.txtar")
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(archive.Files[0].Data)) {
			f.Add(archive.Files[1].Data, []byte(line))
		}
	}
	f.Fuzz(func(t *testing.T, old, line []byte) {
		var e Edit
		if json.Unmarshal(line, &e) != nil || len(old) > 20_000 || len(line) > 20_000 {
			return
		}
		v := view("f", old)
		now, problems, err := made(&e, old)
		switch {
		case err != nil:
			if !errors.Is(err, ErrEdit) {
				t.Fatalf("another error: %v", err)
			}
			return
		case len(problems) > 0:
			return
		}
		after := view("f", now)
		if _, p := read("f", now); p != nil {
			t.Fatalf("the file cannot be read any more: %v\n%s", p, now)
		}
		if strings.Contains(string(old), "\r") {
			return
		}
		if e.Op == EditRemove || e.Op == EditAdd {
			short, long := lineSet(now), lineSet(old)
			if e.Op == EditAdd {
				short, long = long, short
			}
			// Where a list has nothing, or brackets, a line with it changes.
			if !within(short, long) && !strings.ContainsAny(string(old), "[{~") && !strings.Contains(string(old), "null") {
				t.Fatalf("other lines changed:\n%s\n---\n%s", old, now)
			}
		}
		if e.Op == EditSet && e.isEntry() {
			untouched(t, v, after, &e, old, now)
		}
	})
}

// untouched holds that lines before and behind an entry that was set stay.
func untouched(t *testing.T, before, after *View, e *Edit, old, now []byte) {
	lists := map[string][]Entry{PartRelay: before.Relays, PartClaim: before.Claims, PartRoute: before.Routes}
	i := indexNamed(lists[e.Part], e.Name)
	if i < 0 {
		t.Fatalf("an entry that is not there was set:\n%s", now)
	}
	was := lists[e.Part][i]
	a, b := strings.Split(string(bare(old)), "\n"), strings.Split(string(bare(now)), "\n")
	top := was.Line - 1
	if len(b) < top || !slices.Equal(a[:top], b[:top]) {
		t.Fatalf("lines before line %d changed:\n%s\n---\n%s", was.Line, old, now)
	}
	tail := len(a) - top - strings.Count(was.YAML, "\n") - 1
	if tail > 0 && strings.HasSuffix(was.YAML, "\n") && !slices.Equal(a[len(a)-tail:], b[max(0, len(b)-tail):]) {
		t.Fatalf("lines behind the entry changed:\n%s\n---\n%s", old, now)
	}
}

func lineSet(text []byte) (lines []string) {
	for line := range strings.Lines(string(bare(text))) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// within reports whether lines stand in others, in their order.
func within(lines, others []string) bool {
	for _, line := range others {
		if len(lines) > 0 && lines[0] == line {
			lines = lines[1:]
		}
	}
	return len(lines) == 0
}
