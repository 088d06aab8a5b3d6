package dbfile

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestSecure(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	check(t, os.WriteFile(file, nil, 0o600))
	linked := func(suffix string) func(string) error {
		return func(path string) error { return os.Symlink(file, path+suffix) }
	}
	for i, tt := range []struct {
		name  string
		make  func(path string) error
		words string // of the refusal; "" = none
	}{
		{"nothing there", func(string) error { return nil }, ""},
		{"a file", func(path string) error { return os.WriteFile(path, nil, 0o600) }, ""},
		{"a loose mode", func(path string) error { return os.WriteFile(path, nil, 0o666) }, ""},
		{"a link", linked(""), "is a symbolic link"},
		{"a linked log", linked("-wal"), "is a symbolic link"},
		{"a linked index", linked("-shm"), "is a symbolic link"},
		{"a folder", func(path string) error { return os.Mkdir(path, 0o700) }, "is not a regular file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, fmt.Sprint(i, ".db"))
			if err := tt.make(path); err != nil {
				t.Skip(err)
			}
			err := Secure(path)
			if tt.words != "" {
				if err == nil || !strings.Contains(err.Error(), tt.words) {
					t.Errorf("error %v", err)
				}
				return
			}
			check(t, err)
			if fi, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && fi.Mode() != 0o600 {
				t.Errorf("%v, %v", fi, err)
			}
		})
	}
	if err := Secure(filepath.Join(dir, "missing", "x.db")); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("error %v", err)
	}
}

func TestSetAside(t *testing.T) {
	path := testPath(t)
	for _, suffix := range []string{"", "-wal"} {
		check(t, os.WriteFile(path+suffix, []byte(suffix), 0o600))
	}
	aside, err := SetAside(path, epoch)
	check(t, err)
	if aside != path+".damaged-20260301T120000.123" {
		t.Errorf("it is called %s", aside)
	}
	for _, suffix := range []string{"", "-wal"} {
		if got, err := os.ReadFile(aside + suffix); string(got) != suffix || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := os.Stat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there", path+suffix)
		}
	}
}

func TestUncleanAndVerify(t *testing.T) {
	path := testPath(t)
	is := func(want bool) {
		t.Helper()
		if got, err := Unclean(path); got != want || err != nil {
			t.Errorf("unclean %t, %v; want %t", got, err, want)
		}
	}
	is(false)
	c := create(t, path, testSchema)
	is(true) // as long as it is open
	for n := range 200 {
		check(t, c.Exec(fmt.Sprintf("INSERT INTO things VALUES (%d, 'thing', zeroblob(500))", n)))
	}
	check(t, Verify(c))
	check(t, c.Close())
	is(false)
	overwrite(t, path, 10*4096, 4096)
	c = connect(t, path)
	if err := Verify(c); !Damaged(err) {
		t.Errorf("damage: %v", err)
	}
}

func TestSpace(t *testing.T) {
	free, total, err := Space(t.TempDir())
	if err != nil || free < 0 || total <= 0 || free > total {
		t.Errorf("%d of %d, %v", free, total, err)
	}
	if _, _, err := Space(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing folder has space")
	}
}

func TestBallast(t *testing.T) {
	b := Ballast{Path: filepath.Join(t.TempDir(), "ballast"), Size: 50_000}
	if b.Standing() || b.Drop() {
		t.Error("it is there before it is made")
	}
	for range 2 {
		check(t, b.Load())
		if !b.Standing() {
			t.Error("it does not stand")
		}
	}
	check(t, os.Truncate(b.Path, 10)) // cut short
	if b.Standing() {
		t.Error("a part of it stands")
	}
	check(t, b.Load())
	if !b.Drop() || b.Standing() || b.Drop() {
		t.Error("it cannot be dropped, or twice")
	}
	none := Ballast{Path: b.Path}
	check(t, none.Load())
	if !none.Standing() || none.Drop() {
		t.Error("none is something")
	}
	nowhere := Ballast{Path: filepath.Join(b.Path, "x"), Size: 1}
	if nowhere.Load() == nil || nowhere.Standing() {
		t.Error("it stands nowhere")
	}
}

const lockEnv = "HOMEHOOK_DBFILE_LOCK"

// holdLock holds a lock until its standard input ends.
func holdLock(path string) int {
	if _, err := Lock(path); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("locked")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	return 0
}

// The lock keeps others away, this process and other ones, and ends with who
// holds it, killed or not.
func TestLock(t *testing.T) {
	exe, err := os.Executable()
	check(t, err)
	path := filepath.Join(t.TempDir(), "lock")
	child := exec.Command(exe)
	child.Env = append(os.Environ(), lockEnv+"="+path)
	stdin, err := child.StdinPipe()
	check(t, err)
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	if _, err := Lock(path); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want ErrInUse", err)
	}
	check(t, child.Process.Kill())
	_ = child.Wait()
	for range 2 {
		held, err := Lock(path)
		check(t, err)
		if _, err := Lock(path); !errors.Is(err, ErrInUse) {
			t.Errorf("twice: %v", err)
		}
		check(t, held.Close())
	}
}

func overwrite(t testing.TB, path string, at, n int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	check(t, err)
	_, err = f.WriteAt([]byte(strings.Repeat("damage! ", int(n/8))), at)
	check(t, errors.Join(err, f.Close()))
}
