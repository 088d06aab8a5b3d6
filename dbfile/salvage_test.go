package dbfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const things = 2000

// filled is the path of a closed database with many things, of which every
// hundredth is large and every tenth has a note. far spreads their numbers.
func filled(t testing.TB, far int64) string {
	t.Helper()
	path := testPath(t)
	c := create(t, path, testSchema)
	check(t, c.Exec("BEGIN"))
	insert, err := c.Prepare("INSERT INTO things VALUES (?, ?, ?)")
	check(t, err)
	note, err := c.Prepare("INSERT INTO notes VALUES (?, ?)")
	check(t, err)
	for n := int64(1); n <= things; n++ {
		check(t, insert.Exec(n*far, fmt.Sprint("thing ", n*far), thingBody(n)))
		if n%10 == 0 {
			check(t, note.Exec(n*far, fmt.Sprint("note ", n)))
		}
	}
	check(t, errors.Join(insert.Close(), note.Close()))
	check(t, c.Exec("COMMIT"))
	check(t, c.Close())
	return path
}

func thingBody(n int64) []byte {
	size := 300
	if n%100 == 0 {
		size = 20_000
	}
	return []byte(strings.Repeat(fmt.Sprint(n, " "), size/4))
}

func TestSalvage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		far    int64
		damage func(t *testing.T, path string, pages int64)
		things int64 // at least
		notes  int64
		holes  bool
	}{
		{"nothing", 1, func(*testing.T, string, int64) {}, things, things / 10, false},
		{"one page", 1, func(t *testing.T, path string, pages int64) { overwrite(t, path, pages/2*4096, 4096) }, things - 30, things/10 - 200, true},
		{"one page, numbers far apart", 1 << 40, func(t *testing.T, path string, pages int64) { overwrite(t, path, pages/2*4096, 4096) }, things - 30, things/10 - 200, true},
		{"every ninth page", 1, func(t *testing.T, path string, pages int64) {
			for page := int64(20); page < pages; page += 9 {
				overwrite(t, path, page*4096, 4096)
			}
		}, things * 7 / 10, 0, true},
		{"the first page", 1, func(t *testing.T, path string, _ int64) { overwrite(t, path, 0, 4096) }, things, things / 10, false},
		{"the first page and more", 1, func(t *testing.T, path string, pages int64) {
			overwrite(t, path, 0, 4096)
			overwrite(t, path, pages/2*4096, 4096)
		}, things - 30, things/10 - 200, true},
		{"the end", 1, func(t *testing.T, path string, pages int64) { check(t, os.Truncate(path, pages*4096*9/10)) }, things * 8 / 10, 0, true},
		{"a part of a page too much", 1, func(t *testing.T, path string, pages int64) { check(t, os.Truncate(path, pages*4096-100)) }, things - 100, 0, false},
		{"all but the first page", 1, func(t *testing.T, path string, pages int64) { overwrite(t, path, 4096, (pages-1)*4096) }, 0, 0, true},
		{"all", 1, func(t *testing.T, path string, pages int64) { overwrite(t, path, 0, pages*4096) }, 0, 0, true},
		{"empty", 1, func(t *testing.T, path string, _ int64) { check(t, os.Truncate(path, 0)) }, 0, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filled(t, tt.far)
			fi, err := os.Stat(path)
			check(t, err)
			tt.damage(t, path, fi.Size()/4096)
			damaged, err := os.ReadFile(path)
			check(t, err)
			rep, err := Salvage(t.Context(), path, testSchema, epoch)
			check(t, err)
			t.Logf("%+v", rep)
			if aside, err := os.ReadFile(rep.Aside); err != nil || string(aside) != string(damaged) {
				t.Errorf("what was set aside has changed: %v", err)
			}
			if rep.Rows["things"] < tt.things || rep.Rows["notes"] < tt.notes || tt.holes && rep.Holes == 0 || tt.things == things && rep.Holes != 0 {
				t.Errorf("%+v, want %d things, %d notes", rep, tt.things, tt.notes)
			}
			verifySalvaged(t, path, tt.far, rep)
		})
	}
}

// verifySalvaged checks that the new file is sound and its rows are whole, but
// for the insides of bodies, which carry no check of their own.
func verifySalvaged(t *testing.T, path string, far int64, rep Salvaged) {
	t.Helper()
	c := connect(t, path)
	check(t, Verify(c))
	check(t, Migrate(c, path, testApp, testSchema.Steps))
	if n := number(t, c, "SELECT count(*) FROM things"); n != rep.Rows["things"] {
		t.Errorf("%d things, %d were reported", n, rep.Rows["things"])
	}
	if n := number(t, c, "SELECT count(*) FROM things WHERE name <> 'thing ' || n"); n != 0 {
		t.Errorf("%d things have a wrong name", n)
	}
	if n := number(t, c, fmt.Sprintf("SELECT count(*) FROM notes WHERE note <> 'note ' || (thing / %d)", far)); n != 0 {
		t.Errorf("%d notes are wrong", n)
	}
	check(t, c.Close())
	left, err := filepath.Glob(path + ".s*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What only the log holds is salvaged too.
func TestSalvageReadsTheLog(t *testing.T) {
	for _, headless := range []bool{false, true} {
		t.Run(fmt.Sprint(headless), func(t *testing.T) {
			path := filled(t, 1)
			c := connect(t, path)
			check(t, c.Exec("UPDATE things SET name = 'thing ' || n || ' again' WHERE n % 50 = 0; INSERT INTO things VALUES (100000, 'late', NULL)"))
			// A copy is what a crash leaves.
			crashed := testPath(t)
			check(t, copyFile(path, crashed))
			check(t, copyFile(path+"-wal", crashed+"-wal"))
			check(t, c.Close())
			overwrite(t, crashed, 30*4096, 4096)
			if headless {
				overwrite(t, crashed, 0, 4096)
			}
			rep, err := Salvage(t.Context(), crashed, testSchema, epoch)
			check(t, err)
			c = connect(t, crashed)
			if n := number(t, c, "SELECT count(*) FROM things WHERE name = 'late'"); n != 1 {
				t.Errorf("what came last is lost; %+v", rep)
			}
			if n := number(t, c, "SELECT count(*) FROM things WHERE name LIKE '% again'"); n < 35 {
				t.Errorf("%d changes are left; %+v", n, rep)
			}
		})
	}
}

// A file of an older version comes back in the format of this one.
func TestSalvageOlder(t *testing.T) {
	path := testPath(t)
	c := connect(t, path)
	check(t, Migrate(c, path, testApp, testSchema.Steps[:1]))
	check(t, c.Exec("INSERT INTO things VALUES (1, 'old', NULL)"))
	check(t, c.Close())
	s := testSchema
	s.Steps = append(s.Steps[:2:2], "ALTER TABLE things ADD COLUMN color TEXT NOT NULL DEFAULT 'grey';")
	rep, err := Salvage(t.Context(), path, s, epoch)
	check(t, err)
	diff(t, rep.Rows, map[string]int64{"things": 1, "notes": 0})
	c = connect(t, path)
	if v, err := c.Value("SELECT name || ' ' || color FROM things"); v != "old grey" || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}

// An error leaves the damaged file where it is.
func TestSalvageFails(t *testing.T) {
	path := filled(t, 1)
	overwrite(t, path, 30*4096, 4096)
	before, err := os.ReadFile(path)
	check(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	broken := testSchema
	broken.Steps = []string{"nonsense"}
	for name, do := range map[string]func() error{
		"context": func() error { _, err := Salvage(ended, path, testSchema, epoch); return err },
		"schema":  func() error { _, err := Salvage(t.Context(), path, broken, epoch); return err },
	} {
		if err := do(); err == nil {
			t.Errorf("%s: no error", name)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("%s: the file has changed: %v", name, err)
		}
		if left, _ := filepath.Glob(path + "?*"); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

// Whatever step a salvage was interrupted after, Resume ends it.
func TestResume(t *testing.T) {
	write := func(t *testing.T, path, text string) {
		t.Helper()
		check(t, os.WriteFile(path, []byte(text), 0o600))
	}
	for _, tt := range []struct {
		name string
		left []string // suffixes of files that are there
		want string   // what lies at path then
	}{
		{"nothing to do", []string{""}, "damaged"},
		{"nothing at all", nil, ""},
		{"an incomplete copy", []string{"", ".salvaging", ".salvaging-wal", ".spare"}, "damaged"},
		{"a complete copy", []string{"", "-wal", ".salvaged"}, "complete"},
		{"a complete copy, the log set aside", []string{"", ".salvaged"}, "complete"},
		{"a complete copy, all set aside", []string{".salvaged"}, "complete"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := testPath(t)
			for _, suffix := range tt.left {
				text := "damaged"
				if suffix == salvaged {
					text = "complete"
				}
				write(t, path+suffix, text)
			}
			for range 2 {
				check(t, Resume(path, epoch))
				got, err := os.ReadFile(path)
				if string(got) != tt.want || err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%q, %v", got, err)
				}
			}
			if left, _ := filepath.Glob(path + ".s*"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if got, _ := os.ReadFile(path + "-wal"); tt.want == "complete" && got != nil {
				t.Error("the log of the damaged file is in the way")
			}
		})
	}
}
