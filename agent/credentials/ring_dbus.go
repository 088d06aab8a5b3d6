//go:build unix && !darwin

package credentials

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"

	"homehook/agent/sessionbus"
)

// The keyring of desktops, as freedesktop.org describes it.
const (
	secretService    = "org.freedesktop.secrets"
	secretPath       = dbus.ObjectPath("/org/freedesktop/secrets")
	secretInterface  = "org.freedesktop.Secret.Service"
	loginCollection  = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	noObject         = dbus.ObjectPath("/")
	propertiesGet    = "org.freedesktop.DBus.Properties.Get"
	collectionLocked = "org.freedesktop.Secret.Collection"
)

// lookAt looks whether there is a keyring, and an unlocked one, before the calls
// that would start a bus of their own, or ask the user and wait for him for ever.
func lookAt(ctx context.Context) error {
	conn, err := connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	collection, err := findCollection(ctx, conn)
	if err != nil {
		return err
	}
	var locked bool
	err = conn.Object(secretService, collection).CallWithContext(ctx, propertiesGet, 0, collectionLocked, "Locked").Store(&locked)
	if err != nil {
		return refusal(ctx, err)
	}
	if locked {
		return fmt.Errorf("%w: it is locked; unlock it, or sign in to the desktop", ErrLocked)
	}
	return nil
}

// connect connects to the bus of the user's session.
func connect(ctx context.Context) (*dbus.Conn, error) {
	conn, err := sessionbus.Connect(ctx)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil:
		return nil, errSilent
	}
	return nil, fmt.Errorf("%w: %w", errAbsent, err)
}

// findCollection finds the part of the keyring that the root key is in, which is
// that of the sign-in or else the usual one.
func findCollection(ctx context.Context, conn *dbus.Conn) (dbus.ObjectPath, error) {
	service := conn.Object(secretService, secretPath)
	var all []dbus.ObjectPath
	if err := service.CallWithContext(ctx, propertiesGet, 0, secretInterface, "Collections").Store(&all); err != nil {
		return "", refusal(ctx, err)
	}
	if slices.Contains(all, loginCollection) {
		return loginCollection, nil
	}
	var usual dbus.ObjectPath
	if err := service.CallWithContext(ctx, secretInterface+".ReadAlias", 0, "default").Store(&usual); err != nil {
		return "", refusal(ctx, err)
	}
	if usual == noObject || usual == "" {
		return "", fmt.Errorf("%w: this session's has no collection yet", errAbsent)
	}
	return usual, nil
}

var errNoService = fmt.Errorf("%w: no program of this session keeps one (%s)", errAbsent, secretService)

// refusal says why a call on the bus came to nothing. The end of ctx closes the
// connection, and which of both a call notices first is chance. A bus that knows
// of no program to keep a keyring, or cannot start it, answers by itself.
func refusal(ctx context.Context, err error) error {
	var told dbus.Error
	switch {
	case ctx.Err() != nil:
		return errSilent
	case errors.As(err, &told) && (told.Name == "org.freedesktop.DBus.Error.ServiceUnknown" ||
		strings.HasPrefix(told.Name, "org.freedesktop.DBus.Error.Spawn") || strings.HasPrefix(told.Name, "org.freedesktop.systemd1.")):
		return errNoService
	}
	return fmt.Errorf("%w: it refused: %w", ErrLocked, err)
}

// explainHere says what an error of go-keyring means here: the keyring was there a
// moment ago, so it may well be there again.
func explainHere(err error) error { return fmt.Errorf("%w: it refused: %w", ErrLocked, err) }

// prompt asks the user to unlock the keyring, once. The question stands as long as
// the connection that asked it.
type prompt struct {
	mu    sync.Mutex
	asked bool
	ended bool
	conn  *dbus.Conn
}

// show has the question shown, if it was not yet.
func (p *prompt) show(ctx context.Context, r *ring) error {
	p.mu.Lock()
	asked := p.asked
	p.asked = true
	p.mu.Unlock()
	if asked {
		return nil
	}
	return r.do(ctx, ringLimit, func(ctx context.Context) error {
		// The connection outlasts ctx, with the question.
		standing, end := context.WithCancel(context.WithoutCancel(ctx))
		stop := context.AfterFunc(ctx, end)
		conn, err := connect(standing)
		if err == nil {
			err = askAt(ctx, conn)
		}
		if err == nil && !stop() {
			err = errSilent
		}
		if err != nil {
			end()
			return err
		}
		p.keep(conn)
		return nil
	})
}

// askAt has the keyring show its question.
func askAt(ctx context.Context, conn *dbus.Conn) error {
	collection, err := findCollection(ctx, conn)
	if err != nil {
		return err
	}
	var unlocked []dbus.ObjectPath
	var question dbus.ObjectPath
	err = conn.Object(secretService, secretPath).CallWithContext(ctx, secretInterface+".Unlock", 0, []dbus.ObjectPath{collection}).Store(&unlocked, &question)
	if err != nil || question == noObject {
		return err
	}
	return conn.Object(secretService, question).CallWithContext(ctx, "org.freedesktop.Secret.Prompt.Prompt", 0, "").Err
}

// keep keeps a question standing, unless nobody wants an answer any more.
func (p *prompt) keep(conn *dbus.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		conn.Close()
		return
	}
	p.conn = conn
}

// end takes the question back, and has no other shown.
func (p *prompt) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended, p.asked = true, true
	if p.conn != nil {
		p.conn.Close()
	}
}
