package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"homehook/agent/sessionbus"
	"homehook/routes"
)

// desktopWait is how long a desktop may take to show a notification.
const desktopWait = 2 * time.Second

// errNoDesktop says that there is no desktop on which a notification could be
// shown. There may be one later.
var errNoDesktop = errors.New("there is no notification service in this session, and no app that shows it: start the Homehook app, or what shows notifications on this desktop")

// The notification service of desktops, as freedesktop.org describes it.
const (
	notifyService = "org.freedesktop.Notifications"
	notifyPath    = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// showOnDesktop shows a notification on the desktop of the user that the agent
// runs as.
func showOnDesktop(ctx context.Context, n *routes.Notification) error {
	ctx, cancel := context.WithTimeout(ctx, desktopWait)
	defer cancel()
	conn, err := sessionbus.Connect(ctx)
	if err != nil {
		return errNoDesktop
	}
	defer conn.Close()
	service := conn.Object(notifyService, notifyPath)
	var can []string
	if err := service.CallWithContext(ctx, notifyService+".GetCapabilities", 0).Store(&can); err != nil {
		return desktopError(ctx, err)
	}
	urgency := byte(1)
	if n.Urgent {
		urgency = 2
	}
	call := service.CallWithContext(ctx, notifyService+".Notify", 0, "Homehook", uint32(0), "", plainText(n.Title),
		bodyText(n, can), []string{}, map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgency)}, int32(-1))
	return desktopError(ctx, call.Err)
}

// desktopShows reports whether a notification would be shown on the desktop of the
// user that the agent runs as. It starts nothing.
func desktopShows(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, desktopWait)
	defer cancel()
	conn, err := sessionbus.Connect(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	var has bool
	if conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, notifyService).Store(&has) == nil && has {
		return true
	}
	var names []string // of those that the bus starts when they are asked
	err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.ListActivatableNames", 0).Store(&names)
	return err == nil && slices.Contains(names, notifyService)
}

// desktopError says why a notification was not shown while ctx lasted. The end of
// ctx closes the connection, and which of both a call notices first is chance.
func desktopError(ctx context.Context, err error) error {
	var told dbus.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &told) && (told.Name == "org.freedesktop.DBus.Error.ServiceUnknown" || told.Name == "org.freedesktop.DBus.Error.NameHasNoOwner"):
		return errNoDesktop // a session without a desktop
	case errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, dbus.ErrClosed):
		return fmt.Errorf("the desktop did not show it within %s", desktopWait)
	}
	return fmt.Errorf("the desktop does not show it: %w", err)
}

// bodyText is what stands below the title, in the markup of a desktop that reads
// any. What came with a delivery is never markup.
func bodyText(n *routes.Notification, can []string) string {
	text, link := plainText(n.Text), plainText(n.Link)
	if slices.Contains(can, "body-markup") {
		text, link = escapeMarkup(text), escapeMarkup(link)
	}
	if link == "" {
		return text
	}
	if slices.Contains(can, "body-hyperlinks") {
		link = `<a href="` + escapeMarkup(plainText(n.Link)) + `">` + escapeMarkup(plainText(n.Link)) + `</a>`
	}
	if text == "" {
		return link
	}
	return text + "\n" + link
}

var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

func escapeMarkup(s string) string { return markup.Replace(s) }

// plainText takes out what a text on the bus cannot have.
func plainText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
