package dbfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestMain also plays the process that TestLock starts.
func TestMain(m *testing.M) {
	if path := os.Getenv(lockEnv); path != "" {
		os.Exit(holdLock(path))
	}
	os.Exit(m.Run())
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 123000000, time.UTC)

const testApp = 0x54657374

var testSchema = Schema{
	App: testApp,
	Steps: []string{
		fmt.Sprintf("PRAGMA application_id = %d; CREATE TABLE things (n INTEGER PRIMARY KEY, name TEXT NOT NULL, body BLOB);", testApp),
		"CREATE TABLE notes (thing INTEGER NOT NULL, note TEXT); CREATE UNIQUE INDEX notes_thing ON notes (thing);",
	},
	Tables: []string{"things", "notes"},
}

// create makes a database of the schema and returns a connection to it, which is
// closed with the test.
func create(t testing.TB, path string, s Schema) *Conn {
	t.Helper()
	c := connect(t, path)
	check(t, Migrate(c, path, s.App, s.Steps))
	return c
}

func connect(t testing.TB, path string) *Conn {
	t.Helper()
	check(t, Secure(path))
	name, err := WriterDSN(path, nil)
	check(t, err)
	c, err := Connect(context.Background(), name)
	check(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func number(t testing.TB, c *Conn, text string) int64 {
	t.Helper()
	n, err := c.Number(text)
	check(t, err)
	return n
}

func testPath(t testing.TB) string { return filepath.Join(t.TempDir(), "test.db") }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func diff(t testing.TB, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
