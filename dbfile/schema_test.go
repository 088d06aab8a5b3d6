package dbfile

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

func TestSteps(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		want  []string // nil = refused
	}{
		{"in order", []string{"0002_b.sql", "0001_a.sql", "notes.txt"}, []string{"0001_a.sql", "0002_b.sql"}},
		{"none", nil, []string{}},
		{"a gap", []string{"0001_a.sql", "0003_b.sql"}, nil},
		{"twice", []string{"0001_a.sql", "0001_b.sql"}, nil},
		{"from two on", []string{"0002_a.sql"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for _, f := range tt.files {
				fsys["migrations/"+f] = &fstest.MapFile{Data: []byte(f)}
			}
			steps, err := Steps(fsys)
			if (err == nil) != (tt.want != nil) {
				t.Fatalf("error %v", err)
			}
			diff(t, steps, tt.want)
		})
	}
}

func TestMigrate(t *testing.T) {
	path := testPath(t)
	c := connect(t, path)
	check(t, Migrate(c, path, testApp, testSchema.Steps[:1]))
	if _, err := os.Stat(path + ".v0"); err == nil {
		t.Error("an empty file was copied")
	}
	check(t, c.Exec("INSERT INTO things VALUES (1, 'kept', NULL)"))
	// A copy that an interrupted attempt has left is in nobody's way.
	check(t, os.WriteFile(path+".v1", []byte("half"), 0o600))
	check(t, Migrate(c, path, testApp, testSchema.Steps))
	check(t, Migrate(c, path, testApp, testSchema.Steps)) // nothing left to do
	if v := number(t, c, "PRAGMA user_version"); v != 2 {
		t.Errorf("version %d", v)
	}
	fi, err := os.Stat(path + ".v1")
	check(t, err)
	if runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("the copy has mode %v", fi.Mode())
	}
	old := connect(t, path+".v1")
	if v, err := old.Value("SELECT name FROM things"); v != "kept" || err != nil {
		t.Errorf("the copy holds %v, %v", v, err)
	}
	if v := number(t, old, "PRAGMA user_version"); v != 1 {
		t.Errorf("the copy has version %d", v)
	}

	if err := Migrate(c, path, testApp, testSchema.Steps[:1]); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "update Homehook") {
		t.Errorf("downgrade: %v", err)
	}
	if err := Migrate(c, path, testApp+1, testSchema.Steps); !errors.Is(err, ErrForeign) {
		t.Errorf("another application: %v", err)
	}
}

// A step that fails changes nothing.
func TestMigrateFails(t *testing.T) {
	path := testPath(t)
	c := create(t, path, testSchema)
	broken := append(testSchema.Steps[:2:2], "CREATE TABLE extra (x); CREATE TABLE extra (x);")
	if err := Migrate(c, path, testApp, broken); err == nil {
		t.Fatal("a broken step went through")
	}
	if n := number(t, c, "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'"); n != 0 {
		t.Errorf("it left %d tables", n)
	}
	check(t, Migrate(c, path, testApp, append(testSchema.Steps[:2:2], "CREATE TABLE extra (x);")))
}

func TestMigrateRefusesForeign(t *testing.T) {
	for i, text := range []string{"CREATE TABLE mine (x)", "PRAGMA user_version = 1", fmt.Sprintf("PRAGMA application_id = %d", testApp+1)} {
		path := testPath(t)
		c := connect(t, path)
		check(t, c.Exec(text))
		if err := Migrate(c, path, testApp, testSchema.Steps); !errors.Is(err, ErrForeign) {
			t.Errorf("%d: %v", i, err)
		}
	}
}
