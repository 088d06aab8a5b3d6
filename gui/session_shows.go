//go:build unix && !darwin

package gui

import (
	"context"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	askAgain = 200 * time.Millisecond // between two questions to a desktop that has just come
	askTimes = 5
)

// Watch has changed called with what Shows says, now and when that changes: what
// shows notifications often starts after the app, and may be started anew.
func (s *busSession) Watch(changed func(shows bool)) {
	s.mu.Lock()
	s.changed = changed
	shows := s.can != nil
	s.mu.Unlock()
	changed(shows)
}

// abilities are those of what shows notifications; nil where none are shown.
func (s *busSession) abilities() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.can
}

// set notes what shows notifications can do, and tells when there is one or none.
func (s *busSession) set(can []string) {
	s.mu.Lock()
	tell := s.changed
	if (s.can != nil) == (can != nil) {
		tell = nil
	}
	s.can = can
	s.mu.Unlock()
	if tell != nil {
		tell(can != nil)
	}
}

// ask asks what shows notifications for its abilities; nil where there is nothing
// that does.
func (s *busSession) ask(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, busWait)
	defer cancel()
	can := []string{}
	if s.notifier().CallWithContext(ctx, notifyName+".GetCapabilities", 0).Store(&can) != nil {
		return nil
	}
	if can == nil {
		can = []string{}
	}
	return can
}

// owned hears that the name of what shows notifications has another owner, or none.
func (s *busSession) owned(ctx context.Context, signal *dbus.Signal) {
	var name, was, is string
	if dbus.Store(signal.Body, &name, &was, &is) != nil || name != notifyName {
		return
	}
	s.mu.Lock()
	clear(s.ids) // another one counts anew
	clear(s.shown)
	s.mu.Unlock()
	if is == "" {
		if !s.startable(ctx) {
			s.set(nil)
		}
		return
	}
	for range askTimes { // it may have its name before it answers
		if can := s.ask(ctx); can != nil {
			s.set(can)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(askAgain):
		}
	}
	s.set(nil)
}

// startable reports whether the bus starts what shows notifications when something
// is to be shown. One that has ended for want of work is not gone then.
func (s *busSession) startable(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, busWait)
	defer cancel()
	var names []string
	err := s.conn.BusObject().CallWithContext(ctx, busName+".ListActivatableNames", 0).Store(&names)
	return err == nil && slices.Contains(names, notifyName)
}
