package queue

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"homehook/dbfile"
)

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, dir, path string)
		is      error
		words   string
	}{
		{"a newer file", func(t *testing.T, dir, path string) {
			check(t, openAt(t, dir, Options{}).Close())
			sqlValue(t, path, "PRAGMA user_version = 99")
		}, dbfile.ErrNewer, "its format is 99, this version knows up to 1): update Homehook"},
		{"another program's database", func(t *testing.T, _, path string) {
			check(t, os.WriteFile(path, nil, 0o600))
			sqlValue(t, path, "CREATE TABLE mine (x)")
		}, dbfile.ErrForeign, "move the file away"},
		{"a folder in its place", func(t *testing.T, _, path string) { check(t, os.Mkdir(path, 0o700)) }, nil, "is not a regular file"},
		{"a linked file", func(t *testing.T, dir, path string) { link(t, dir, path) }, nil, "is a symbolic link"},
		{"a linked log", func(t *testing.T, dir, path string) { link(t, dir, path+"-wal") }, nil, "is a symbolic link"},
		{"a linked lock", func(t *testing.T, dir, _ string) { link(t, dir, filepath.Join(dir, lockName)) }, nil, "is a symbolic link"},
		{"a linked folder of bodies", func(t *testing.T, dir, _ string) { link(t, dir, filepath.Join(dir, bodiesName)) }, nil, "not a folder of its own"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tt.prepare(t, dir, filepath.Join(dir, fileName))
			q, err := openQuietly(t, dir, Options{})
			if err == nil {
				check(t, q.Close())
				t.Fatal("it opened")
			}
			if tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.words) || !strings.Contains(err.Error(), dir) {
				t.Errorf("error %q", err)
			}
		})
	}
}

func link(t *testing.T, to, from string) {
	t.Helper()
	if err := os.Symlink(to, from); err != nil {
		t.Skip("no symbolic links here:", err)
	}
}

func TestOpenWithoutFolder(t *testing.T) {
	if _, err := openQuietly(t, filepath.Join(t.TempDir(), "missing"), Options{}); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("error %v", err)
	}
}

// A second relay with the same folder would sweep the bodies of the first.
func TestOpenTwice(t *testing.T) {
	q := openTest(t, Options{})
	s := spoolOf(t, q, large(1, inRow))
	if _, err := openQuietly(t, q.opts.Dir, Options{}); !errors.Is(err, dbfile.ErrInUse) {
		t.Errorf("error %v, want ErrInUse", err)
	}
	check(t, q.Put(t.Context(), numbered("garage", 1), s, Limits{}))
	diff(t, body(t, q, list(t, q, "garage")[0]), large(1, inRow))
}

func TestFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes; the folder's ACL protects the files")
	}
	q := openTest(t, Options{})
	check(t, q.Put(t.Context(), numbered("garage", 1), spoolOf(t, q, large(1, inRow)), Limits{}))
	check(t, filepath.WalkDir(q.opts.Dir, func(path string, d fs.DirEntry, err error) error {
		check(t, err)
		fi, err := d.Info()
		check(t, err)
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if path != q.opts.Dir && fi.Mode().Perm() != want {
			t.Errorf("%s has mode %v", path, fi.Mode())
		}
		return nil
	}))
	check(t, q.Close())
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(q.w.path + suffix); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there after Close", suffix)
		}
	}
}

// What no row names goes; what a row names stays.
func TestStraysAreSwept(t *testing.T) {
	q := openTest(t, Options{})
	check(t, q.Put(t.Context(), numbered("garage", 1), spoolOf(t, q, large(1, inRow)), Limits{}))
	check(t, q.Close())
	bodies := filepath.Join(q.opts.Dir, bodiesName)
	for _, name := range []string{"STRAY", "STRAY.part", "sub"} {
		if name == "sub" {
			check(t, os.MkdirAll(filepath.Join(bodies, name, "deeper"), 0o700))
		} else {
			check(t, os.WriteFile(filepath.Join(bodies, name), []byte("x"), 0o600))
		}
	}
	q = openAt(t, q.opts.Dir, Options{})
	if got := files(t, q); got != 1 {
		t.Errorf("%d files", got)
	}
	diff(t, body(t, q, list(t, q, "garage")[0]), large(1, inRow))
}

// A delivery whose body somebody has deleted or cut does not hold up its line,
// and is not forgotten without a trace.
func TestLostBodies(t *testing.T) {
	q := openTest(t, Options{})
	for n := range 3 {
		check(t, q.Put(t.Context(), numbered("garage", n), spoolOf(t, q, large(n, inRow)), Limits{}))
	}
	items := list(t, q, "garage")
	check(t, q.Close())
	bodies := filepath.Join(q.opts.Dir, bodiesName)
	check(t, os.Remove(filepath.Join(bodies, items[0].file)))
	check(t, os.Truncate(filepath.Join(bodies, items[1].file), 100))
	for range 2 { // the second time nothing is left to do
		var log bytes.Buffer
		q = openAt(t, q.opts.Dir, Options{Log: logTo(&log)})
		diff(t, ids(list(t, q, "garage")), testIDs(2))
		if n, _, _ := q.Count("garage"); n != 1 {
			t.Errorf("it counts %d", n)
		}
		check(t, q.Close())
		if n := sqlValue(t, q.w.path, "SELECT count(*) FROM lost WHERE head IS NOT NULL"); n != int64(2) {
			t.Errorf("%v rows in lost", n)
		}
		if fi, err := os.Stat(filepath.Join(bodies, items[1].file)); err != nil || fi.Size() != 100 {
			t.Errorf("what is left of the body: %v, %v", fi, err)
		}
		if want := strings.Count(log.String(), "level=ERROR"); want != 0 && want != 2 {
			t.Errorf("log: %s", log.String())
		}
	}
}

// An older file is copied before it changes.
func TestMigration(t *testing.T) {
	q := openTest(t, Options{})
	put(t, q, "garage", 1, 2)
	check(t, q.Close())
	steps, err := dbfile.Steps(embedded)
	check(t, err)
	c, err := dbfile.Connect(t.Context(), mustDSN(t, q.w.path))
	check(t, err)
	check(t, dbfile.Migrate(c, q.w.path, applicationID, append(steps, "ALTER TABLE items ADD COLUMN note TEXT;")))
	check(t, c.Close())
	backup := fmt.Sprintf("%s.v%d", q.w.path, len(steps))
	if n := sqlValue(t, backup, "SELECT count(*) FROM items"); n != int64(2) {
		t.Errorf("the copy holds %v", n)
	}
	if _, err := openQuietly(t, q.opts.Dir, Options{}); !errors.Is(err, dbfile.ErrNewer) {
		t.Errorf("downgrade: %v", err)
	}
}

func mustDSN(t *testing.T, path string) string {
	t.Helper()
	name, err := dbfile.WriterDSN(path, nil)
	check(t, err)
	return name
}

func TestBallast(t *testing.T) {
	q := openTest(t, Options{Ballast: 100_000})
	path := filepath.Join(q.opts.Dir, ballastName)
	if fi, err := os.Stat(path); err != nil || fi.Size() != 100_000 {
		t.Errorf("%v, %v", fi, err)
	}
	check(t, os.Remove(path))
	wait(t, "it is made again", func() bool { _, err := os.Stat(path); return err == nil })
	check(t, q.Close())
	q = openAt(t, t.TempDir(), Options{Ballast: -1, round: time.Millisecond})
	put(t, q, "garage", 1, 5)
	if _, err := os.Stat(filepath.Join(q.opts.Dir, ballastName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a ballast that nobody wants: %v", err)
	}
}
