package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// logged puts calls in the way strace writes them: quoted text in hex.
func logged(dir, text string) string {
	var b strings.Builder
	for i, part := range strings.Split(strings.ReplaceAll(text, "DIR", dir), "`") {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		for _, c := range []byte(part) {
			b.WriteString(`\x` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
		}
	}
	return b.String()
}

// TestPowerCut holds what is left of a file by the calls that were made.
func TestPowerCut(t *testing.T) {
	tests := []struct {
		name, log string
		want      map[string]string
	}{
		{"written only", "1 pwrite64(7<`DIR/a`>, \"`new`\", 3, 0) = 3\n", map[string]string{"a": "old text"}},
		{"written and synced", "1 pwrite64(7<`DIR/a`>, \"`new`\", 3, 0) = 3\n1 fdatasync(7<`DIR/a`>) = 0\n", map[string]string{"a": "new text"}},
		{"sync failed", "1 pwrite64(7<`DIR/a`>, \"`new`\", 3, 0) = 3\n1 fsync(7<`DIR/a`>) = -1 EIO (Input/output error)\n", map[string]string{"a": "old text"}},
		{"sync not over", "1 pwrite64(7<`DIR/a`>, \"`new`\", 3, 0) = 3\n1 fsync(7<`DIR/a`> <unfinished ...>\n1 +++ killed by SIGKILL +++\n", map[string]string{"a": "old text"}},
		{"sync over later", "1 pwrite64(7<`DIR/a`>, \"`new`\", 3, 0) = 3\n1 fsync(7<`DIR/a`> <unfinished ...>\n2 write(8<`socket:[1]`>, \"`x`\", 1) = 1\n1 <... fsync resumed>) = 0\n", map[string]string{"a": "new text"}},
		{"synced, then written", "1 pwrite64(7<`DIR/a`>, \"`new`\", 3, 0) = 3\n1 fsync(7<`DIR/a`>) = 0\n1 pwrite64(7<`DIR/a`>, \"`x`\", 1, 0) = 1\n", map[string]string{"a": "new text"}},
		{"another file synced", "1 pwrite64(7<`DIR/a`>, \"`new`\", 3, 0) = 3\n1 fsync(7<`DIR/b`>) = 0\n", map[string]string{"a": "old text"}},
		{"cut short", "1 ftruncate(7<`DIR/a`>, 3) = 0\n1 fsync(7<`DIR/a`>) = 0\n", map[string]string{"a": "old"}},
		{"beyond the end", "1 pwrite64(7<`DIR/a`>, \"`!`\", 1, 10) = 1\n1 fsync(7<`DIR/a`>) = 0\n", map[string]string{"a": "old text\x00\x00!"}},
		{"new file in order", "1 openat(AT_FDCWD<`/`>, \"`DIR/n`\", O_RDWR|O_CREAT, 0600) = 9<`DIR/n`>\n1 write(9<`DIR/n`>, \"`one`\", 3) = 3\n1 write(9<`DIR/n`>, \"`two`\", 3) = 3\n1 fsync(9<`DIR/n`>) = 0\n", map[string]string{"a": "old text", "n": "onetwo"}},
		{"new file, not synced", "1 openat(AT_FDCWD<`/`>, \"`DIR/n`\", O_RDWR|O_CREAT, 0600) = 9<`DIR/n`>\n1 write(9<`DIR/n`>, \"`one`\", 3) = 3\n", map[string]string{"a": "old text", "n": ""}},
		{"renamed", "1 renameat(AT_FDCWD<`/`>, \"`DIR/a`\", AT_FDCWD<`/`>, \"`DIR/b`\") = 0\n1 fsync(5<`DIR`>) = 0\n", map[string]string{"b": "old text"}},
		{"renamed in a folder", "1 renameat(3<`DIR`>, \"`a`\", 3<`DIR`>, \"`b`\") = 0\n1 fsync(5<`DIR`>) = 0\n", map[string]string{"b": "old text"}},
		{"renamed, folder not synced", "1 renameat(AT_FDCWD<`/`>, \"`DIR/a`\", AT_FDCWD<`/`>, \"`DIR/b`\") = 0\n", map[string]string{"a": "old text"}},
		{"removed", "1 unlinkat(3<`DIR`>, \"`a`\", 0) = 0\n", map[string]string{}},
		{"not removed", "1 unlinkat(3<`DIR`>, \"`a`\", 0) = -1 EACCES (Permission denied)\n", map[string]string{"a": "old text"}},
		{"index of a log", "1 openat(3<`DIR`>, \"`q.db-shm`\", O_CREAT, 0600) = 9<`DIR/q.db-shm`>\n", map[string]string{"a": "old text"}},
		{"elsewhere", "1 write(9<`/dev/null`>, \"`one`\", 3) = 3\n1 fsync(9<`/dev/null`>) = 0\n", map[string]string{"a": "old text"}},
		{"last line without its end", "1 pwrite64(7<`DIR/a`>, \"`new`\", 3, 0) = 3\n1 fdatasync(7<`DIR/a`>) = 0", map[string]string{"a": "old text"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "a"), "old text")
			m, err := newImage(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.replay(strings.NewReader(logged(dir, tt.log))); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "stray"), "was never seen")
			if err := m.cut(nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, contents(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTornWrite keeps some sectors of what was not synced.
func TestTornWrite(t *testing.T) {
	f := &imageFile{synced: make([]byte, 4096)}
	data := make([]byte, 4096)
	for i := range data {
		data[i] = 1
	}
	f.pending = []change{{0, data}, {at: 8192}}
	sums := make(map[int]bool)
	for seed := range uint64(20) {
		sum := 0
		for _, b := range f.left(rand.New(rand.NewPCG(seed, 0))) {
			sum += int(b)
		}
		if sum%512 != 0 {
			t.Fatalf("%d bytes: not whole sectors", sum)
		}
		sums[sum] = true
	}
	if len(sums) < 4 {
		t.Errorf("always the same: %v", sums)
	}
}

func TestUnreadableLog(t *testing.T) {
	m := &image{dir: "/d", files: make(map[string]*imageFile), begun: make(map[string]call)}
	for _, log := range []string{
		"1 pwrite64(7<`/d/a`>, \"`new`\"..., 9, 0) = 9\n",
		"1 pwrite64(7<`/d/a`>, \"`new`\", 3, x) = 3\n",
		"1 pwrite64(7<`/d/a`>, \"zz\", 3, 0) = 3\n",
	} {
		if err := m.replay(strings.NewReader(logged("", log))); err == nil {
			t.Errorf("no error for %q", log)
		}
	}
}

// TestTracedForReal records a program of this system.
func TestTracedForReal(t *testing.T) {
	bin, err := findStrace()
	if err != nil {
		if !errors.Is(err, errSkipped) {
			t.Error(err)
		}
		t.Skip(err)
	}
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	m, err := newImage(dir)
	if err != nil {
		t.Fatal(err)
	}
	script := "cd " + dir + " && printf lost > a && printf kept | dd of=b conv=fsync status=none && mv b 'c d'"
	out, err := exec.Command(bin, "-f", "-y", "-xx", "-qq", "-s", "100", "-o", log, "-e", recorded, "sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Skipf("strace does not work here: %v: %s", err, out)
	}
	if err := replayFile(t.Context(), m, log); err != nil {
		t.Fatal(err)
	}
	if err := m.cut(nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "", "b": "kept"}, contents(t, dir)); diff != "" || m.syncs != 1 {
		t.Errorf("%d syncs\n%s", m.syncs, diff)
	}
}

// FuzzReplay feeds lines that strace does not write.
func FuzzReplay(f *testing.F) {
	for _, seed := range []string{
		"1 pwrite64(7<`/d/a`>, \"`new`\", 3, 0) = 3\n", "1 fsync(7<`/d/a`>) = 0\n", "1 <... fsync resumed>) = 0\n",
		"1 renameat(3<`/d`>, \"`a`\", 3<`/d`>, \"`b`\") = 0\n", "1 ftruncate(7<`/d/a`>, 3) = 0\n", "+++ exited +++\n", "1 x() \n",
	} {
		f.Add(logged("", seed))
	}
	f.Fuzz(func(t *testing.T, log string) {
		m := &image{dir: "/d", files: make(map[string]*imageFile), begun: make(map[string]call)}
		_ = m.replay(strings.NewReader(log))
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}
