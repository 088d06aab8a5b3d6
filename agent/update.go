package agent

import (
	"sync"

	"homehook/agent/config"
	"homehook/agent/control"
)

// updates is what the agent has heard of newer versions of itself. It never
// fetches one. Any goroutine may use it.
type updates struct {
	mine string // the version that runs

	mu     sync.Mutex        // guards the rest
	off    bool              // the user wants to hear nothing
	relays map[string]string // what relays run, by name
	feed   control.Update    // what the feed said last; zero for nothing
}

// configure puts the user's wishes in force.
func (u *updates) configure(c *config.Config) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.off = c.Updates.Off
	if u.off || c.Updates.Feed == "" {
		u.feed = control.Update{}
	}
	kept := make(map[string]string)
	for _, r := range c.Relays {
		if v, ok := u.relays[r.Name]; ok {
			kept[r.Name] = v
		}
	}
	u.relays = kept
}

// heard takes in which version a relay runs, and reports whether that is news.
func (u *updates) heard(relay, version string) bool {
	return u.told(func() {
		if _, _, ok := releaseOf(version); ok {
			u.relays[relay] = version
		} else {
			delete(u.relays, relay)
		}
	})
}

// read takes in what a feed says, and reports whether that is news.
func (u *updates) read(said control.Update) bool { return u.told(func() { u.feed = said }) }

// told reports whether there is another newest version behind f.
func (u *updates) told(f func()) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	before := u.newestLocked()
	f()
	after := u.newestLocked()
	return after != nil && (before == nil || *before != *after)
}

// newest is the newest version that the agent has heard of, nil if none is newer
// than its own, or nobody wants to know.
func (u *updates) newest() *control.Update {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.newestLocked()
}

func (u *updates) newestLocked() *control.Update {
	if u.off {
		return nil
	}
	best := control.Update{Version: u.mine}
	if newer(u.feed.Version, best.Version) {
		best = u.feed
	}
	for _, v := range u.relays {
		if newer(v, best.Version) {
			best = control.Update{Version: v}
		}
	}
	if best.Version == u.mine {
		return nil
	}
	return &best
}

// expectUpdates prepares for news of newer versions.
func (a *Agent) expectUpdates(c *config.Config) {
	a.updates.mine = a.opts.Version
	a.feed = newFeed(feedPath(a.opts.History))
	a.feed.said = func(said control.Update) {
		if a.updates.read(said) {
			a.announceUpdate()
		}
	}
	a.feed.failed = func(err error) {
		a.log.Warn("the feed of versions is of no use; it is asked again tomorrow", "error", err)
	}
	a.followUpdates(c)
}

// followUpdates has what a configuration says of updates count.
func (a *Agent) followUpdates(c *config.Config) {
	a.updates.configure(c)
	if c.Updates.Off {
		a.feed.follow("")
		return
	}
	a.feed.follow(c.Updates.Feed)
}

// noteRelay takes in which version a relay says that it runs.
func (a *Agent) noteRelay(relay, version string) {
	if a.updates.heard(relay, version) {
		a.announceUpdate()
	}
}

// announceUpdate says that there is a newer version. It is called from goroutines
// that hold no lock.
func (a *Agent) announceUpdate() {
	if n := a.updates.newest(); n != nil {
		a.log.Info("there is a newer version", "version", n.Version, "url", n.URL)
		a.publishStatus()
	}
}
