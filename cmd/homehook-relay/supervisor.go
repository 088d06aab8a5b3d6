package main

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// handedOver returns the sockets that systemd has opened for this process, none if
// it has not.
func handedOver() ([]net.Listener, error) {
	files := activation.Files(true)
	var list []net.Listener
	for _, f := range files {
		ln, err := net.FileListener(f)
		f.Close() // the listener has its own
		if err != nil {
			return nil, usagef("listen on the socket %s from systemd: it takes no connections (%w); it has to be one with ListenStream=", f.Name(), err)
		}
		if _, ok := ln.(*net.TCPListener); !ok {
			return nil, usagef("listen on the socket %s from systemd: %s is no address of TCP; write ListenStream= with a port", f.Name(), ln.Addr())
		}
		list = append(list, ln)
	}
	return list, nil
}

// supervisor tells systemd how the relay is, if that has started it and wants to
// know.
type supervisor struct{ log *slog.Logger }

// ready says that the relay takes connections.
func (s supervisor) ready() { s.tell(daemon.SdNotifyReady) }

func (s supervisor) tell(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.Warn("systemd was not told", "state", state, "error", err)
	}
}

// watch tells systemd when the relay begins to end, and until then its watchdog
// that the relay is well, as often as healthy agrees. The function that it returns
// ends that.
func (s supervisor) watch(ctx context.Context, healthy func(context.Context) error) (stop func()) {
	told := context.AfterFunc(ctx, func() { s.tell(daemon.SdNotifyStopping) })
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		s.log.Warn("the watchdog of systemd is not told anything", "error", err)
	}
	if every > 0 {
		wg.Go(func() { s.attest(ctx, every/3, healthy) })
	}
	return func() {
		told()
		cancel()
		wg.Wait()
	}
}

// attest tells the watchdog that the relay is well, whenever it is. One that is not
// gets started anew when that has lasted.
func (s supervisor) attest(ctx context.Context, every time.Duration, healthy func(context.Context) error) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		err := healthy(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.Error("the relay is not well; systemd starts it anew if that lasts", "error", err)
		default:
			s.tell(daemon.SdNotifyWatchdog)
		}
	}
}
