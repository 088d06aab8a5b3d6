package credentials

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	// slack is what a loaded machine may add to a limit.
	slack = 2 * time.Second
	// atOnce is too short to have waited for a keyring even once.
	atOnce = ringLimit * 3 / 4
)

// inKeyring is how a store with its root key in the keyring is opened.
func inKeyring(dir string) Options {
	return Options{Dir: dir, New: []Place{PlaceKeyring, PlaceFile}}
}

// TestHangingKeyring has each call of a keyring hang: no use of a store takes longer
// than its limit, and once the keyring answers again all goes on by itself.
func TestHangingKeyring(t *testing.T) {
	if !onBus(t) {
		return
	}
	d := startDouble(t)
	o := inKeyring(t.TempDir())
	first := openWith(t, o)
	set(t, first, "github", "value")
	for _, call := range []string{"Collections", "Locked", "OpenSession", "Unlock", "SearchItems", "GetSecret"} {
		t.Run(call, func(t *testing.T) {
			release := d.hang(call)
			closed := make(chan *Store)
			go func() { closed <- openHanging(t, o) }()
			s := openHanging(t, o)
			other := <-closed
			within(t, atOnce, "the use of a store", func() { useHanging(t, s) })
			within(t, atOnce, "Close", func() { other.Close() })
			wantValue(t, first, "github", "value") // it has the root key
			release()
			within(t, 5*time.Second, "Wait", func() {
				if err := s.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
			wantValue(t, s, "github", "value")
		})
	}
}

// openHanging opens a store while the keyring hangs.
func openHanging(t *testing.T, o Options) *Store {
	var s *Store
	var err error
	within(t, ringLimit+slack, "OpenWith", func() { s, err = OpenWith(t.Context(), o) })
	if err != nil {
		panic(err) // not in the test's own goroutine
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Ready(); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "it has not answered") {
		t.Errorf("Ready() = %v", err)
	}
	return s
}

// useHanging uses a store that has no root key, from many goroutines at once.
func useHanging(t *testing.T, s *Store) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, get := s.Get("github")
			for what, err := range map[string]error{"Get": get, "Set": s.Set("other", "v"), "Rotate": s.Rotate("github", "v", 0)} {
				if !errors.Is(err, ErrLocked) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if list, err := s.List(); err != nil || len(list) != 1 {
				t.Errorf("List() = %v, %v", list, err)
			}
		})
	}
	wg.Wait()
}

// TestHangingNew has the calls hang with which a new root key is stored: nothing is
// written, nothing left in the keyring, and no other place taken.
func TestHangingNew(t *testing.T) {
	if !onBus(t) {
		return
	}
	for _, call := range []string{"Locked", "OpenSession", "CreateItem", "GetSecret"} {
		t.Run(call, func(t *testing.T) {
			d := startDouble(t)
			release := d.hang(call)
			var s *Store
			within(t, ringLimit+slack, "OpenWith", func() { s = openWith(t, inKeyring(t.TempDir())) })
			within(t, ringLimit+slack, "Set", func() {
				wantError(t, "Set", s.Set("a", "v"), ErrLocked, "it has not answered within 3s")
			})
			if names := filesIn(t, s.dir); len(names) > 0 {
				t.Errorf("files were made: %q", names)
			}
			release()
			if err := s.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			set(t, s, "a", "v")
			if s.Place() != PlaceKeyring {
				t.Errorf("Place() = %q", s.Place())
			}
			until(t, "one root key in the keyring", func() bool {
				d.mu.Lock()
				defer d.mu.Unlock()
				return len(d.items) == 1
			})
		})
	}
}

// TestHangingMove has the keyring hang while a root key is moved to it, and from it.
func TestHangingMove(t *testing.T) {
	if !onBus(t) {
		return
	}
	d := startDouble(t)
	s := open(t, sealedStore(t))
	release := d.hang("CreateItem")
	within(t, ringLimit+slack, "Move", func() {
		wantError(t, "Move", s.Move(t.Context(), PlaceKeyring, Options{}), ErrLocked, "it has not answered")
	})
	if lost := wantRest(t, s, "after a move that failed"); lost != "" || s.Place() != PlaceFile {
		t.Errorf("lost: %q, Place() = %q", lost, s.Place())
	}
	release()
	if err := s.Move(t.Context(), PlaceKeyring, Options{}); err != nil {
		t.Fatal(err)
	}
	defer d.hang("SearchItems")()
	within(t, ringLimit+slack, "Move", func() {
		if err := s.Move(t.Context(), PlaceFile, Options{}); err != nil {
			t.Error(err)
		}
	})
	wantRest(t, open(t, s.dir), "moved away from a keyring that hangs")
}

// TestPromptOnce holds that the user is asked once to unlock the keyring, however
// often it is looked at, and that a store that he may never need does not ask.
func TestPromptOnce(t *testing.T) {
	if !onBus(t) {
		return
	}
	d := startDouble(t)
	o := inKeyring(t.TempDir())
	set(t, openWith(t, o), "github", "value")
	looking := openWith(t, Options{Dir: t.TempDir(), New: o.New, ReadOnly: true})
	looking.Close()
	d.change(func() { d.locked, d.calls = true, map[string]int{} })
	openWith(t, Options{Dir: t.TempDir(), New: o.New})
	reader := o
	reader.ReadOnly = true
	wantError(t, "Ready", openWith(t, reader).Ready(), ErrLocked, "it is locked")
	if n := d.count("Unlock"); n != 0 {
		t.Errorf("it was asked to unlock %d times by who does not need it", n)
	}
	s := openWith(t, o)
	looks := d.count("Locked")
	until(t, "several looks", func() bool { return d.count("Locked") >= looks+3 })
	wantError(t, "Set", s.Set("a", "v"), ErrLocked, "waiting for the keyring: it is locked")
	if n, m := d.count("Unlock"), d.count("Prompt"); n != 1 || m != 1 {
		t.Errorf("it was asked to unlock %d times and showed %d questions", n, m)
	}
	if !d.asks() {
		t.Error("the question was taken back")
	}
	d.change(func() { d.locked = false })
	within(t, 5*time.Second, "Wait", func() {
		if err := s.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	wantValue(t, s, "github", "value")
	until(t, "the end of the question", func() bool { return !d.asks() })
}

// TestWantedPrompt holds that a new store asks once there is something to store.
func TestWantedPrompt(t *testing.T) {
	if !onBus(t) {
		return
	}
	d := startDouble(t)
	d.change(func() { d.locked = true })
	s := openWith(t, inKeyring(t.TempDir()))
	wantError(t, "Set", s.Set("a", "v"), ErrLocked, "")
	until(t, "the question", func() bool { return d.count("Prompt") == 1 })
	s.Close()
	until(t, "the end of the question", func() bool { return !d.asks() })
}

// TestBrokenKeyring has calls of a keyring fail.
func TestBrokenKeyring(t *testing.T) {
	if !onBus(t) {
		return
	}
	d := startDouble(t)
	d.change(func() { d.broken["CreateItem"] = true })
	s := openWith(t, inKeyring(t.TempDir()))
	wantError(t, "Set", s.Set("a", "v"), ErrLocked, "waiting for the keyring: it refused: CreateItem is broken")
	d.change(func() { delete(d.broken, "CreateItem") })
	if err := s.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	set(t, s, "a", "v")

	d.change(func() { d.broken["GetSecret"] = true })
	again := openWith(t, inKeyring(s.dir))
	wantError(t, "Ready", again.Ready(), ErrLocked, "GetSecret is broken")
	d.change(func() { delete(d.broken, "GetSecret") })
	if err := again.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}

	d.change(func() { d.garbled = true })
	wantError(t, "Ready", openWith(t, inKeyring(s.dir)).Ready(), nil, "the root key in the keyring is not that of "+s.path)
	only := openWith(t, Options{Dir: t.TempDir(), New: []Place{PlaceKeyring}})
	wantError(t, "Set", only.Set("a", "v"), nil, "keep root key in keyring: there is none here that serves: it gives back another value than it was given")
	either := openWith(t, inKeyring(t.TempDir()))
	set(t, either, "a", "v")
	if either.Place() != PlaceFile {
		t.Errorf("Place() = %q", either.Place())
	}
}

// TestNoKeyring holds what a store does on a bus without a keyring: a new one takes
// the next place, one that has its root key there waits for it.
func TestNoKeyring(t *testing.T) {
	if !onBus(t) {
		return
	}
	o := inKeyring(t.TempDir())
	if s := openWith(t, o); s.Place() != PlaceFile || s.Ready() != nil {
		t.Errorf("Place() = %q, Ready() = %v", s.Place(), s.Ready())
	}
	s := open(t, o.Dir)
	set(t, s, "a", "v")
	wantError(t, "Move", s.Move(t.Context(), PlaceKeyring, Options{}), nil, "keep root key in keyring: there is none here: no program of this session keeps one (org.freedesktop.secrets)")
	d := startDouble(t)
	if err := s.Move(t.Context(), PlaceKeyring, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.conn.ReleaseName(secretService); err != nil {
		t.Fatal(err)
	}
	s = openWith(t, o)
	wantError(t, "Ready", s.Ready(), ErrLocked, "waiting for the keyring: there is none here: no program of this session keeps one")
	if _, err := d.conn.RequestName(secretService, 0); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "Wait", func() {
		if err := s.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	wantValue(t, s, "a", "v")
}

// TestNoBus holds what a store does without a session's bus, and on one that does
// not answer. No bus is started.
func TestNoBus(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // of dbus-launch, which starts one
	silent, err := net.Listen("unix", filepath.Join(t.TempDir(), "silent"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	sealed := sealedStore(t)
	text, err := os.ReadFile(filepath.Join(sealed, sealedName))
	if err != nil {
		t.Fatal(err)
	}
	c, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	h := *c.head
	h.Place = PlaceKeyring
	h.Sum = h.sum()
	c.head = &h
	if text, err = c.encode(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(sealed, sealedName), string(text))
	for _, tt := range []struct {
		name, address, want string
		place               Place
	}{
		{"none", "", "there is no session bus (neither $DBUS_SESSION_BUS_ADDRESS nor $XDG_RUNTIME_DIR/bus leads to one)", PlaceFile},
		{"one to start", "autolaunch:", "there is no session bus", PlaceFile},
		{"disabled", "disabled:", "there is no session bus", PlaceFile},
		{"one that is gone", "unix:path=/nonexistent", "the session bus does not answer", PlaceFile},
		{"a silent one", "unix:path=" + silent.Addr().String(), "it has not answered within 3s", PlaceKeyring},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", tt.address)
			t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
			var s *Store
			within(t, ringLimit+slack, "OpenWith", func() { s = openWith(t, inKeyring(t.TempDir())) })
			if s.Place() != tt.place {
				t.Errorf("Place() = %q, want %q", s.Place(), tt.place)
			}
			within(t, ringLimit+slack, "OpenWith", func() { s = openWith(t, inKeyring(sealed)) })
			until(t, "an answer", func() bool { return s.Ready() != nil && strings.Contains(s.Ready().Error(), tt.want) })
			wantError(t, "Ready", s.Ready(), ErrLocked, "waiting for the keyring: "+tt.want[:2])
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := s.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Wait: %v", err)
			}
			within(t, atOnce, "Close", func() { s.Close() })
			wantError(t, "Wait of a closed one", s.Wait(t.Context()), errClosed, "")
			wantError(t, "Set of a closed one", s.Set("a", "v"), errClosed, "")
		})
	}
	if diff := cmp.Diff([]string{keyFileName, sealedName}, filesIn(t, sealed)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
}

// TestOneCall holds that no second call goes to a keyring that has not answered the
// first, and that who waits for his turn gives up in time.
func TestOneCall(t *testing.T) {
	r := newRing()
	hung, end := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go r.do(ctx, 0, func(context.Context) error { close(hung); <-end; return nil })
	<-hung
	cancel()
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.do(soon, ringLimit, func(context.Context) error { return fmt.Errorf("called") }); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	close(end)
	if err := r.do(t.Context(), ringLimit, func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
	wantError(t, "a call that panics", r.do(t.Context(), ringLimit, func(context.Context) error { panic("no signal") }), ErrLocked, "it failed: no signal")
}
