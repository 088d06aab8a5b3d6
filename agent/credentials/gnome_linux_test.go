package credentials

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/zalando/go-keyring"
	ss "github.com/zalando/go-keyring/secret_service"
)

// signIn is the password of the keyring.
const signIn = "open sesame"

// gnome is a gnome-keyring of the test's own.
type gnome struct {
	t   *testing.T
	cmd *exec.Cmd
}

// startGnome starts a keyring that is unlocked, or locked, and ends with the test.
func startGnome(t *testing.T, locked bool) *gnome {
	t.Helper()
	g := &gnome{t: t}
	g.start(true)
	t.Cleanup(func() { g.stop() })
	if locked {
		g.lock()
	}
	return g
}

// start starts the keyring, unlocked or not.
func (g *gnome) start(unlocked bool) {
	g.t.Helper()
	args := []string{"--foreground", "--components=secrets"}
	if unlocked {
		args = append(args, "--unlock")
	}
	g.cmd = exec.Command("gnome-keyring-daemon", args...)
	g.cmd.Stdin = strings.NewReader(signIn)
	if err := g.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	// To look before it is there would have the bus start another one.
	until(g.t, "the keyring", func() bool { return g.owner() != "" })
	until(g.t, "its sign-in", func() bool {
		err := lookAt(g.t.Context())
		return err == nil || !unlocked && errors.Is(err, ErrLocked)
	})
}

func (g *gnome) stop() {
	g.t.Helper()
	g.cmd.Process.Kill()
	g.cmd.Wait()
	until(g.t, "the end of the keyring", func() bool { return g.owner() == "" })
}

// owner is who owns the keyring's name on the bus.
func (g *gnome) owner() (name string) {
	g.on(func(conn *dbus.Conn) error {
		if conn.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, secretService).Store(&name) != nil {
			name = ""
		}
		return nil
	})
	return name
}

// on does something on the bus.
func (g *gnome) on(do func(*dbus.Conn) error) {
	g.t.Helper()
	conn, err := dbus.Connect(os.Getenv("DBUS_SESSION_BUS_ADDRESS"))
	if err != nil {
		g.t.Fatal(err)
	}
	defer conn.Close()
	if err := do(conn); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gnome) lock() {
	g.t.Helper()
	g.on(func(conn *dbus.Conn) error {
		return conn.Object(secretService, secretPath).Call(secretInterface+".Lock", 0, []dbus.ObjectPath{loginCollection}).Err
	})
	if err := lookAt(g.t.Context()); !errors.Is(err, ErrLocked) {
		g.t.Fatal(err)
	}
}

// unlock unlocks it as the sign-in would.
func (g *gnome) unlock() {
	g.t.Helper()
	g.on(func(conn *dbus.Conn) error {
		service := conn.Object(secretService, secretPath)
		var none dbus.Variant
		var session dbus.ObjectPath
		if err := service.Call(secretInterface+".OpenSession", 0, "plain", dbus.MakeVariant("")).Store(&none, &session); err != nil {
			return err
		}
		return service.Call("org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface.UnlockWithMasterPassword", 0,
			loginCollection, ss.NewSecret(session, signIn)).Err
	})
	if err := lookAt(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
}

// TestGnomeKeyring goes through the life of a store with a real keyring: set, use,
// rotate, lock, unlock, restart, move, and a root key that is gone.
func TestGnomeKeyring(t *testing.T) {
	if !onBus(t, "gnome-keyring-daemon") {
		return
	}
	g := startGnome(t, false)
	o := Options{Dir: t.TempDir(), New: []Place{PlaceSystemd, PlaceKeyring, PlaceFile}}
	s := openWith(t, o)
	if err := s.Ready(); err != nil || s.Place() != PlaceKeyring {
		t.Fatalf("Ready() = %v, Place() = %q", err, s.Place())
	}
	set(t, s, "github", "first", "stripe", "whsec", "relay/mine", "token")
	if diff := cmp.Diff([]string{sealedName}, filesIn(t, o.Dir)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
	if err := s.Rotate("github", "second", time.Hour); err != nil {
		t.Fatal(err)
	}
	wantOpen(t, o)

	g.lock()
	wantValue(t, s, "stripe", "whsec") // who has the root key keeps it
	wantOpens(t, o, g.unlock)

	g.stop()
	g.start(false) // as at the start of the machine, before anybody signs in
	wantOpens(t, o, g.unlock)

	moveRound(t, s, o)
	loseKey(t, o)
}

// wantOpen checks that a store can be opened and read.
func wantOpen(t *testing.T, o Options) {
	t.Helper()
	s := openWith(t, o)
	if err := s.Ready(); err != nil {
		t.Fatal(err)
	}
	if all, err := s.All("github"); err != nil || !slices.Equal(all, []string{"second", "first"}) {
		t.Errorf("All(github) = %q, %v", all, err)
	}
	wantValue(t, s, "relay/mine", "token")
}

// wantOpens opens a store while the keyring is locked: nobody waits for it, and once
// it is unlocked the store is ready by itself.
func wantOpens(t *testing.T, o Options, unlock func()) {
	t.Helper()
	var s *Store
	within(t, ringLimit+slack, "OpenWith", func() { s = openWith(t, o) })
	within(t, atOnce, "the use of a locked store", func() { wantWaiting(t, s) })
	unlock()
	within(t, 5*time.Second, "Wait", func() {
		if err := s.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	wantValue(t, s, "stripe", "whsec")
	set(t, s, "stripe", "whsec")
	wantOpen(t, o)
}

// wantWaiting checks a store of which the keyring is locked.
func wantWaiting(t *testing.T, s *Store) {
	t.Helper()
	_, get := s.Get("github")
	for what, err := range map[string]error{
		"Ready": s.Ready(), "Get": get, "Set": s.Set("new", "v"), "Rotate": s.Rotate("github", "v", 0),
		"Move": s.Move(t.Context(), PlaceFile, Options{}), "Renew": s.Renew(t.Context(), PlaceFile, Options{}),
	} {
		wantError(t, what, err, ErrLocked, "waiting for the keyring")
	}
	_, err := s.Get("none")
	wantError(t, "Get of another", err, ErrNotFound, "")
	if list, err := s.List(); err != nil || len(list) != 3 || len(list[0].Values) != 2 || list[0].Fingerprint != "" {
		t.Errorf("List() = %+v, %v", list, err)
	}
	if s.Place() != PlaceKeyring {
		t.Errorf("Place() = %q", s.Place())
	}
}

// moveRound moves the root key out of the keyring and back.
func moveRound(t *testing.T, s *Store, o Options) {
	t.Helper()
	before := rootID(t, s)
	if err := s.Move(t.Context(), PlaceFile, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Get(ringService, user(before)); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("the former root key is still in the keyring: %v", err)
	}
	wantOpen(t, o)
	if err := s.Move(t.Context(), PlaceKeyring, Options{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{sealedName}, filesIn(t, o.Dir)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
	wantOpen(t, o)
}

// loseKey takes the root key away, and begins anew.
func loseKey(t *testing.T, o Options) {
	t.Helper()
	s := openWith(t, o)
	if err := keyring.Delete(ringService, user(rootID(t, s))); err != nil {
		t.Fatal(err)
	}
	s = openWith(t, o)
	wantLost(t, s, "the root key of "+s.path+" is not in the keyring; bring it back, or begin anew with: homehook secret store keyring --anew; the secrets must then be entered again")
	if err := s.Renew(t.Context(), PlaceKeyring, Options{}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Get("github")
	wantError(t, "Get", err, ErrDamaged, "set it again: homehook secret set github")
	set(t, s, "github", "again")
	wantValue(t, openWith(t, o), "github", "again")
}

func rootID(t *testing.T, s *Store) string {
	t.Helper()
	c, err := s.readSealed()
	if err != nil {
		t.Fatal(err)
	}
	return c.head.Key
}

// TestGnomeTakesOver holds that what an earlier version left is read while the
// keyring is locked, and sealed once it is not.
func TestGnomeTakesOver(t *testing.T) {
	if !onBus(t, "gnome-keyring-daemon") {
		return
	}
	g := startGnome(t, true)
	o := Options{Dir: olderStore(t), New: []Place{PlaceKeyring, PlaceFile}}
	s := openWith(t, o)
	if err := s.Ready(); err != nil || s.Place() != PlacePlain {
		t.Errorf("Ready() = %v, Place() = %q", err, s.Place())
	}
	wantValue(t, s, "relay/mine", "0123456789abcdef")
	wantError(t, "Set", s.Set("relay/mine", "v"), ErrLocked, "waiting for the keyring")
	wantError(t, "Remove", s.Remove("relay/mine"), ErrLocked, "waiting for the keyring")
	if diff := cmp.Diff([]string{plainName}, filesIn(t, o.Dir)); diff != "" {
		t.Errorf("files differ (-want +got):\n%s", diff)
	}
	g.unlock()
	until(t, "the sealed file", func() bool { return s.Place() == PlaceKeyring })
	until(t, "the end of the plain file", func() bool { return slices.Equal(filesIn(t, o.Dir), []string{sealedName}) })
	wantValue(t, s, "relay/mine", "0123456789abcdef")
	set(t, s, "relay/mine", "v")
	wantValue(t, openWith(t, o), "relay/mine", "v")
}

// TestGnomeNew holds that a new store waits for a keyring that is locked and takes
// no other place unasked, but can be given one.
func TestGnomeNew(t *testing.T) {
	if !onBus(t, "gnome-keyring-daemon") {
		return
	}
	g := startGnome(t, true)
	o := Options{Dir: t.TempDir(), New: []Place{PlaceKeyring, PlaceFile}}
	s := openWith(t, o)
	wantError(t, "Ready", s.Ready(), ErrLocked, "")
	wantError(t, "Set", s.Set("a", "v"), ErrLocked, "waiting for the keyring: it is locked; unlock it, or sign in to the desktop")
	moved := openWith(t, Options{Dir: t.TempDir(), New: o.New})
	if err := moved.Move(t.Context(), PlaceFile, Options{}); err != nil {
		t.Fatal(err)
	}
	set(t, moved, "a", "v")
	wantValue(t, openWith(t, Options{Dir: moved.dir, New: o.New}), "a", "v")
	g.unlock()
	within(t, 5*time.Second, "Wait", func() {
		if err := s.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	set(t, s, "a", "v")
	if s.Place() != PlaceKeyring {
		t.Errorf("Place() = %q", s.Place())
	}
}
