package gui

import (
	"context"

	"fyne.io/fyne/v2"
)

// session is what the desktop around the app has to offer. Its methods are for any
// goroutine.
type session interface {
	// Tray says whether an icon in the tray would be seen now. With wait it gives a
	// desktop that is just starting some time.
	Tray(ctx context.Context, wait bool) bool
	// Icon says whether Fyne can be asked for an icon in the tray at all.
	Icon() bool
	// Shows says whether it shows notifications.
	Shows() bool
	// Watch has a function called with what Shows says: now, and when that changes.
	Watch(changed func(shows bool))
	// Show shows one. opened and link are called, on any goroutine, when it is
	// clicked.
	Show(ctx context.Context, n notice, opened func(notice), link func(string))
}

// plainSession is a session whose tray and notifications Fyne deals with.
type plainSession struct{ app fyne.App }

var _ session = plainSession{}

func (plainSession) Tray(context.Context, bool) bool { return true }
func (plainSession) Icon() bool                      { return true }
func (plainSession) Shows() bool                     { return true }
func (plainSession) Watch(changed func(bool))        { changed(true) }

func (p plainSession) Show(_ context.Context, n notice, _ func(notice), _ func(string)) {
	p.app.SendNotification(fyne.NewNotification(n.title, n.text))
}
