package config

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// watched runs a Watch and gives what it says, a line per call.
type watched struct {
	t    *testing.T
	says chan string
}

// startWatch watches path until the test ends; poll is the time between looks
// without a notice.
func startWatch(t *testing.T, path string, poll time.Duration) *watched {
	t.Helper()
	w := &watched{t, make(chan string, 100)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	inner := watcher{
		path: path, log: slog.New(slog.DiscardHandler),
		settle: 100 * time.Millisecond, patience: time.Second, poll: poll,
		apply: func(c *Config) {
			names := []string{}
			for _, r := range c.Relays {
				names = append(names, r.Name)
			}
			w.says <- fmt.Sprintf("apply %v", names)
		},
		refuse: func(err error) { w.says <- "refuse " + err.Error() },
	}
	go func() { done <- inner.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("watch ended: %v", err)
		}
		goleak.VerifyNone(t)
	})
	return w
}

// want waits for the next call and checks that it begins as wanted.
func (w *watched) want(prefix string) {
	w.t.Helper()
	select {
	case got := <-w.says:
		if !strings.HasPrefix(got, prefix) {
			w.t.Fatalf("got %q, want %q", got, prefix)
		}
	case <-time.After(10 * time.Second):
		w.t.Fatalf("nothing came, want %q", prefix)
	}
}

// quiet checks that nothing is called for a while that is longer than settle.
func (w *watched) quiet() {
	w.t.Helper()
	select {
	case got := <-w.says:
		w.t.Fatalf("got %q, want nothing", got)
	case <-time.After(400 * time.Millisecond):
	}
}

func text(names ...string) string {
	var b strings.Builder
	b.WriteString("relays:\n")
	for _, n := range names {
		fmt.Fprintf(&b, "  - {name: %s, url: https://relay.example.com}\n", n)
	}
	return b.String()
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// swap puts content in the place of path, as careful editors do.
func swap(t *testing.T, path, content string) {
	t.Helper()
	write(t, path+".new", content)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestWatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	w := startWatch(t, path, time.Hour)
	w.want("apply []")
	write(t, path, text("one"))
	w.want("apply [one]")
	swap(t, path, text("one", "two"))
	w.want("apply [one two]")
	// Neither the same content nor another file of the folder is news.
	swap(t, path, text("one", "two"))
	write(t, filepath.Join(filepath.Dir(path), "other"), "x")
	w.quiet()
	if err := AddRelay(path, Relay{Name: "three", URL: "https://relay.example.com"}); err != nil {
		t.Fatal(err)
	}
	w.want("apply [one two three]")
}

func TestWatchRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, text("one"))
	w := startWatch(t, path, time.Hour)
	w.want("apply [one]")
	write(t, path, "relay: []\n")
	w.want("refuse " + path + ":1:1: unknown key \"relay\"")
	swap(t, path, "relay: []\n")
	w.quiet()
	// The good one is good news after the bad one, though it never left force.
	write(t, path, text("one"))
	w.want("apply [one]")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.want("refuse " + path + ": the file is gone")
	w.quiet()
	write(t, path, text("two"))
	w.want("apply [two]")
}

// TestWatchBurst holds that many writes in a row are one change.
func TestWatchBurst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, text("one"))
	w := startWatch(t, path, time.Hour)
	w.want("apply [one]")
	for range 50 {
		write(t, path, "relays:\n")
		write(t, path, text("one", "two"))
	}
	w.want("apply [one two]")
	w.quiet()
}

func TestWatchBadFromTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "relays: 1\n")
	w := startWatch(t, path, time.Hour)
	w.want("refuse ")
	write(t, path, text("one"))
	w.want("apply [one]")
}

func TestWatchNoFolder(t *testing.T) {
	defer goleak.VerifyNone(t)
	path := filepath.Join(t.TempDir(), "nowhere", "config.yaml")
	never := func() { t.Error("called") }
	err := Watch(t.Context(), path, slog.New(slog.DiscardHandler), func(*Config) { never() }, func(error) { never() })
	if err == nil || !strings.Contains(err.Error(), filepath.Dir(path)) {
		t.Errorf("got %v, want an error that names the folder", err)
	}
}

// TestWatchLink follows a link whose target is edited elsewhere.
func TestWatchLink(t *testing.T) {
	real := filepath.Join(t.TempDir(), "real.yaml")
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, real, text("one"))
	symlink(t, real, path)
	w := startWatch(t, path, time.Hour)
	w.want("apply [one]")
	swap(t, real, text("two"))
	w.want("apply [two]")
	other := filepath.Join(t.TempDir(), "other.yaml")
	write(t, other, text("three"))
	symlink(t, other, path)
	w.want("apply [three]")
	write(t, other, text("four"))
	w.want("apply [four]")
}

// TestWatchMountedFolder follows a file that is updated as container systems
// do: config.yaml -> ..data/config.yaml, and ..data is the link that changes.
func TestWatchMountedFolder(t *testing.T) {
	dir := t.TempDir()
	update := func(version, content string) {
		folder := filepath.Join(dir, version)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, "config.yaml"), content)
		symlink(t, version, filepath.Join(dir, "..data"))
	}
	update("..v1", text("one"))
	path := filepath.Join(dir, "config.yaml")
	symlink(t, filepath.Join("..data", "config.yaml"), path)
	w := startWatch(t, path, time.Hour)
	w.want("apply [one]")
	update("..v2", text("two"))
	w.want("apply [two]")
	if err := os.RemoveAll(filepath.Join(dir, "..v1")); err != nil {
		t.Fatal(err)
	}
	update("..v3", text("three"))
	w.want("apply [three]")
}

// TestWatchPolls covers what sends no notice: here a link behind the link.
func TestWatchPolls(t *testing.T) {
	real, middle := filepath.Join(t.TempDir(), "real.yaml"), filepath.Join(t.TempDir(), "middle.yaml")
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, real, text("one"))
	symlink(t, real, middle)
	symlink(t, middle, path)
	w := startWatch(t, path, 50*time.Millisecond)
	w.want("apply [one]")
	other := filepath.Join(t.TempDir(), "other.yaml")
	write(t, other, text("two"))
	symlink(t, other, middle)
	w.want("apply [two]")
}

// symlink makes or replaces a symbolic link in one step.
func symlink(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path+".tmp"); err != nil {
		t.Skip(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		t.Fatal(err)
	}
}

// TestWatchEmptied: an editor may empty the file a while before it writes it.
func TestWatchEmptied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	put := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(text("a"))
	w := startWatch(t, path, 500*time.Millisecond)
	w.want("apply [a]")
	put("")
	w.quiet()
	put(text("b"))
	w.want("apply [b]")
	put("")
	w.want("apply []")
}
