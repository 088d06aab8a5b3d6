//go:build unix

package access

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// place is what a test makes below a folder: "name mode", "name -> target", with a
// slash behind the name of a folder, and "uid" behind a mode for another user's.
func place(t *testing.T, dir string, lines ...string) {
	t.Helper()
	modes := map[string]os.FileMode{"600": 0o600, "664": 0o664, "666": 0o666, "700": 0o700, "755": 0o755, "775": 0o775, "777": 0o777, "1777": 0o777 | os.ModeSticky}
	for _, line := range lines {
		words := strings.Fields(line)
		path := filepath.Join(dir, words[0])
		switch {
		case words[1] == "->":
			must(t, os.Symlink(strings.ReplaceAll(words[2], "DIR", dir), path))
			continue
		case strings.HasSuffix(words[0], "/"):
			if err := os.Mkdir(path, 0o700); err != nil && !os.IsExist(err) {
				t.Fatal(err)
			}
		default:
			must(t, os.WriteFile(path, nil, 0o600))
		}
		if len(words) > 2 {
			must(t, os.Chown(path, stranger, stranger))
		}
		must(t, os.Chmod(path, modes[words[1]]))
	}
}

const stranger = 61002

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		path  string
		rules Rules
		want  string // what is found, with DIR for the folder; empty for nothing
	}{
		{"closed", []string{"x 600"}, "x", Rules{}, ""},
		{"readable", []string{"a/ 755", "a/x 755"}, "a/x", Rules{Alone: true}, ""},
		{"file", []string{"x 666"}, "x", Rules{}, "DIR/x can be changed by others (0666)"},
		{"its folder", []string{"a/ 777", "a/x 600"}, "a/x", Rules{}, "DIR/a can be changed by others (0777)"},
		{"folder above", []string{"a/ 777", "a/b/ 700", "a/b/x 600"}, "a/b/x", Rules{}, "DIR/a can be changed by others (0777)"},
		{"a folder itself", []string{"a/ 777"}, "a", Rules{}, "DIR/a can be changed by others (0777)"},
		{"sticky folder above", []string{"a/ 1777", "a/b/ 700", "a/b/x 600"}, "a/b/x", Rules{}, ""},
		{"guest of a sticky folder", []string{"a/ 1777", "a/x 600"}, "a/x", Rules{}, "DIR/a can be changed by others (0777)"},
		{"link", []string{"x 600", "y -> x"}, "y", Rules{}, ""},
		{"link into a folder", []string{"a/ 777", "a/x 600", "y -> a/x"}, "y", Rules{}, "DIR/a can be changed by others (0777)"},
		{"link in a folder", []string{"x 600", "a/ 777", "a/y -> ../x"}, "a/y", Rules{}, "DIR/a can be changed by others (0777)"},
		{"link on the way", []string{"x 600", "a/ 777", "a/y -> DIR/x", "z -> a/y"}, "z", Rules{}, "DIR/a can be changed by others (0777)"},
		{"link to a folder", []string{"b/ 755", "b/x 600", "a/ 777", "a/y -> ../b", "z -> a/y"}, "z/x", Rules{}, "DIR/a can be changed by others (0777)"},
		{"up and down", []string{"a/ 777", "b/ 700", "b/x 600", "a/y -> ../b/../b/x"}, "b/x", Rules{}, ""},
		{"group, alone", []string{"x 664"}, "x", Rules{Alone: true}, "DIR/x can be changed by others (0664)"},
		{"group's folder, alone", []string{"a/ 775", "a/x 600"}, "a/x", Rules{Alone: true}, "DIR/a can be changed by others (0775)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := finds(t, tt.files, tt.path, tt.rules, tt.want)
			if f != nil && f.Remedy() != "chmod go-w "+f.Path {
				t.Errorf("remedy %q", f.Remedy())
			}
		})
	}
}

// finds looks at a path among files of a new folder, for which want says DIR.
func finds(t *testing.T, files []string, path string, rules Rules, want string) *Finding {
	t.Helper()
	dir := resolved(t)
	place(t, dir, files...)
	f, err := Find(filepath.Join(dir, path), rules)
	must(t, err)
	got := ""
	if f != nil {
		got = strings.ReplaceAll(f.Path+" "+f.String(), dir, "DIR")
	}
	if got != want {
		t.Errorf("found %q, want %q", got, want)
	}
	return f
}

// resolved is a folder without links on the way to it.
func resolved(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	return dir
}

func TestFindOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	for _, tt := range []struct {
		name  string
		files []string
		path  string
		rules Rules
		want  string
	}{
		{"file", []string{"x 600 uid"}, "x", Rules{}, "DIR/x belongs to another user (uid 61002)"},
		{"folder", []string{"a/ 755 uid", "a/x 600"}, "a/x", Rules{}, "DIR/a belongs to another user (uid 61002)"},
		{"guest of a sticky folder on the way", []string{"a/ 1777", "a/b/ 755 uid", "a/b/x 600"}, "a/b/x", Rules{}, "DIR/a can be changed by others (0777)"},
		{"trusted", []string{"a/ 755 uid", "a/x 600 uid"}, "a/x", Rules{Trust: []int{stranger}}, ""},
		{"anyone's", []string{"a/ 755 uid", "a/x 600 uid"}, "a/x", Rules{Anyone: true}, ""},
		{"anyone's, open", []string{"a/ 755 uid", "a/x 666 uid"}, "a/x", Rules{Anyone: true}, "DIR/a/x can be changed by others (0666)"},
		{"group of the owner's number", []string{"x 664 uid"}, "x", Rules{Anyone: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			finds(t, tt.files, tt.path, tt.rules, tt.want)
		})
	}
}

func TestFindGroups(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files to groups")
	}
	dir := resolved(t)
	place(t, dir, "x 664")
	path := filepath.Join(dir, "x")
	for gid, alone := range map[int]bool{0: true, stranger: false} {
		must(t, os.Chown(path, 0, gid))
		if f, err := Find(path, Rules{}); err != nil || (f == nil) != alone {
			t.Errorf("group %d: %v, %v", gid, f, err)
		}
	}
}

func TestFindErrors(t *testing.T) {
	dir := resolved(t)
	place(t, dir, "x 600", "round -> round", "none -> nothing")
	for _, name := range []string{"missing", "x/y", "round", "none", "missing/y"} {
		if f, err := Find(filepath.Join(dir, name), Rules{}); err == nil || f != nil {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
}

func TestMine(t *testing.T) {
	dir := resolved(t)
	place(t, dir, "x 600", "a/ 700", "link -> x", "none -> nothing")
	for name, want := range map[string]string{
		"x": "", "a": "", "missing": "", "link": "link is a symbolic link: remove it", "none": "none is a symbolic link: remove it",
	} {
		err := Mine(filepath.Join(dir, name))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if os.Geteuid() == 0 {
		place(t, dir, "theirs 600 uid")
		if err := Mine(filepath.Join(dir, "theirs")); err == nil || !strings.Contains(err.Error(), "theirs belongs to uid 61002, not to uid 0: run as root: chown 0 ") {
			t.Errorf("another's: %v", err)
		}
	}
}
