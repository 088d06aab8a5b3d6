package service

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Host is what a running service has of the system around it.
type Host struct {
	// Log goes where logs of services go here.
	Log *slog.Logger

	records records
	keeper  int             // process that supervises this one, 0 for none
	base    context.Context // ends when the service does
	wg      sync.WaitGroup
}

// attend has the manager told when the service ends.
func (h *Host) attend(ctx context.Context) {
	h.base = ctx
	h.wg.Go(func() {
		<-ctx.Done()
		h.notify(daemon.SdNotifyStopping)
	})
}

// Begin notes that the service runs, once it is known that no other one does in
// the same folders. How it ends is noted only after that.
func (h *Host) Begin() { h.records.begun(h.Log, h.keeper) }

// wait returns when nobody speaks to the manager any more.
func (h *Host) wait() { h.wg.Wait() }

// Ready says that the agent answers. From then on, where the manager wants it,
// check is called three times in the manager's time limit, with the time it has;
// the manager hears of each that returns nil. Without one for the whole limit it
// kills this process and starts it again.
func (h *Host) Ready(check func(context.Context) error) {
	h.records.ready(h.Log)
	h.notify(daemon.SdNotifyReady)
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		h.Log.Warn("the watchdog cannot be used", "error", err)
	}
	if err != nil || limit == 0 {
		return
	}
	h.wg.Go(func() { h.watchdog(limit, check) })
}

// watchdog tells the manager that the agent is well, as long as it is.
func (h *Host) watchdog(limit time.Duration, check func(context.Context) error) {
	every := time.NewTicker(limit / 3)
	defer every.Stop()
	for {
		ctx, cancel := context.WithTimeout(h.base, limit/3)
		err := check(ctx)
		cancel()
		switch {
		case h.base.Err() != nil:
			return
		case err != nil:
			h.Log.Error("the agent is not well; it is started again if that stays so", "error", err)
		default:
			h.notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-h.base.Done():
			return
		case <-every.C:
		}
	}
}

// notify tells systemd the state, if it wants to know.
func (h *Host) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		h.Log.Warn("the service manager was not told", "state", state, "error", err)
	}
}
