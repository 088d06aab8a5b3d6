package agent

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/agent/history"
	"homehook/routes"
)

// vigil is a silence that runs in a test's own time.
type vigil struct {
	*silence
	t    *testing.T
	mu   sync.Mutex
	told []string
	off  atomic.Bool // paused
	stop func()
}

// keepVigil begins to watch the claim garage, of which the last delivery came when
// last says.
func keepVigil(t *testing.T, path string, limit time.Duration, last time.Time) *vigil {
	t.Helper()
	v := &vigil{silence: newSilence(path, slog.New(slog.DiscardHandler)), t: t}
	v.tell = func(_ context.Context, n routes.Notification) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.told = append(v.told, n.Title)
	}
	v.paused = v.off.Load
	v.use(limit, last)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); v.run(ctx, func() {}) }()
	v.stop = sync.OnceFunc(func() { cancel(); <-done })
	return v
}

func (v *vigil) use(limit time.Duration, last time.Time) {
	c := &config.Config{Claims: []config.Claim{{Name: "garage", Silence: routes.Duration(limit)}, {Name: "attic"}}}
	v.configure(c, func(claim string) time.Time {
		if claim == "garage" {
			return last
		}
		return time.Time{}
	})
}

// after lets time pass and holds what was told meanwhile against want.
func (v *vigil) after(d time.Duration, want ...string) {
	v.t.Helper()
	time.Sleep(d) // of a synctest bubble: it takes none
	synctest.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	if !slices.Equal(v.told, want) {
		v.t.Errorf("at %s told %q, want %q", time.Now().Format(time.DateTime), v.told, want)
	}
	v.told = nil
}

func (v *vigil) deliver(state, replayOf string, ago time.Duration) {
	v.note(&history.Delivery{Claim: "garage", State: state, ReplayOf: replayOf, Received: time.Now().Add(-ago)})
}

const (
	fellSilent = "garage is silent for 1d"
	spokeAgain = "garage: deliveries come again"
)

// A claim is silent once no delivery came for as long as it may, and nobody is told
// twice.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := keepVigil(t, filepath.Join(t.TempDir(), "silence.json"), 24*time.Hour, time.Time{})
		defer v.stop()
		v.after(20 * time.Hour)
		v.deliver(history.Succeeded, "", 0)
		v.after(24*time.Hour - time.Second)
		v.deliver(history.Rejected, "", 0) // anybody can send that
		v.deliver(history.Succeeded, "of an old one", 0)
		v.deliver(history.Running, "", 0) // may be rejected yet
		v.after(time.Second, fellSilent)
		v.after(72 * time.Hour)
		v.deliver(history.Dead, "", 25*time.Hour) // a backlog begins with old ones
		v.after(time.Second)
		v.deliver(history.Dead, "", time.Hour)
		v.after(time.Second, spokeAgain)
		v.after(22 * time.Hour)
		v.after(time.Hour, fellSilent)
		v.use(0, time.Time{}) // no warning any more
		v.after(0)
		v.deliver(history.Succeeded, "", 0)
		v.after(time.Hour)
	})
}

// A longer limit ends a silence without that anything came.
func TestSilenceLimitChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := keepVigil(t, filepath.Join(t.TempDir(), "silence.json"), 24*time.Hour, time.Now().Add(-time.Hour))
		defer v.stop()
		v.after(23*time.Hour, fellSilent)
		v.use(48*time.Hour, time.Time{})
		v.after(time.Hour)
		c := control.Claim{Name: "garage"}
		v.show(&c)
		if c.Silent || c.Silence != (48*time.Hour).Seconds() || c.LastDelivery.IsZero() {
			t.Errorf("%+v", c)
		}
		v.after(23*time.Hour, "garage is silent for 2d")
		v.use(12*time.Hour, time.Time{}) // it is silent still
		v.after(time.Hour)
	})
}

// A relay whose clock is ahead does not put the warning off.
func TestSilenceClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := keepVigil(t, filepath.Join(t.TempDir(), "silence.json"), 24*time.Hour, time.Time{})
		defer v.stop()
		v.deliver(history.Succeeded, "", -1000*time.Hour)
		v.after(24*time.Hour, fellSilent)
	})
}

// How long a claim may be silent is no matter of its links.
func TestSilenceKeepsLinks(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	text := conf(r.addr, respondRoute)
	h := startHome(t, text)
	keeper := func() *running {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.keepers["garage"]
	}
	was := keeper()
	h.write(t, strings.Replace(text, "max_links: 16", "max_links: 16, silence: 36h", 1))
	eventually(t, "the claim has its limit", func() bool {
		claims, err := h.client.Claims(t.Context())
		return err == nil && len(claims) == 1 && claims[0].Silence == 36*3600
	})
	h.write(t, strings.Replace(text, "max_links: 16", "max_links: 16, silence: 48h", 1))
	eventually(t, "the claim has its new limit", func() bool {
		claims, err := h.client.Claims(t.Context())
		return err == nil && len(claims) == 1 && claims[0].Silence == 48*3600
	})
	if keeper() != was || was == nil {
		t.Error("its links were made anew")
	}
}

// What passed while the agent was off, asleep or paused counts only when it has been
// up for a while.
func TestSilenceWhileOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "silence.json")
		last := time.Now().Add(-72 * time.Hour)
		v := keepVigil(t, path, 24*time.Hour, last)
		v.after(settlingIn - time.Second)
		v.awake()
		v.after(settlingIn - time.Second)
		v.off.Store(true)
		v.after(5 * time.Hour)
		v.off.Store(false)
		v.awake()
		v.after(settlingIn - time.Second)
		v.after(time.Second, fellSilent)
		v.stop()
		// The next agent goes on with it, and does not tell it again.
		v = keepVigil(t, path, 24*time.Hour, last)
		v.after(24 * time.Hour)
		v.deliver(history.Waiting, "", 0)
		v.after(time.Second, spokeAgain)
		v.stop()
		v = keepVigil(t, path, 24*time.Hour, time.Now().Add(-24*time.Hour+settlingIn))
		defer v.stop()
		v.after(settlingIn - time.Second)
		v.after(time.Second, fellSilent)
	})
}

// Claims show when the last delivery came, right after a restart too, and the status
// has those that are silent.
func TestLastDelivery(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	text := strings.Replace(conf(r.addr, respondRoute), "max_links: 16", "max_links: 16, silence: 36h", 1)
	h := startHome(t, text)
	claims, err := h.client.Claims(t.Context())
	if err != nil || len(claims) != 1 || !claims[0].LastDelivery.IsZero() || claims[0].Silence != 36*3600 || claims[0].Silent {
		t.Errorf("%+v, %v", claims, err)
	}
	for _, line := range []string{"POST /hello HTTP/1.1", "POST /nowhere HTTP/1.1"} {
		id := ""
		if line == "POST /hello HTTP/1.1" {
			id = newID()
		}
		if _, err := r.send(id, line, "x"); err != nil {
			t.Fatal(err)
		}
	}
	shown := func() bool {
		claims, err := h.client.Claims(t.Context())
		return err == nil && len(claims) == 1 && claims[0].LastDelivery.Equal(relayTime)
	}
	eventually(t, "the claim has its last delivery", shown)
	page, _, err := h.client.Deliveries(t.Context(), control.Query{State: control.Succeeded})
	if err != nil || len(page) != 1 {
		t.Fatal(page, err)
	}
	if _, err := h.client.Replay(t.Context(), page[0].ID, control.Replay{}); err != nil {
		t.Fatal(err)
	}
	h = h.reopen(t)
	if !shown() {
		t.Error("the next agent does not know of it")
	}
	events, cancel := h.hub.SubscribeShowing(0)
	defer cancel()
	h.silence.mu.Lock()
	h.silence.up = time.Now().Add(-2 * settlingIn)
	h.silence.claims["garage"].last = relayTime.Add(-48 * time.Hour)
	h.silence.mu.Unlock()
	h.silence.kick()
	for e := range events {
		if n := e.Notification; n != nil {
			if n.Claim != "garage" || n.Title != "garage is silent for 36h" || n.Delivery != "" || n.Shown {
				t.Errorf("%+v", n)
			}
			break
		}
	}
	eventually(t, "the status has the silence", func() bool {
		s, err := h.client.Status(t.Context())
		return err == nil && len(s.Findings) == 1 && s.Findings[0].Check == "silence" && s.Findings[0].Subject == "garage" &&
			s.Findings[0].State == control.FindingWarning && strings.Contains(s.Findings[0].Text, "longer than 36h")
	})
}

// Without a history the agent knows of what came since it has started.
func TestLastDeliveryWithoutHistory(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, respondRoute)+"history: {off: true}\n")
	if _, err := r.send(newID(), "GET /nowhere HTTP/1.1", ""); err != nil {
		t.Fatal(err)
	}
	if claims, err := h.client.Claims(t.Context()); err != nil || !claims[0].LastDelivery.IsZero() {
		t.Errorf("what was rejected counts: %+v, %v", claims, err)
	}
	if _, err := r.send(newID(), "POST /hello HTTP/1.1", "x"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the claim has its last delivery", func() bool {
		claims, err := h.client.Claims(t.Context())
		return err == nil && claims[0].LastDelivery.Equal(relayTime)
	})
}
