package agent

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"homehook/http1"
)

// A canary is a request that a doctor sends to the public URL of a claim, to see
// the whole way from the internet to home and back. It is taken out where
// deliveries come in: no route sees it, and the history does not have it.

const (
	// canaryPath is behind the prefix of the claim. The nonce follows.
	canaryPath = "/.well-known/homehook-canary/"

	// canaryField has the signature by which home knows its own canaries. Fields
	// of Homehook's own are taken out by every relay.
	canaryField = "Canary-Signature"

	maxCanary = 4 << 10 // bytes of its body

	// A relay may keep a canary behind other deliveries, so it may come when the
	// doctor is long gone, and is still no delivery for a route.
	canaryLife   = 24 * time.Hour
	mostCanaries = 64
)

// canary is one that is on its way.
type canary struct {
	nonce, claim string
	key          []byte
	body         []byte
	sent         time.Time
	came         chan sighting // has room for one
}

// sighting is a canary that came home.
type sighting struct {
	at     time.Time
	intact bool // its body is as it was sent
	kept   bool // the relay had kept it
}

// canaries are those that are on their way. The zero value is ready, for use by
// several goroutines.
type canaries struct {
	out   atomic.Int32 // how many: links ask for nothing else while there are none
	mu    sync.Mutex
	known map[string]*canary // by nonce
}

// release makes a canary for a claim, which is known from now on.
func (c *canaries) release(claim string, key []byte) *canary {
	var nonce [16]byte
	rand.Read(nonce[:])
	n := &canary{nonce: hex.EncodeToString(nonce[:]), claim: claim, key: key, sent: time.Now(), came: make(chan sighting, 1)}
	// What changes bodies on the way changes this one: it has letters beyond
	// ASCII, escapes, an empty value and spaces that JSON does not need.
	n.body = []byte(`{"canary": "` + n.nonce + `",  "claim": ` + strconv.Quote(claim) + `, "text": "schön & \u00fcber <b>", "empty": null}` + "\r\n")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[string]*canary)
	}
	c.tidyLocked(n.sent)
	c.known[n.nonce] = n
	c.out.Store(int32(len(c.known)))
	return n
}

// tidyLocked forgets canaries that will not come any more, and the oldest where
// there are too many.
func (c *canaries) tidyLocked(now time.Time) {
	maps.DeleteFunc(c.known, func(_ string, n *canary) bool { return now.Sub(n.sent) > canaryLife })
	for len(c.known) >= mostCanaries {
		var oldest *canary
		for _, n := range c.known {
			if oldest == nil || n.sent.Before(oldest.sent) {
				oldest = n
			}
		}
		delete(c.known, oldest.nonce)
	}
}

// forget ends the wait for a canary.
func (c *canaries) forget(n *canary) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, n.nonce)
	c.out.Store(int32(len(c.known)))
}

// find returns the canary that a request for a claim is, nil for any other
// request. Who does not have the key cannot make one, and learns nothing.
func (c *canaries) find(claim string, r *http1.Request) *canary {
	path, _ := r.PathQuery()
	nonce, ok := bytes.CutPrefix(path, []byte(canaryPath))
	if !ok {
		return nil
	}
	c.mu.Lock()
	n := c.known[string(nonce)]
	c.mu.Unlock()
	if n == nil || n.claim != claim {
		return nil
	}
	given, _ := r.Get(canaryField)
	if !hmac.Equal(given, []byte(n.sign("request"))) {
		return nil
	}
	return n
}

// sign proves that somebody has the key of a canary.
func (n *canary) sign(what string) string {
	mac := hmac.New(sha256.New, n.key)
	mac.Write([]byte(what + "\n" + n.claim + "\n" + n.nonce))
	return hex.EncodeToString(mac.Sum(nil))
}

// welcome takes a request that is a canary and answers it, and reports whether it
// was one.
func (in *inbox) welcome(k *keeper, x *http1.Exchange, n *note) bool {
	if in.canaries.out.Load() == 0 {
		return false
	}
	c := in.canaries.find(k.claim.Name, x.Request)
	if c == nil {
		return false
	}
	body, err := io.ReadAll(io.LimitReader(x.Request.Body, maxCanary+1))
	if err != nil || len(body) > maxCanary {
		x.CloseAfter()
	}
	select {
	case c.came <- sighting{at: time.Now(), intact: err == nil && bytes.Equal(body, c.body), kept: n.backlog}:
	default: // it came before: relays send again what they had no answer to
	}
	id := ""
	if n.stored() {
		// Those behind it in the relay's queue are not to wait for it.
		id = n.id
		in.sequenceOf(k.claim.Name).came(id)
		in.executor.came(k.claim.Name, id)
		k.queued.Store(int32(n.queued))
	}
	say(x, 200, c.sign("answer"), id, 0, http1.Field{Name: "Cache-Control", Value: "no-store"})
	return true
}
