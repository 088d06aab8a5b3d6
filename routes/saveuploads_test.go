package routes

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// form makes a form of files, with a field before and behind them.
func form(t testing.TB, files ...string) (head, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("title", "one")
	for i, name := range files {
		p, err := w.CreateFormFile("file", "x")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(p, "content %d", i)
		const old = `filename="x"`
		text := bytes.Replace(b.Bytes(), []byte(old), []byte(fmt.Sprintf(`filename=%s`, name)), 1)
		rest := slices.Clone(text)
		b.Reset()
		b.Write(rest)
	}
	w.WriteField("end", "two")
	w.Close()
	return saveHead + "Content-Type: " + w.FormDataContentType() + "\r\n", b.String()
}

func TestSaveFiles(t *testing.T) {
	head, body := form(t, `"a.txt"`, `"A.txt"`, `""`, `"..\\..\\b.exe"`, `"/etc/passwd"`, `".bashrc"`)
	for _, tt := range []struct {
		name string
		spec SaveSpec
		want []string
	}{
		{"default", SaveSpec{Name: "m"}, []string{"m-a.txt", "m-A-2.txt", "m-b.exe", "m-passwd", "m-.bashrc"}},
		{"in a folder", SaveSpec{Name: "in/m/"}, []string{"in/m/a.txt", "in/m/A-2.txt", "in/m/b.exe", "in/m/passwd", "in/m/_bashrc"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.What = SaveFiles
			r, dir := saveRoute(t, tt.spec)
			x, d, _ := stored(t, head, body)
			d.Body = []byte(body)
			var paths []string
			for _, n := range tt.want {
				paths = append(paths, filepath.Join(dir, filepath.FromSlash(n)))
			}
			if diff := cmp.Diff(Plan{Handler: "save", Files: paths}, r.Plan(d)); diff != "" {
				t.Error(diff)
			}
			if res := r.Serve(t.Context(), d, x); x.Status != 204 || res.Err != nil {
				t.Errorf("%d, %+v", x.Status, res)
			}
			got := contents(t, dir)
			want := map[string]string{}
			for i, n := range tt.want {
				want[n] = fmt.Sprintf("content %d", []int{0, 1, 3, 4, 5}[i])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSaveFilesOfOthers(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{What: SaveFiles})
	noFiles, noFilesBody := form(t)
	whole, wholeBody := form(t, `"a.txt"`, `"b.txt"`)
	for _, tt := range []struct {
		name, head, body string
		status           int
	}{
		{"no form", saveHead, "hello", 204},
		{"a form without files", noFiles, noFilesBody, 204},
		{"a form that breaks off", whole, wholeBody[:len(wholeBody)-40], 400},
		{"a form without a boundary", saveHead + "Content-Type: multipart/form-data\r\n", "x", 204},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, res := saveOne(t, r, tt.head, tt.body)
			if status != tt.status || status == 204 && string(res.Output) != "there was no file to save\n" {
				t.Errorf("%d, %+v", status, res)
			}
		})
	}
	if diff := cmp.Diff(map[string]string{}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestSaveAllOrNothing has the second of two files meet another of its name.
func TestSaveAllOrNothing(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{What: SaveFiles, Name: "in/"})
	os.Mkdir(filepath.Join(dir, "in"), 0o700)
	os.WriteFile(filepath.Join(dir, "in", "b"), []byte("mine"), 0o600)
	head, body := form(t, `"a"`, `"b"`, `"c"`)
	status, res := saveOne(t, r, head, body)
	if status != 409 || res.Err == nil || !strings.Contains(res.Err.Error(), filepath.Join("in", "b")) {
		t.Errorf("%d, %+v", status, res)
	}
	if diff := cmp.Diff(map[string]string{"in/b": "mine"}, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestSaveManyFiles(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{What: SaveFiles})
	var b strings.Builder
	for i := range maxUploads + 1 {
		fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; name=f; filename=%d\r\n\r\n\r\n", i)
	}
	b.WriteString("--x--\r\n")
	status, res := saveOne(t, r, saveHead+"Content-Type: multipart/form-data; boundary=x\r\n", b.String())
	if status != 400 || res.Err != errTooMany {
		t.Errorf("%d, %+v", status, res)
	}
	if n := len(contents(t, dir)); n != 0 {
		t.Errorf("%d files", n)
	}
}

// TestSaveLeavesNoFolder: a form that is refused leaves no folder behind, but
// those that were there.
func TestSaveLeavesNoFolder(t *testing.T) {
	r, dir := saveRoute(t, SaveSpec{What: SaveFiles, Name: "in/{id}/deep/"})
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o700); err != nil {
		t.Fatal(err)
	}
	head, body := form(t, `"a.txt"`, `"b.txt"`)
	if status, res := saveOne(t, r, head, body[:len(body)-40]); status != 400 {
		t.Errorf("%d, %+v", status, res)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "in")); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if status, res := saveOne(t, r, head, body); status != 204 || len(contents(t, dir)) != 2 {
		t.Errorf("%d, %+v", status, res)
	}
}
