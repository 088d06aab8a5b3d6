package agent

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// settling is how long changes of the network are let come together: an
	// address seldom comes without a route.
	settling = 200 * time.Millisecond

	// lookRest is the least time between two checks of all links, whatever the
	// network does.
	lookRest = 2 * time.Second

	// lookEvery is how often the network is looked at where the system does not
	// tell of its changes.
	lookEvery = 4 * time.Second
)

// lookOut has all links checked when the machine has slept or its network has
// changed, until ctx ends. What a link has lost shows otherwise only when a ping
// stays out, and a keeper that waits for its next try does not know that it could
// succeed by now.
func (a *Agent) lookOut(ctx context.Context) {
	why := make(chan string, 1)
	tell := func(what string) {
		select {
		case why <- what:
		default: // the check that is to come does for both
		}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		watchSleep(ctx, clock{}, func(slept time.Duration) {
			a.reckon()
			a.silence.awake()
			tell("the machine or the agent stood still for " + slept.Round(time.Second).String())
		})
	})
	wg.Go(func() {
		changed := func() { tell("the network has changed") }
		if err := watchNetwork(ctx, changed); err != nil && ctx.Err() == nil {
			a.log.Warn("the system does not tell of changes of the network, so it is looked at every few seconds", "error", err)
			pollNetwork(ctx, lookEvery, changed)
		}
	})
	for {
		select {
		case what := <-why:
			rest(ctx, settling)
			a.log.Info(what + "; links are checked")
			a.doubt()
			rest(ctx, lookRest-settling)
		case <-ctx.Done():
			return
		}
	}
}

// doubt has all links checked.
func (a *Agent) doubt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.keepers {
		r.doubt()
	}
}

// rest waits for d or the end of ctx.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// pollNetwork calls changed when the network looks different, until ctx ends.
func pollNetwork(ctx context.Context, every time.Duration, changed func()) {
	t := time.NewTicker(every)
	defer t.Stop()
	for before := networkNow(); ; {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		if now := networkNow(); now != before {
			before = now
			changed()
		}
	}
}

// networkNow is a text that is another one when the machine's addresses are, or
// those from which it reaches others.
func networkNow() string {
	var parts []string
	list, _ := net.InterfaceAddrs() // none is a state as well
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil && counts(p.Addr()) {
			parts = append(parts, p.String())
		}
	}
	slices.Sort(parts)
	// To connect a UDP socket sends nothing, and has the system choose a way. The
	// addresses are of documentation: the way is that to everywhere.
	for _, to := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} {
		from := "none"
		if c, err := net.Dial("udp", to); err == nil {
			from = c.LocalAddr().(*net.UDPAddr).IP.String()
			c.Close()
		}
		parts = append(parts, "from "+from)
	}
	return strings.Join(parts, ", ")
}

// counts reports whether an address can be one that links come from.
func counts(a netip.Addr) bool { return !a.IsLoopback() && !a.IsLinkLocalUnicast() }
