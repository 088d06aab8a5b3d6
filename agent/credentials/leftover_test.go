package credentials

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stuck is a folder in the place of the file that is about to be removed: neither can
// the plain file be renamed to it, nor it be removed.
func stuck(t *testing.T, dir string) (path string) {
	t.Helper()
	path = filepath.Join(dir, takenName)
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPlainStays holds that a plain file that cannot be removed is no reason to take
// back what is sealed, stops no start, and is told.
func TestPlainStays(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Store) error
		want   string
	}{
		{"move", func(s *Store) error { return s.Move(t.Context(), PlaceFile, Options{}) }, "the root key is in the place file now, but: the credentials are sealed, but their copy in the clear is left"},
		{"set", func(s *Store) error { return s.Set("b", "v") }, "the credentials are sealed, but their copy in the clear is left"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			write(t, s.plain, string(older(t)))
			taken := stuck(t, dir)
			wantError(t, tt.name, tt.change(s), nil, tt.want)
			for _, one := range []*Store{s, open(t, dir)} {
				wantValue(t, one, "relay/mine", "0123456789abcdef")
				if one.Place() != PlaceFile {
					t.Errorf("Place() = %q", one.Place())
				}
				wantError(t, "Damage", one.Damage(), nil, taken+" has credentials in the clear")
			}
			if err := os.RemoveAll(taken); err != nil {
				t.Fatal(err)
			}
			wantError(t, "Damage", s.Damage(), nil, s.plain+" has credentials in the clear")
			if err := open(t, dir).Damage(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestUndoLooks holds that a root key is not taken away from a file that is sealed
// under it, whatever the error was.
func TestUndoLooks(t *testing.T) {
	s := open(t, t.TempDir())
	set(t, s, "a", "v")
	c, err := s.readSealed()
	if err != nil {
		t.Fatal(err)
	}
	undone := 0
	s.giveUp(&made{head: c.head, undo: func() { undone++ }})
	write(t, s.path, "spoiled")
	s.giveUp(&made{head: &head{Key: "other"}, undo: func() { undone++ }})
	if undone != 0 {
		t.Error("it was taken away, from its file or from one that nobody can read")
	}
	remove(t, s.path)
	s.giveUp(&made{head: c.head, undo: func() { undone++ }})
	if undone != 1 {
		t.Error("it was not taken away")
	}
}

// TestSwept holds that a change removes what killed processes left, and nothing else.
func TestSwept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	keep := []string{".other.1.tmp", ".secrets.sealed.1", "mine.tmp"}
	for _, name := range append([]string{".secrets.sealed.1.tmp", ".secrets.sealed.damaged-20260102-030405.000.1.tmp", ".root.key.1.tmp", ".credentials.json.1.tmp"}, keep...) {
		write(t, filepath.Join(dir, name), "s3cret")
	}
	if err := os.Mkdir(filepath.Join(dir, ".root.key.folder.tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	set(t, s, "a", "v")
	want := []string{".other.1.tmp", ".root.key.folder.tmp", ".secrets.sealed.1", "mine.tmp", keyFileName, sealedName}
	if diff := cmp.Diff(want, filesIn(t, dir)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
}
