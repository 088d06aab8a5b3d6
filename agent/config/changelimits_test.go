package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEmptyLinesAtTheEnd: those of a text that keeps them are not lost unasked.
func TestEmptyLinesAtTheEnd(t *testing.T) {
	const route = "name: own\nmatch: /own\nunverified: true\nrespond:\n"
	for _, tt := range []struct {
		name, yaml, body string
		refused          bool
	}{
		{"kept and many", route + "  body: |+\n    a\n\n\n", "", true},
		{"kept, folded and blanks", route + "  body: >+\n    a\n    \n", "", true},
		{"kept, indented", "  name: own\n  match: /own\n  unverified: true\n  respond:\n    body: |+\n      a\n\n", "", true},
		{"kept and none", route + "  body: |+\n    a\n", "a\n", false},
		{"not kept", route + "  body: |\n    a\n\n\n", "a\n", false},
		{"before another key", "name: own\nrespond:\n  body: |+\n    a\n\n\nmatch: /own\nunverified: true\n", "a\n\n\n", false},
		{"in quotes", route + "  body: \"a\\n\\n\\n\"\n\n\n", "a\n\n\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now, problems, err := made(&Edit{Op: EditAdd, Part: PartRoute, YAML: tt.yaml}, []byte(small))
			if err != nil || (len(problems) > 0) != tt.refused {
				t.Fatalf("%v, %v", problems, err)
			}
			if tt.refused {
				if !strings.Contains(problems[0].Message, "empty lines") || problems[0].Remedy == "" || problems[0].Line == 0 {
					t.Errorf("%+v", problems[0])
				}
				return
			}
			v := view("f", now)
			respond, _ := v.Routes[len(v.Routes)-1].Values["respond"].(map[string]any)
			if respond["body"] != tt.body {
				t.Errorf("got %q in\n%s", respond["body"], now)
			}
		})
	}
}

// TestManyEdits: each edit sees what the one before it has made, and a change that
// takes too long for others ends as one that cannot be made.
func TestManyEdits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(small+"routes:\n  - {name: last, match: /, unverified: true, respond: {}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var c Change
	for i := range 20 {
		name := fmt.Sprintf("r%d", i)
		c.Edits = append(c.Edits,
			Edit{Op: EditAdd, Part: PartRoute, YAML: fmt.Sprintf("name: %s # of %d\nmatch: /r%d\nunverified: true\nrespond: {}\n", name, i, i)},
			Edit{Op: EditSet, Part: PartRoute, Name: name, Values: map[string]any{"name": name, "match": fmt.Sprintf("/s%d", i), "unverified": true, "respond": map[string]any{}}},
			Edit{Op: EditMove, Part: PartRoute, Name: name, Before: "last"},
		)
	}
	c.Edits = append(c.Edits, Edit{Op: EditRemove, Part: PartRoute, Name: "r7"})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errManyEdits)
	if _, written, err := Make(ctx, path, c); !errors.Is(err, ErrEdit) || written || !strings.Contains(err.Error(), "make fewer of them at once") {
		t.Errorf("without time: %v, %v", written, err)
	}
	v, written, err := Make(t.Context(), path, c)
	if err != nil || !written || len(v.Problems) > 0 || len(v.Routes) != 20 || v.Routes[19].Name != "last" {
		t.Fatalf("%v, %v, %+v", written, err, v)
	}
	for i, r := range v.Routes[:19] {
		if i >= 7 {
			i++
		}
		if r.Name != fmt.Sprintf("r%d", i) || r.Values["match"] != fmt.Sprintf("/s%d", i) || !strings.Contains(r.YAML, fmt.Sprintf("# of %d\n", i)) {
			t.Errorf("route %d is %+v", i, r)
		}
	}
}
