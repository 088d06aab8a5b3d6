package routes

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// saveRoute returns a route that saves, and its folder.
func saveRoute(t testing.TB, s SaveSpec) (*Route, string) {
	t.Helper()
	if s.Folder == "" {
		s.Folder = t.TempDir()
	}
	return compileOne(t, Spec{Match: "/{name...}", Save: &s}), s.Folder
}

// contents returns the files below a folder by their slashed names.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		found[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// saveOne serves a stored request and returns the status and the result.
func saveOne(t testing.TB, r *Route, head, body string) (int, Result) {
	t.Helper()
	x, d, _ := stored(t, head, body)
	d.Body = []byte(body)
	r.Input(d)
	res := r.Serve(t.Context(), d, x)
	if !x.Finished() {
		t.Error("no answer")
	}
	return x.Status, res
}

const saveHead = "POST /x HTTP/1.1\r\nHost: a\r\n"

func TestSaveBody(t *testing.T) {
	long := strings.Repeat("0123456789", 50_000)
	for _, tt := range []struct {
		name string
		spec SaveSpec
		body string
		want map[string]string
	}{
		{"by its id", SaveSpec{}, "hello", map[string]string{"7": "hello"}},
		{"without a body", SaveSpec{}, "", map[string]string{"7": ""}},
		{"long", SaveSpec{Name: "a/b/c.bin"}, long, map[string]string{"a/b/c.bin": long}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, dir := saveRoute(t, tt.spec)
			status, res := saveOne(t, r, saveHead, tt.body)
			if status != 204 || res.Err != nil || res.Handler != "save" || !strings.Contains(string(res.Output), fmt.Sprintf("(%d bytes)", len(tt.body))) {
				t.Errorf("%d, %+v", status, res)
			}
			if diff := cmp.Diff(tt.want, contents(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSaveIsPrivate looks at the rights of what was made.
func TestSaveIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the folder's own rights count there")
	}
	r, dir := saveRoute(t, SaveSpec{Name: "in/x"})
	saveOne(t, r, saveHead, "hello")
	for name, want := range map[string]fs.FileMode{"in": 0o700 | fs.ModeDir, "in/x": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestSaveTwice(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{Name: "x"})
	for i, want := range []struct {
		body   string
		status int
	}{{"one", 204}, {"one", 204}, {"two", 409}} {
		status, res := saveOne(t, r, saveHead, want.body)
		if status != want.status || (res.Err == nil) != (status == 204) || res.Retry {
			t.Errorf("%d: %d, %+v", i, status, res)
		}
	}
	if diff := cmp.Diff(map[string]string{"x": "one"}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
	r, _ = saveRoute(t, SaveSpec{Name: "x", Folder: dir, Overwrite: true})
	if status, res := saveOne(t, r, saveHead, "two"); status != 204 || res.Err != nil {
		t.Errorf("%d, %+v", status, res)
	}
	if diff := cmp.Diff(map[string]string{"x": "two"}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestSaveAfterACut finds what an attempt left that was killed.
func TestSaveAfterACut(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{Name: "x"})
	os.WriteFile(filepath.Join(dir, ".homehook-7-0.part"), []byte("hal"), 0o600)
	if status, res := saveOne(t, r, saveHead, "half"); status != 204 {
		t.Errorf("%d, %+v", status, res)
	}
	if diff := cmp.Diff(map[string]string{"x": "half"}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestSaveWithoutLinks places a file as a file system does that has no links.
func TestSaveWithoutLinks(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	st := &staging{root: root, id: "7", limit: 100}
	if err := st.add("in/x", strings.NewReader("hello")); err != nil {
		t.Fatal(err)
	}
	if err := st.reserve(st.files[0]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"in/x": "hello"}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
	if err := st.add("in/x", strings.NewReader("other")); err != nil {
		t.Fatal(err)
	}
	if err := st.reserve(st.files[1]); !os.IsExist(err) {
		t.Errorf("got %v", err)
	}
	st.discard()
	if diff := cmp.Diff(map[string]string{"in/x": "hello"}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestSaveTooLarge(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{Size: 10})
	head := "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	f := serveRoute(t, r)
	for _, request := range []string{
		head + "Content-Length: 11\r\n\r\n0123456789a",
		head + "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n",
	} {
		got := ask(t, f.addr, request)
		if !strings.HasPrefix(got, "HTTP/1.1 413 ") {
			t.Errorf("got %q", got)
		}
		if res := f.result(t); res.Err == nil || !strings.Contains(res.Err.Error(), "larger than 10 bytes,") || res.Retry || res.Failure != FailedRequest {
			t.Errorf("%+v", res)
		}
	}
	if got := ask(t, f.addr, head+"Content-Length: 10\r\n\r\n0123456789"); !strings.HasPrefix(got, "HTTP/1.1 204 ") {
		t.Errorf("got %q", got)
	}
	if diff := cmp.Diff(map[string]string{"0199": "0123456789"}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestSaveBrokenBody leaves nothing of a body that breaks off.
func TestSaveBrokenBody(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{})
	f := serveRoute(t, r)
	got := ask(t, f.addr, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("got %q", got)
	}
	if res := f.result(t); res.Failure != FailedRequest {
		t.Errorf("%+v", res)
	}
	if diff := cmp.Diff(map[string]string{}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestSaveStops ends while the sender still sends.
func TestSaveStops(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{})
	f := serveRoute(t, r)
	nc := dial(t, f.addr)
	io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\nhello")
	for len(contents(t, dir)) == 0 {
		runtime.Gosched()
	}
	f.cancel()
	if res := f.result(t); res.status != 503 || res.Failure != FailedStopped || !res.Retry {
		t.Errorf("%+v", res)
	}
	if diff := cmp.Diff(map[string]string{}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestSaveStaysInside follows no link out of the folder, and says so.
func TestSaveStaysInside(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a right there")
	}
	outside := t.TempDir()
	r, dir := saveRoute(t, SaveSpec{Name: "out/x"})
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if status, res := saveOne(t, r, saveHead, "x"); status != 503 || res.Failure != FailedWrite {
		t.Errorf("%d, %+v", status, res)
	}
	// A link in the place of the file is neither followed nor replaced.
	os.Remove(filepath.Join(dir, "out"))
	os.Mkdir(filepath.Join(dir, "out"), 0o700)
	victim := filepath.Join(outside, "victim")
	os.WriteFile(victim, []byte("x"), 0o600)
	os.Symlink(victim, filepath.Join(dir, "out", "x"))
	if status, res := saveOne(t, r, saveHead, "x"); status != 409 {
		t.Errorf("%d, %+v", status, res)
	}
	r, _ = saveRoute(t, SaveSpec{Name: "out/x", Folder: dir, Overwrite: true})
	if status, res := saveOne(t, r, saveHead, "new"); status != 204 {
		t.Errorf("%d, %+v", status, res)
	}
	if diff := cmp.Diff(map[string]string{"victim": "x"}, contents(t, outside)); diff != "" {
		t.Error(diff)
	}
}

func TestSaveWithoutItsFolder(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{})
	os.Remove(dir)
	status, res := saveOne(t, r, saveHead, "x")
	if status != 503 || !res.Retry || res.Failure != FailedWrite || !strings.Contains(res.Err.Error(), dir) {
		t.Errorf("%d, %+v", status, res)
	}
}

// TestRow76HostileNames saves under names that mean to get elsewhere.
func TestRow76HostileNames(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "in")
	os.Mkdir(dir, 0o700)
	r, _ := saveRoute(t, SaveSpec{Folder: dir, Name: "{query.name}"})
	f := serveRoute(t, r)
	names := []string{
		"../x", "..%2f..%2fx", "%2e%2e/%2e%2e/x", "/etc/passwd", "..%5c..%5cx", "x%00.txt", "%ff%fe", "con", "C:%5cx", "a%0ab",
		strings.Repeat("y", 3000), ".", "..", "...", "~root", "-rf", "%e2%80%ae", "%ff%00", "a/b",
	}
	for _, n := range names {
		got := ask(t, f.addr, "POST /?name="+n+" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
		if !strings.HasPrefix(got, "HTTP/1.1 204 ") {
			t.Errorf("%s: %q", n, got)
		}
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.IsDir() {
			t.Errorf("the folder %s was made", e.Name())
		}
	}
	if out, _ := os.ReadDir(outer); len(out) != 1 {
		t.Errorf("something got out: %v", out)
	}
	if len(list) < 10 {
		t.Errorf("%d files of %d", len(list), len(names))
	}
}

// TestRow35PathsAsNames makes names of paths that mean to get elsewhere.
func TestRow35PathsAsNames(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "in")
	os.Mkdir(dir, 0o700)
	r, _ := saveRoute(t, SaveSpec{Folder: dir, Name: "{path}/{id}"})
	f := serveRoute(t, r)
	paths := []string{"/%2e%2e%2f", "/..;/", "/%00", "/\\", "/../../x", "//", "/./.", "/~/"}
	for _, p := range paths {
		got := ask(t, f.addr, "POST "+p+" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
		if !strings.HasPrefix(got, "HTTP/1.1 204 ") {
			t.Errorf("%s: %q", p, got)
		}
	}
	for name := range contents(t, outer) {
		if strings.Count(name, "/") != 2 || !strings.HasPrefix(name, "in/_") || !strings.HasSuffix(name, "/0199") {
			t.Errorf("%s", name)
		}
	}
	if list, _ := os.ReadDir(dir); len(list) < 6 {
		t.Errorf("%v", list)
	}
}

// TestSaveByContent fills names in from the body, and still has all of it.
func TestSaveByContent(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{Name: "{json.shop}/{json.number}-{id}.json"})
	body := `{"shop": "../blumen", "number": 12345678901234567890}`
	status, res := saveOne(t, r, saveHead+"Content-Type: application/json\r\n", body)
	if status != 204 || !r.NeedsBody() {
		t.Errorf("%d, %+v", status, res)
	}
	status, res = saveOne(t, r, saveHead, "no json")
	if status != 204 {
		t.Errorf("%d, %+v", status, res)
	}
	want := map[string]string{"___blumen/12345678901234567890-7.json": body, "_/_-7.json": "no json"}
	if diff := cmp.Diff(want, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestSavePlan(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{Name: "a/b"})
	_, d, _ := stored(t, saveHead, "x")
	if diff := cmp.Diff(Plan{Handler: "save", Files: []string{filepath.Join(dir, "a", "b")}}, r.Plan(d)); diff != "" {
		t.Error(diff)
	}
	r, dir = saveRoute(t, SaveSpec{Name: "m", What: SaveFiles})
	head, body := form(t, `"x"`)
	_, d, _ = stored(t, head, body)
	if diff := cmp.Diff(Plan{Handler: "save", Files: []string{filepath.Join(dir, "m-FILE")}}, r.Plan(d)); diff != "" {
		t.Error(diff)
	}
	if n := len(contents(t, dir)); n != 0 {
		t.Errorf("the plan wrote %d files", n)
	}
}

func TestCompileSave(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name       string
		spec       SaveSpec
		path, want string
	}{
		{"no folder", SaveSpec{}, "folder", "missing"},
		{"relative", SaveSpec{Folder: "x"}, "folder", "absolute path needed"},
		{"not there", SaveSpec{Folder: filepath.Join(dir, "none")}, "folder", "cannot be found"},
		{"what", SaveSpec{Folder: dir, What: "head"}, "what", "cannot be saved"},
		{"size", SaveSpec{Folder: dir, Size: -1}, "size", "largest file"},
		{"name", SaveSpec{Folder: dir, Name: "../x"}, "name", "cannot be used"},
		{"name of a folder", SaveSpec{Folder: dir, Name: "x/"}, "name", "cannot be used"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Compile([]Spec{{Claim: "c", Match: "/", Unverified: true, Save: &tt.spec}})
			if len(problems) != 1 || problems[0].Path != "[0].save."+tt.path || !strings.Contains(problems[0].Message, tt.want) || problems[0].Remedy == "" {
				t.Errorf("got %+v", problems)
			}
		})
	}
}
