//go:build unix

package sessionbus

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// TestAddress holds that the session's bus is found in the folder of the session too,
// and that none is started.
func TestAddress(t *testing.T) {
	dir := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	for given, want := range map[string]string{
		"": "unix:path=" + dir + "/bus", "autolaunch:": "unix:path=" + dir + "/bus",
		"tcp:host=x;unix:path=/x": "unix:path=/x", "unix:abstract=/x,guid=1": "unix:abstract=/x,guid=1",
	} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", given)
		if got := address(); got != want {
			t.Errorf("address() with %q = %q, want %q", given, got, want)
		}
	}
}

// TestConnect holds what is said where there is no bus, and of one that is gone.
func TestConnect(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "autolaunch:")
	if _, err := Connect(t.Context()); !errors.Is(err, errNone) {
		t.Errorf("without a bus: %v", err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	if _, err := Connect(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "the session bus does not answer: ") {
		t.Errorf("of one that is gone: %v", err)
	}
}
