package config

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"homehook/routes"
)

// TestEdit runs the lines of each archive's do section one after the other on
// the before section; after has the file that they leave, errors what the
// lines that were refused said.
func TestEdit(t *testing.T) {
	names, err := filepath.Glob("testdata/edit/*.txtar")
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
			plain := func(s string) string { return s }
			change, undo := plain, plain
			switch filepath.Base(name) {
			case "no-newline.txtar":
				change = func(s string) string { return strings.TrimSuffix(s, "\n") }
			case "crlf.txtar":
				change = func(s string) string { return "\ufeff" + strings.ReplaceAll(s, "\n", "\r\n") }
				undo = func(s string) string {
					if strings.Count(s, "\n") != strings.Count(s, "\r\n") || !strings.HasPrefix(s, "\ufeff") {
						t.Errorf("line ends or mark changed: %q", s)
					}
					return strings.ReplaceAll(strings.TrimPrefix(s, "\ufeff"), "\r\n", "\n")
				}
			}
			after, errs := runEdits(t, change(sections["before"]), sections["do"])
			after = undo(after)
			if *update {
				keep := archive.Files[:1]
				if _, ok := sections["before"]; ok {
					keep = archive.Files[:2]
				}
				archive.Files = append(keep, txtar.File{Name: "after", Data: []byte(after)}, txtar.File{Name: "errors", Data: []byte(errs)})
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(sections["after"], after); diff != "" {
				t.Errorf("file differs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(sections["errors"], errs); diff != "" {
				t.Errorf("errors differ (-want +got):\n%s", diff)
			}
		})
	}
}

// runEdits gives the file and the errors that the edits in do leave.
func runEdits(t *testing.T, before, do string) (after, errs string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if before != "" {
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(do) {
		old, _ := os.ReadFile(path)
		err := runEdit(t, path, strings.TrimSpace(line))
		now, _ := os.ReadFile(path)
		if err == nil {
			continue
		}
		errs += strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "") + "\n"
		if string(old) != string(now) {
			t.Errorf("%s: was refused and changed the file", line)
		}
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), errs
}

func runEdit(t *testing.T, path, line string) error {
	t.Helper()
	verb, rest, _ := strings.Cut(line, " ")
	kind, arg, _ := strings.Cut(rest, " ")
	switch verb + " " + kind {
	case "remove relay":
		return RemoveRelay(path, arg)
	case "remove claim":
		return RemoveClaim(path, arg)
	case "add relay":
		var r Relay
		if err := json.Unmarshal([]byte(arg), &r); err != nil {
			t.Fatal(err)
		}
		return AddRelay(path, r)
	case "add claim":
		var c Claim
		if err := json.Unmarshal([]byte(arg), &c); err != nil {
			t.Fatal(err)
		}
		return AddClaim(path, c)
	case "add routes":
		var specs []routes.Spec
		if err := json.Unmarshal([]byte(arg), &specs); err != nil {
			t.Fatal(err)
		}
		return AddRoutes(path, specs)
	}
	t.Fatalf("unknown edit %q", line)
	return nil
}

func TestEditErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.yaml")
	r := Relay{Name: "mine", URL: "https://relay.example.com"}
	if err := AddRelay(path, r); err != nil {
		t.Fatal(err)
	}
	if err := AddRelay(path, r); !errors.Is(err, ErrExists) {
		t.Errorf("second AddRelay: got %v, want ErrExists", err)
	}
	if err := RemoveClaim(path, "garage"); !errors.Is(err, ErrNotFound) {
		t.Errorf("RemoveClaim: got %v, want ErrNotFound", err)
	}
	err := AddRelay(path, Relay{Name: "other", URL: "ftp://relay.example.com"})
	if ps, ok := errors.AsType[Problems](err); !ok || len(ps) != 1 || ps[0].Line != 0 {
		t.Errorf("bad URL: got %#v, want one problem without a place", err)
	}
}

// TestEditsTogether has many edits at once: none may be lost.
func TestEditsTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := AddRelay(path, Relay{Name: "mine", URL: "https://relay.example.com"}); err != nil {
		t.Fatal(err)
	}
	const n = 12
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := AddClaim(path, Claim{Name: "claim-" + string(rune('a'+i))}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	cfg, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Claims) != n {
		t.Errorf("got %d claims, want %d", len(cfg.Claims), n)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

// FuzzEdit holds that an edit of any good file is either refused or adds just
// its entry, keeps every comment, and can be undone.
func FuzzEdit(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.txtar", "testdata/edit/*.txtar"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				f.Fatal(err)
			}
			for _, file := range archive.Files {
				f.Add(file.Data)
			}
		}
	}
	r := Relay{Name: "fuzzed-relay", URL: "https://relay.example.com"}
	add := func(f *file, e *editor) error { f.Relays = append(f.Relays, r); return e.add("relays", r) }
	f.Fuzz(func(t *testing.T, old []byte) {
		if _, err := Parse("f", old); err != nil || strings.Contains(string(old), r.Name) {
			return
		}
		now, err := changed("f", old, add)
		if err != nil {
			return
		}
		before, _ := decode("f", old)
		after, _ := decode("f", now)
		if len(after.Relays) != len(before.Relays)+1 || after.Relays[len(before.Relays)] != r {
			t.Fatalf("the relay is not there:\n%s", now)
		}
		if strings.Count(string(now), "#") != strings.Count(string(old), "#") {
			t.Fatalf("comments changed:\n%s\n---\n%s", old, now)
		}
		undone, err := changed("f", now, func(f *file, e *editor) error {
			i := len(f.Relays) - 1
			f.Relays = f.Relays[:i]
			return e.remove("relays", i)
		})
		if err != nil {
			return
		}
		if end, _ := decode("f", undone); !end.same(before) {
			t.Fatalf("undoing changed more:\n%s\n---\n%s", old, undone)
		}
	})
}

func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), ".lock")
	unlock, err := tryLock(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tryLock(name); !errors.Is(err, errLocked) {
		t.Errorf("second lock: %v, want errLocked", err)
	}
	unlock()
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the lock file stays: %v", err)
	}
	// A file without a lock on it is what a crash leaves.
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if unlock, err = tryLock(name); err != nil {
		t.Fatalf("lock after a crash: %v", err)
	}
	unlock()
}

// TestReplaceFails holds that a write that fails leaves the old file and
// nothing else.
func TestReplaceFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(path, "inside"), "x") // a folder with content is never replaced
	if err := replace(path, []byte("relays: []")); err == nil {
		t.Fatal("a folder was replaced")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

func TestLoadMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nowhere", "config.yaml")
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	got.Table = nil
	want := &Config{Path: path, History: History{Keep: DefaultKeep, MaxSize: DefaultMaxSize, Body: DefaultBody}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config differs (-want +got):\n%s", diff)
	}
}

func TestLoadFolder(t *testing.T) {
	_, err := Load(t.TempDir())
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want an error", err)
	}
}
