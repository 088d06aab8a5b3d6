package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestConfiguration holds the text that the agent gets.
func TestConfiguration(t *testing.T) {
	l := &lab{dir: t.TempDir(), via: "127.0.0.1:1", bin: programs{self: "/bin/f"}, claims: []claim{
		{name: "one", answer: "hold", hold: "500ms", script: []string{"2s"}, settings: "    parallel: 4\n"},
		{name: "two", answer: "store", handler: "respond: {body: done}"},
	}}
	if err := os.Mkdir(l.home(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.configure(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(l.home(), "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := `relays: [{name: lab, url: "http://127.0.0.1:1", token: relay/lab}]
claims:
  - name: one
    answer: hold
    hold: 500ms
    parallel: 4
  - name: two
    answer: store
routes:
  - name: to one
    claim: one
    match: /
    unverified: true
    script: {command: ["/bin/f","handler","DIR/runs","2s"]}
  - name: to two
    claim: two
    match: /
    unverified: true
    respond: {body: done}
history: {keep: 30d, max_size: 20GB, body: 1KiB}
`
	if diff := cmp.Diff(strings.ReplaceAll(want, "DIR", l.dir), string(got)); diff != "" {
		t.Error(diff)
	}
}

// testLab is a folder as a run leaves it: with a ledger of two requests, one at
// home, one in the queue with its body in a file.
func testLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{dir: t.TempDir(), tally: newTally(), claims: []claim{{name: "c", handler: "respond: {}"}}}
	for _, dir := range []string{filepath.Dir(l.history()), filepath.Join(l.data(), bodyFolder)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"relay.log", "agent.log"} {
		write(t, l.path(name), "level=INFO\n")
	}
	a, b := digestOf("body a"), digestOf("body b")
	write(t, l.path("ledger"), "? c /a "+a+" 6\n+ c /a 200\n? c /b "+b+" 6\n+ c /b 202\n")
	exec1(t, l.history(), `CREATE TABLE deliveries (seq INTEGER PRIMARY KEY, id, claim, path, state, body_sha256, duplicate_of, attempts INTEGER, reason)`,
		`INSERT INTO deliveries VALUES (1, 'A', 'c', '/a', 'succeeded', '`+a+`', NULL, 1, NULL)`)
	exec1(t, filepath.Join(l.data(), queueFile), `CREATE TABLE items (seq INTEGER PRIMARY KEY, id, claim, file, head, body)`,
		`INSERT INTO items VALUES (1, 'B', 'c', 'some', CAST('POST /~c/b HTTP/1.1' || char(13, 10) || 'Host: r' AS BLOB), NULL)`)
	write(t, filepath.Join(l.data(), bodyFolder, "some"), "body b")
	return l
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func exec1(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestGather(t *testing.T) {
	l := testLab(t)
	e, err := gather(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	v := check(e)
	if len(v.violations) != 1 || v.violations[0].Kind != "stuck" || v.Accepted != 2 || v.Queued != 1 || v.Succeeded != 1 {
		t.Errorf("got %+v", v)
	}
	if n, err := backlog(t.Context(), l); n != 1 || err != nil {
		t.Errorf("%d on their way, %v", n, err)
	}
	tests := []struct {
		name, want string
		spoil      func()
	}{
		{"a body that is gone", "digest", func() { os.Remove(filepath.Join(l.data(), bodyFolder, "some")) }},
		{"an item that is gone", "lost", func() { exec1(t, filepath.Join(l.data(), queueFile), "DELETE FROM items") }},
		{"an item given up", "lost", func() {
			exec1(t, filepath.Join(l.data(), queueFile), "CREATE TABLE lost (id)", "INSERT INTO lost VALUES ('B')")
		}},
		{"a panic", "log", func() { write(t, l.path("relay.log"), "panic: oh\n") }},
		{"an index that disagrees", "integrity", func() {
			exec1(t, l.history(), "CREATE INDEX i ON deliveries (id)", "PRAGMA writable_schema = 1",
				"UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON deliveries (state)' WHERE name = 'i'")
		}},
	}
	for _, tt := range tests {
		tt.spoil()
		e, err := gather(t.Context(), l)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		e.backlog = true
		found := false
		for _, x := range check(e).violations {
			found = found || x.Kind == tt.want
		}
		if !found {
			t.Errorf("%s: no violation %q in %v", tt.name, tt.want, check(e).violations)
		}
	}
}

// TestCheckAgain runs the program that looks at a folder.
func TestCheckAgain(t *testing.T) {
	l := testLab(t)
	for _, tt := range []struct {
		args []string
		code int
	}{
		{[]string{"check", "-dir", l.dir, "-backlog"}, 0},
		{[]string{"check", "-dir", l.dir}, 1},
	} {
		var code int
		line := capture(t, func() { code = run(t.Context(), tt.args) })
		if code != tt.code || !strings.Contains(line, `"accepted":2`) {
			t.Errorf("%q: exit status %d, %s", tt.args, code, line)
		}
	}
}

func TestEmptyFolder(t *testing.T) {
	l := &lab{dir: t.TempDir()}
	if all, err := readQueue(t.Context(), l.data()); len(all) > 0 || err != nil {
		t.Errorf("queue: %v, %v", all, err)
	}
	if all, err := readGivenUp(t.Context(), l.data()); len(all) > 0 || err != nil {
		t.Errorf("given up: %v, %v", all, err)
	}
	if all, err := readRuns(l.path("runs")); len(all) > 0 || err != nil {
		t.Errorf("runs: %v, %v", all, err)
	}
	if n, err := backlog(t.Context(), l); n > 0 || err != nil {
		t.Errorf("backlog: %d, %v", n, err)
	}
	if _, err := readLedger(l.path("ledger")); err == nil {
		t.Error("a run without a ledger is no error")
	}
}

func TestTarget(t *testing.T) {
	for head, want := range map[string]string{
		"POST /~c/a?x HTTP/1.1\r\nHost: r\r\n\r\n": "/~c/a?x", "POST /a\n": "/a", "": "", "POST": "", "\n": "",
	} {
		if got := target([]byte(head)); got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}

// TestFaultyClock builds a program whose clock jumps.
func TestFaultyClock(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("builds the standard library anew")
	}
	dir := t.TempDir()
	list, err := overlay(dir)
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(dir, "program", "main.go")
	if err := os.Mkdir(filepath.Dir(source), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, source, "package main\n\nimport \"time\"\n\nfunc main() { println(time.Now().Unix()) }\n")
	bin := filepath.Join(dir, "clock")
	if out, err := exec.Command("go", "build", "-overlay", list, "-o", bin, source).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, off := range []time.Duration{0, time.Hour, -3650 * 24 * time.Hour} {
		if err := setClock(filepath.Join(dir, "off"), off); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(bin)
		cmd.Env = append(os.Environ(), clockVariable+"="+filepath.Join(dir, "off"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		got, err := strconv.ParseInt(string(bytes.TrimSpace(out)), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := time.Now().Add(off).Sub(time.Unix(got, 0)); wrong.Abs() > 5*time.Second {
			t.Errorf("off by %s: wrong by %s", off, wrong)
		}
	}
	if _, err := jumpy("package time"); err == nil {
		t.Error("an unknown time.Now is no error")
	}
}

// TestToxiproxy starts the server where it is installed.
func TestToxiproxy(t *testing.T) {
	if os.Getenv(toxiproxyVariable) == "" {
		t.Skip(toxiproxyVariable + " is not set")
	}
	_, addr := startRelayLike(t, func(_ int, w http.ResponseWriter) { w.WriteHeader(400) })
	p, err := startToxiproxy(t.Context(), filepath.Join(t.TempDir(), "log"), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { p.p.kill() }()
	w := &wire{addr: p.listen, timeout: 5 * time.Second}
	defer w.close()
	r := newRequest(p.listen, key{"c", "/p"}, "", nil, false)
	if a, err := w.do(r); a.status != 400 || err != nil {
		t.Errorf("through the proxy: %+v, %v", a, err)
	}
	rng := (&session{}).random(1)
	for range 40 {
		name, err := hurt(rng, p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := p.heal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.enable(false); err != nil {
		t.Fatal(err)
	}
	if a, err := w.do(r); err == nil {
		t.Errorf("through a cut: %+v", a)
	}
}
