//go:build linux

package gui

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// ownBus starts a session bus of the test's own, and returns a connection to it.
func ownBus(t *testing.T) *dbus.Conn {
	t.Helper()
	path, err := exec.LookPath("dbus-daemon")
	if err != nil {
		if os.Getenv("HOMEHOOK_TEST_PEERS") == "1" {
			t.Fatal("dbus-daemon is not installed")
		}
		t.Skip("dbus-daemon is not installed")
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "bus.conf")
	text := fmt.Sprintf(`<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`, dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--config-file="+conf, "--nofork", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
	conn, err := dbus.Connect(strings.TrimSpace(address), dbus.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// own gives a connection a name on the bus.
func own(t *testing.T, conn *dbus.Conn, name string) {
	t.Helper()
	if _, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
}

// wall is a desktop that shows notifications.
type wall struct {
	last  uint32
	shown chan posted
}

type posted struct {
	replaces    uint32
	title, body string
	actions     []string
	urgency     byte
}

func (w *wall) GetCapabilities() ([]string, *dbus.Error) {
	return []string{"actions", "body-markup"}, nil
}

func (w *wall) Notify(_ string, replaces uint32, _, title, body string, actions []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	urgency, _ := hints["urgency"].Value().(byte)
	w.shown <- posted{replaces, title, body, actions, urgency}
	if replaces != 0 {
		return replaces, nil
	}
	w.last++
	return w.last, nil
}

func TestNotificationsOnTheBus(t *testing.T) {
	conn := ownBus(t)
	w := &wall{shown: make(chan posted, 4)}
	if err := conn.Export(w, notifyPath, notifyName); err != nil {
		t.Fatal(err)
	}
	own(t, conn, notifyName)
	s := newSession(t.Context(), nil)
	if !s.Shows() || !s.Icon() {
		t.Fatal("the session is not seen to show notifications")
	}
	clicks, links := make(chan notice, 4), make(chan string, 4)
	show := func(n notice) posted {
		t.Helper()
		s.Show(t.Context(), n, func(n notice) { clicks <- n }, func(link string) { links <- link })
		select {
		case p := <-w.shown:
			return p
		case <-time.After(10 * time.Second):
			t.Fatal("it is not shown")
		}
		return posted{}
	}
	p := show(notice{tag: "a", title: "Ding", text: "<b>dong</b>", link: "https://example.com", urgent: true})
	if p.title != "Ding" || p.body != "&lt;b&gt;dong&lt;/b&gt;" || p.urgency != 2 || !slices.Contains(p.actions, actionLink) {
		t.Errorf("shown %+v", p)
	}
	if p = show(notice{tag: "b", title: "Other"}); p.replaces != 0 || slices.Contains(p.actions, actionLink) {
		t.Errorf("another one: %+v", p)
	}
	if p = show(notice{tag: "a", title: "Again", link: "https://example.com/2"}); p.replaces != 1 {
		t.Errorf("one that takes a place: %+v", p)
	}
	say := func(signal string, body ...any) {
		t.Helper()
		if err := conn.Emit(notifyPath, notifyName+"."+signal, body...); err != nil {
			t.Fatal(err)
		}
	}
	say("ActionInvoked", uint32(99), "default")
	say("ActionInvoked", uint32(1), actionLink)
	say("ActionInvoked", uint32(2), actionOpen)
	for range 2 {
		select {
		case link := <-links:
			if link != "https://example.com/2" {
				t.Errorf("the link is %q", link)
			}
		case n := <-clicks:
			if n.title != "Other" {
				t.Errorf("clicked %+v", n)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a click is not heard")
		}
	}
	say("NotificationClosed", uint32(1), uint32(1))
	deadline := time.Now().Add(10 * time.Second)
	for gone := false; !gone; {
		bus := s.(*busSession)
		bus.mu.Lock()
		_, there := bus.ids["a"]
		gone = !there
		bus.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatal("one that is gone is remembered")
		}
	}
}

func TestTrayOnTheBus(t *testing.T) {
	conn := ownBus(t)
	s := newSession(t.Context(), nil)
	if s.Shows() {
		t.Error("nobody shows notifications here")
	}
	if s.Tray(t.Context(), false) {
		t.Error("there is no panel yet")
	}
	own(t, conn, trayWatcher)
	if !s.Tray(t.Context(), true) {
		t.Error("the panel is not seen")
	}
}

func TestWithoutBus(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	withoutBus()
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		t.Error("Fyne may start a bus of its own")
	}
	s := newSession(t.Context(), nil)
	if s.Icon() || s.Shows() || s.Tray(t.Context(), true) {
		t.Error("a session without a bus has a tray, or shows notifications")
	}
	s.Show(t.Context(), notice{}, nil, nil)
}

// TestDesktopComesLater: what shows notifications may start after the app, and go.
func TestDesktopComesLater(t *testing.T) {
	conn := ownBus(t)
	s := newSession(t.Context(), nil)
	told := make(chan bool, 8)
	s.Watch(func(shows bool) { told <- shows })
	is := func(want bool) {
		t.Helper()
		select {
		case shows := <-told:
			if shows != want || s.Shows() != want {
				t.Fatalf("told %t, Shows is %t, not %t", shows, s.Shows(), want)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("nothing is told")
		}
	}
	is(false)
	w := &wall{shown: make(chan posted, 4)}
	if err := conn.Export(w, notifyPath, notifyName); err != nil {
		t.Fatal(err)
	}
	own(t, conn, notifyName)
	is(true)
	s.Show(t.Context(), notice{tag: "a", title: "Ding"}, nil, nil)
	select {
	case p := <-w.shown:
		if !slices.Contains(p.actions, actionOpen) {
			t.Errorf("it has no button: %+v", p)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it is not shown")
	}
	if _, err := conn.ReleaseName(notifyName); err != nil {
		t.Fatal(err)
	}
	is(false)
}
