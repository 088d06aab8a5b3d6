package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"homehook/dbfile"
)

func TestMigrationNumbers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		want  int // steps; 0 = refused
	}{
		{"embedded order", []string{"0001_a", "0002_b"}, 2},
		{"gap", []string{"0001_a", "0003_b"}, 0},
		{"twice", []string{"0001_a", "0001_b"}, 0},
		{"begins at two", []string{"0002_a"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for _, f := range tt.files {
				fsys["migrations/"+f+".sql"] = &fstest.MapFile{Data: []byte("SELECT 1;")}
			}
			steps, err := dbfile.Steps(fsys)
			if (err == nil) != (tt.want > 0) || len(steps) != tt.want {
				t.Errorf("%d steps, error %v", len(steps), err)
			}
		})
	}
}

// openRaw connects to path as Open does, without migrating.
func openRaw(t *testing.T, path string) *dbfile.Conn {
	t.Helper()
	check(t, dbfile.Secure(path))
	c, err := connectWriter(t.Context(), path, nil)
	check(t, err)
	t.Cleanup(func() { check(t, c.Close()) })
	return c
}

func TestMigrateStepByStep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "it's a history.db")
	first, err := dbfile.Steps(embedded)
	check(t, err)
	c := openRaw(t, path)
	check(t, dbfile.Migrate(c, path, applicationID, first))
	check(t, c.Exec("INSERT INTO deliveries (seq, id, state, durable, size, status, duration_ms, attempts) VALUES (1, 'kept', 'dead', 0, 0, 0, 0, 0)"))

	broken := append(first[:len(first):len(first)], "CREATE TABLE extra (x); CREATE TABLE extra (x);")
	if err := dbfile.Migrate(c, path, applicationID, broken); err == nil {
		t.Fatal("a broken step went through")
	}
	if n, err := c.Number("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'"); err != nil || n != 0 {
		t.Errorf("the broken step left %d tables, error %v", n, err)
	}
	check(t, dbfile.Migrate(c, path, applicationID, append(first[:len(first):len(first)], "ALTER TABLE deliveries ADD COLUMN note TEXT;")))
	if n, err := c.Number("PRAGMA user_version"); err != nil || int(n) != len(first)+1 {
		t.Errorf("version %d, error %v", n, err)
	}
	checkBackup(t, fmt.Sprintf("%s.v%d", path, len(first)), len(first))

	// The version before this change must not touch the file.
	err = dbfile.Migrate(c, path, applicationID, first)
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "update Homehook") {
		t.Errorf("downgrade: %v", err)
	}
}

func checkBackup(t *testing.T, path string, version int) {
	t.Helper()
	fi, err := os.Stat(path)
	check(t, err)
	if runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("backup has mode %v", fi.Mode())
	}
	if got := sqlValue(t, path, "PRAGMA user_version"); got != int64(version) {
		t.Errorf("backup has version %v, want %d", got, version)
	}
	if got := sqlValue(t, path, "SELECT id FROM deliveries"); got != "kept" {
		t.Errorf("backup holds %v", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		is      error
		words   string
	}{
		{"a newer file", func(t *testing.T, path string) {
			check(t, openAt(t, path, Options{}).Close())
			sqlValue(t, path, "PRAGMA user_version = 99")
		}, ErrNewer, "its format is 99, this version knows up to 3): update Homehook"},
		{"another program's database", func(t *testing.T, path string) {
			sqlValue(t, create(t, path), "CREATE TABLE mine (x)")
		}, ErrForeign, "move the file away"},
		{"a folder", func(t *testing.T, path string) { check(t, os.Mkdir(path, 0o700)) }, nil, "is not a regular file"},
		{"a symbolic link", func(t *testing.T, path string) { link(t, create(t, path+".real"), path) }, nil, "is a symbolic link"},
		{"a dangling link", func(t *testing.T, path string) { link(t, path+".real", path) }, nil, "is a symbolic link"},
		{"a linked WAL", func(t *testing.T, path string) { link(t, create(t, path+".real"), path+"-wal") }, nil, "is a symbolic link"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "history.db")
			tt.prepare(t, path)
			j, err := Open(t.Context(), path, Options{})
			if err == nil {
				check(t, j.Close())
				t.Fatal("it opened")
			}
			if tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.words) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %q", err)
			}
			if _, err := os.Stat(path + ".real-wal"); !errors.Is(err, fs.ErrNotExist) {
				t.Error("SQLite has followed the link")
			}
		})
	}
}

func TestOpenWithoutFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "history.db")
	if _, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "create it with mode 0700") {
		t.Errorf("error %v", err)
	}
}

func create(t *testing.T, path string) string {
	t.Helper()
	check(t, os.WriteFile(path, nil, 0o600))
	return path
}

func link(t *testing.T, to, from string) {
	t.Helper()
	if err := os.Symlink(to, from); err != nil {
		t.Skip("no symbolic links here:", err)
	}
}

func TestFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes; the folder's ACL protects the file")
	}
	path := filepath.Join(t.TempDir(), "history.db")
	for _, before := range []fs.FileMode{0, 0o644, 0o666} { // 0 = no file
		if before != 0 {
			check(t, os.Chmod(path, before))
		}
		j := openAt(t, path, Options{})
		check(t, j.Begin(numbered(int(before)), true))
		for _, suffix := range []string{"", "-wal", "-shm"} {
			fi, err := os.Stat(path + suffix)
			check(t, err)
			if fi.Mode().Perm() != 0o600 {
				t.Errorf("before %v: %s has mode %v", before, suffix, fi.Mode())
			}
		}
		check(t, j.Close())
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there after Close", suffix)
		}
	}
}

func TestOddNames(t *testing.T) {
	names := []string{"a b.db", "100%25.db", "x#y.db", "ü.db", "a&b=c.db", "semi;colon.db"}
	if runtime.GOOS != "windows" {
		names = append(names, "what?mode=memory.db", `back\slash".db`)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			j := openAt(t, path, Options{})
			check(t, j.Begin(numbered(1), true))
			diff(t, list(t, j, Query{}), testIDs(1))
			if fi, err := os.Stat(path); err != nil || fi.Size() == 0 {
				t.Errorf("the database is not at its path: %v", err)
			}
		})
	}
}

// Only the deliveries that nobody will run again are marked.
func TestInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{})
	states := []string{Received, Running, Waiting, Succeeded, Rejected}
	for i, state := range states {
		for k, durable := range []bool{false, true} {
			r := numbered(2*i + k)
			r.State = state
			check(t, j.Begin(r, durable))
		}
	}
	check(t, j.Close())

	j = openAt(t, path, Options{})
	for i, state := range states {
		for k, durable := range []bool{false, true} {
			want, reason := state, ""
			if !durable && (state == Received || state == Running) {
				want, reason = Dead, Interrupted
			}
			if got := get(t, j, testID(2*i+k)); got.State != want || got.Reason != reason {
				t.Errorf("%s, durable %t: is now %s because of %q", state, durable, got.State, got.Reason)
			}
		}
	}
}

// What Salvage does without the first page needs the whole schema to be there.
func TestSchemaFitsOnOnePage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	versionOne(t, path, 10)
	check(t, openAt(t, path, Options{}).Close())
	if got := sqlValue(t, path, "SELECT count(*) FROM dbstat WHERE name = 'sqlite_schema'"); got != int64(1) {
		t.Errorf("it takes %v pages", got)
	}
}
