// Package sessionbus finds the D-Bus of the desktop session of whoever runs the agent,
// for notifications and for the keyring. It starts no bus and nothing on it, and keeps
// no connection.
package sessionbus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/godbus/dbus/v5"
)

// errNone is the error for a session without a bus.
var errNone = errors.New("there is no session bus (neither $DBUS_SESSION_BUS_ADDRESS nor $XDG_RUNTIME_DIR/bus leads to one)")

// Connect connects to the bus of the user's session. The end of ctx closes the
// connection; otherwise the caller does.
func Connect(ctx context.Context) (*dbus.Conn, error) {
	at := address()
	if at == "" {
		return nil, errNone
	}
	conn, err := dbus.Connect(at, dbus.WithContext(ctx))
	if err != nil { // a session that has ended leaves its socket behind
		return nil, fmt.Errorf("the session bus does not answer: %w", err)
	}
	return conn, nil
}

// address is where the bus of the user's session is, "" where there is none. Only a
// bus that is there is used: none is started, whatever the environment says.
func address() string {
	for address := range strings.SplitSeq(os.Getenv("DBUS_SESSION_BUS_ADDRESS"), ";") {
		if strings.HasPrefix(address, "unix:") {
			return address
		}
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		path := filepath.Join(dir, "bus")
		if fi, err := os.Stat(path); err == nil && fi.Mode()&os.ModeSocket != 0 {
			return "unix:path=" + dbus.EscapeBusAddressValue(path)
		}
	}
	return ""
}
