package config

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestMake makes the edits of each archive on its before section; after has the
// text that the change leads to, problems what is wrong with it, or why there is
// none. Each is made of files with other line ends too.
func TestMake(t *testing.T) {
	names, err := filepath.Glob("testdata/change/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sections := map[string]string{}
			for _, f := range archive.Files {
				sections[f.Name] = string(f.Data)
			}
			after, problems := makeEdits(t, sections["before"], sections["edits"])
			if *update {
				archive.Files = append(archive.Files[:2], txtar.File{Name: "after", Data: []byte(after)}, txtar.File{Name: "problems", Data: []byte(problems)})
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(sections["after"], after); diff != "" {
				t.Errorf("file differs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(sections["problems"], problems); diff != "" {
				t.Errorf("problems differ (-want +got):\n%s", diff)
			}
			if sections["before"] == "" {
				return
			}
			windows := "\ufeff" + strings.ReplaceAll(sections["before"], "\n", "\r\n")
			other, _ := makeEdits(t, windows, sections["edits"])
			if other != "" && (strings.Count(other, "\n") != strings.Count(other, "\r\n") || !strings.HasPrefix(other, "\ufeff")) {
				t.Errorf("line ends or mark changed: %q", other)
			}
			if diff := cmp.Diff(sections["after"], string(bare([]byte(other)))); diff != "" {
				t.Errorf("file with CRLF differs (-want +got):\n%s", diff)
			}
			short, _ := makeEdits(t, strings.TrimSuffix(sections["before"], "\n"), sections["edits"])
			if diff := cmp.Diff(strings.TrimSuffix(sections["after"], "\n"), strings.TrimSuffix(short, "\n")); diff != "" {
				t.Errorf("file without a line end differs (-want +got):\n%s", diff)
			}
		})
	}
}

// makeEdits gives the text that edits lead to and what is wrong with it.
func makeEdits(t *testing.T, before, edits string) (after, problems string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if before != "" {
		write(t, path, before)
	}
	var c Change
	for line := range strings.Lines(edits) {
		var e Edit
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		c.Edits = append(c.Edits, e)
	}
	c.DryRun = true
	dry, _, dryErr := Make(t.Context(), path, c)
	c.DryRun = false
	v, written, err := Make(t.Context(), path, c)
	if (err == nil) != (dryErr == nil) {
		t.Fatalf("got %v, and %v dry", err, dryErr)
	}
	now, _ := os.ReadFile(path)
	if err != nil {
		if string(now) != before || !errors.Is(err, ErrEdit) {
			t.Errorf("the file changed, or another error: %v", err)
		}
		return "", err.Error() + "\n"
	}
	if diff := cmp.Diff(dry, v); diff != "" {
		t.Errorf("dry is otherwise: %s", diff)
	}
	if written != (len(v.Problems) == 0) || written && string(now) != v.Text || !written && string(now) != before {
		t.Errorf("written %v, the file is\n%s", written, now)
	}
	for _, p := range v.Problems {
		problems += strings.TrimPrefix(p.Part+" "+p.Name+" "+p.Field+": "+strings.TrimPrefix(p.Error(), path), " ") + "\n"
	}
	return v.Text, problems
}
