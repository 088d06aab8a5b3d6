package agent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
	"homehook/routes"
)

// startBus starts a session bus of the test's own and makes it the session's.
func startBus(t *testing.T) {
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
		cmd.Process.Kill()
		cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
}

// screen is a desktop's notification service.
type screen struct {
	can   []string
	shown chan shownNotice
	stuck chan struct{} // not nil: it answers once this is closed
}

type shownNotice struct {
	app, title, body string
	urgency          byte
}

func (s *screen) GetCapabilities() ([]string, *dbus.Error) { return s.can, nil }

func (s *screen) Notify(app string, _ uint32, _, title, body string, _ []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	if s.stuck != nil {
		<-s.stuck
	}
	urgency, _ := hints["urgency"].Value().(byte)
	s.shown <- shownNotice{app, title, body, urgency}
	return 1, nil
}

// startScreen shows what comes over the bus.
func startScreen(t *testing.T, s *screen) {
	t.Helper()
	s.shown = make(chan shownNotice, 8)
	conn, err := dbus.Connect(os.Getenv("DBUS_SESSION_BUS_ADDRESS"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Export(s, notifyPath, notifyService); err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName(notifyService, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
}

func TestShowOnDesktop(t *testing.T) {
	notice := routes.Notification{Title: "Ring \x00& <b>ring</b>\xff", Text: "<img src=x> & more", Link: `https://door.example/?a=1&b="2"`, Urgent: true}
	for _, tt := range []struct {
		name string
		can  []string
		want shownNotice
	}{
		{"plain", nil, shownNotice{"Homehook", "Ring & <b>ring</b>\uFFFD", "<img src=x> & more\nhttps://door.example/?a=1&b=\"2\"", 2}},
		{"markup", []string{"body", "body-markup"}, shownNotice{
			"Homehook", "Ring & <b>ring</b>\uFFFD",
			"&lt;img src=x&gt; &amp; more\nhttps://door.example/?a=1&amp;b=&quot;2&quot;", 2,
		}},
		{"links", []string{"body-markup", "body-hyperlinks"}, shownNotice{
			"Homehook", "Ring & <b>ring</b>\uFFFD",
			`&lt;img src=x&gt; &amp; more` + "\n" + `<a href="https://door.example/?a=1&amp;b=&quot;2&quot;">https://door.example/?a=1&amp;b=&quot;2&quot;</a>`, 2,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			startBus(t)
			s := &screen{can: tt.can}
			startScreen(t, s)
			if err := showOnDesktop(t.Context(), &notice); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, <-s.shown, cmp.AllowUnexported(shownNotice{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoDesktop(t *testing.T) {
	try := func() error { return showOnDesktop(t.Context(), &routes.Notification{Title: "x"}) }
	for name, address := range map[string]string{
		"no bus": "", "one that would be started": "autolaunch:", "a program": "unixexec:path=/bin/true", "a socket that is gone": "unix:path=/nonexistent/bus",
	} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
		if err := try(); !errors.Is(err, errNoDesktop) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Something listens, and says nothing.
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	began := time.Now()
	if err := try(); err == nil || time.Since(began) > 2*desktopWait {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	startBus(t)
	if err := try(); !errors.Is(err, errNoDesktop) {
		t.Errorf("a bus without a desktop: %v", err)
	}
	s := &screen{stuck: make(chan struct{})}
	startScreen(t, s)
	defer close(s.stuck)
	if err := try(); err == nil || !strings.Contains(err.Error(), "within 2s") {
		t.Errorf("a desktop that hangs: %v", err)
	}
}

// TestNotifyRoute: a delivery is shown, told to those who listen, and waits while
// nobody is there.
func TestNotifyRoute(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", "  - {name: bell, claim: garage, match: /bell, unverified: true, notify: {title: \"Door {json.door}\", text: opened}}\n"))
	s := sent{id: newID(), line: "POST /bell", body: `{"door": "front"}`, after: "none"}
	r.must(t, s)
	if rec := h.record(t, s.id, "waiting"); !strings.Contains(rec.Reason, "there is no notification service in this session") {
		t.Errorf("%+v", rec.Delivery)
	}
	startBus(t)
	desk := &screen{}
	startScreen(t, desk)
	told := make(chan *control.Notification, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.client.Events(ctx, 0, func(e control.Event) error {
			if e.Notification != nil {
				told <- e.Notification
			}
			return nil
		})
	}()
	eventually(t, "somebody listens", func() bool { return h.inbox.hub.Subscribers() == 1 })
	if _, err := h.client.Retry(t.Context(), s.id); err != nil {
		t.Fatal(err)
	}
	if got := <-desk.shown; got.title != "Door front" || got.body != "opened" {
		t.Errorf("%+v", got)
	}
	if got := <-told; got.Title != "Door front" || !got.Shown || got.Delivery != s.id || got.Route != "bell" {
		t.Errorf("%+v", got)
	}
	h.record(t, s.id, "succeeded")
	cancel()
	<-done
}
