package dbfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
)

func openBlobs(t testing.TB) (*Blobs, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "bodies")
	b, err := OpenBlobs(dir)
	check(t, err)
	t.Cleanup(func() { check(t, b.Close()) })
	return b, dir
}

func names(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// blob is a file with that content, which is not kept yet.
func blob(t testing.TB, b *Blobs, content string) *Blob {
	t.Helper()
	f, err := b.Create()
	check(t, err)
	t.Cleanup(func() { check(t, f.Close()) })
	_, err = io.WriteString(f, content)
	check(t, err)
	return f
}

func contents(t testing.TB, f *os.File, err error) string {
	t.Helper()
	check(t, err)
	data, err := io.ReadAll(f)
	check(t, err)
	check(t, f.Close())
	return string(data)
}

// The life of a blob: readable all the time, under its own name once kept, left
// alone once released.
func TestBlob(t *testing.T) {
	b, dir := openBlobs(t)
	f := blob(t, b, "hello ")
	_, err := f.Write([]byte("world"))
	check(t, err)
	before, err := f.NewReader()
	check(t, err)
	if f.Size() != 11 || len(names(t, dir)) != 1 || filepath.Ext(names(t, dir)[0]) != part {
		t.Errorf("size %d, files %v", f.Size(), names(t, dir))
	}
	name, err := f.Keep()
	check(t, err)
	diff(t, names(t, dir), []string{name})
	if again, err := f.Keep(); again != name || err != nil {
		t.Errorf("kept again: %s, %v", again, err)
	}
	f.Release()
	check(t, f.Close())
	check(t, f.Close())
	if got := contents(t, before, nil); got != "hello world" {
		t.Errorf("the early reader got %q", got)
	}
	r, err := b.Open(name)
	if got := contents(t, r, err); got != "hello world" {
		t.Errorf("it holds %q", got)
	}
	if size, err := b.Size(name); size != 11 || err != nil {
		t.Errorf("size %d, %v", size, err)
	}
	fi, err := os.Stat(filepath.Join(dir, name))
	check(t, err)
	if runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", fi.Mode())
	}
	for range 2 { // what is gone is no error
		check(t, b.Remove(name))
	}
	if _, err := b.Open(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// What is not released goes with Close, kept or not.
func TestBlobClose(t *testing.T) {
	for _, kept := range []bool{false, true} {
		b, dir := openBlobs(t)
		f := blob(t, b, "x")
		if kept {
			_, err := f.Keep()
			check(t, err)
		}
		check(t, f.Close())
		diff(t, names(t, dir), []string(nil))
		if _, err := f.Keep(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("kept after Close: %v", err)
		}
	}
}

// After a sync that failed, Keep does not try again and believe the second one.
func TestKeepRemembersFailure(t *testing.T) {
	b, _ := openBlobs(t)
	f := blob(t, b, "x")
	real := f.f
	reader, err := os.Open(real.Name())
	if err != nil {
		// os.Root gives names relative to the folder.
		reader, err = f.NewReader()
	}
	check(t, err)
	check(t, reader.Close())
	f.f = reader // a closed file cannot be synced
	if _, err := f.Keep(); err == nil {
		t.Fatal("a closed file was synced")
	}
	f.f = real
	if _, err := f.Keep(); err == nil {
		t.Error("the second sync was believed")
	}
}

func TestBlobsStayInTheirFolder(t *testing.T) {
	b, dir := openBlobs(t)
	outside := filepath.Join(filepath.Dir(dir), "outside")
	check(t, os.WriteFile(outside, []byte("secret"), 0o600))
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	for _, name := range []string{"../outside", outside, "link", ".."} {
		if f, err := b.Open(name); err == nil {
			t.Errorf("%s was opened", name)
			check(t, f.Close())
		}
		if _, err := b.Size(name); err == nil {
			t.Errorf("%s has a size", name)
		}
	}
	_ = b.Remove("../outside")
	if _, err := os.Stat(outside); err != nil {
		t.Error("a file outside was removed")
	}
}

func TestOpenBlobs(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "bodies")
	for range 2 {
		b, err := OpenBlobs(dir)
		check(t, err)
		check(t, b.Close())
	}
	check(t, os.WriteFile(filepath.Join(parent, "file"), nil, 0o600))
	if err := os.Symlink(dir, filepath.Join(parent, "link")); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "link", "missing/bodies"} {
		if b, err := OpenBlobs(filepath.Join(parent, name)); err == nil {
			t.Errorf("%s was opened", name)
			check(t, b.Close())
		}
	}
}

func TestSweep(t *testing.T) {
	for _, aside := range []string{"", "bodies.damaged"} {
		t.Run(aside, func(t *testing.T) {
			b, dir := openBlobs(t)
			var keep string
			for i := range 2500 {
				name := filepath.Join(dir, "STRAY"+string(rune('A'+i%26))+string(rune('A'+i/26)))
				check(t, os.WriteFile(name, nil, 0o600))
			}
			check(t, os.WriteFile(filepath.Join(dir, "HALF.part"), nil, 0o600))
			f := blob(t, b, "kept")
			keep, err := f.Keep()
			check(t, err)
			f.Release()
			n, err := b.Sweep(func(name string) bool { return name == keep }, aside)
			if n != 2501 || err != nil {
				t.Errorf("swept %d, %v", n, err)
			}
			diff(t, names(t, dir), []string{keep})
			if aside == "" {
				return
			}
			moved := names(t, filepath.Join(filepath.Dir(dir), aside))
			if len(moved) != 2500 || slices.Contains(moved, "HALF.part") {
				t.Errorf("%d files were set aside", len(moved))
			}
		})
	}
}

func TestBlobsAtOnce(t *testing.T) {
	b, dir := openBlobs(t)
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			f, err := b.Create()
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			content := bytes.Repeat([]byte{byte(n)}, 10_000)
			if _, err := f.Write(content); err != nil {
				t.Error(err)
			}
			name, err := f.Keep()
			if err != nil {
				t.Error(err)
			}
			if n%2 == 0 {
				f.Release()
			}
			got, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	if got := len(names(t, dir)); got != 8 {
		t.Errorf("%d files", got)
	}
}
