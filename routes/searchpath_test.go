package routes

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestSearchable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are made up here")
	}
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"own": 0o755, "open": 0o777, "shared": 0o777 | os.ModeSticky} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ path, want string }{
		{"/usr/bin:/bin", "/usr/bin:/bin"},
		{":/usr/bin:.:bin:../x:/bin:", "/usr/bin:/bin"},
		{"DIR/own:DIR/open:DIR/shared:/bin", "DIR/own:/bin"},
		{"DIR/own/none:DIR/open/none:DIR/shared/none/none:/bin", "DIR/own/none:/bin"},
		{".", ""},
		{"", ""},
	} {
		in, want := strings.ReplaceAll(tt.path, "DIR", dir), strings.ReplaceAll(tt.want, "DIR", dir)
		if got := searchable(in); got != want {
			t.Errorf("%s becomes %q, want %q", in, got, want)
		}
	}
}
