package relay

import (
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// leaseDirectory is a directory on a store of its own, with one token.
func leaseDirectory(t *testing.T, open bool) (*directory, *tokenRecord) {
	t.Helper()
	s, err := openStore(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close() })
	d, err := newDirectory(t.Context(), s, testPool, open, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.addToken(t.Context(), "me", hashToken("token"), 5); err != nil {
		t.Fatal(err)
	}
	owner, err := d.token(t.Context(), []byte("token"))
	if err != nil {
		t.Fatal(err)
	}
	return d, owner
}

// idlePoll is a carrier that stands for an open poll.
type idlePoll struct {
	ptth.Carrier
	closed bool
}

func (p *idlePoll) Traits() ptth.Traits {
	return ptth.Traits{Dialect: ptth.DialectReverseHTTP, Once: true}
}
func (p *idlePoll) Check() http1.PeerState { return http1.PeerSilent }
func (p *idlePoll) Close() error           { p.closed = true; return nil }
func (p *idlePoll) IdleSince() time.Time   { return time.Time{} }

func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, owner := leaseDirectory(t, false)
		ctx := t.Context()
		g, secret, made, err := d.register(ctx, registerWish{name: "garage", token: "token", owner: owner, lease: time.Minute})
		if err != nil || !made || !g.opens(secret) || g.opens(secret+"a") {
			t.Fatal(secret, made, err)
		}
		there := func() bool { d.expire(ctx); return d.registration([]byte("garage")) == g }
		time.Sleep(59 * time.Second)
		if !there() || g.claim.away() {
			t.Error("ended within its lease")
		}
		if same, again, made, err := d.register(ctx, registerWish{name: "garage", token: "token", owner: owner}); same != g || again != secret || made || err != nil {
			t.Errorf("refresh: %v, %v, %v", same, made, err)
		}
		if g.record().Lease != time.Minute {
			t.Errorf("a refresh without a lease made it %v", g.record().Lease)
		}
		time.Sleep(59 * time.Second)
		if !there() {
			t.Error("ended within its refreshed lease")
		}

		// An open poll keeps it.
		r := &Relay{}
		l := r.newLink(&idlePoll{}, g.claim)
		if err := g.claim.reserve(); err != nil {
			t.Fatal(err)
		}
		if ref := g.park("id", l); ref != nil {
			t.Fatal(ref)
		}
		if err := d.admit(l, owner); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			time.Sleep(50 * time.Second)
			if !there() {
				t.Fatal("ended with an open poll")
			}
		}
		g.claim.withdraw(l)
		g.unpark("id", l)
		time.Sleep(59 * time.Second)
		if !there() {
			t.Error("ended too soon behind a poll")
		}
		time.Sleep(2 * time.Second)
		if there() || d.claim([]byte("garage")) != nil {
			t.Error("still there behind its lease")
		}
		if all, err := d.store.claims(ctx); err != nil || len(all) != 0 {
			t.Errorf("in the store: %v, %v", all, err)
		}
		if err := d.unregister(ctx, g); err != errUnknown {
			t.Errorf("ended twice: %v", err)
		}
	})
}

// TestLeaseKeepsOwnClaim ends the lease of a name that was claimed before.
func TestLeaseKeepsOwnClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, owner := leaseDirectory(t, false)
		if _, err := d.take(t.Context(), "garage", owner); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := d.register(t.Context(), registerWish{name: "garage", token: "token", owner: owner, lease: time.Minute}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		d.expire(t.Context())
		c := d.claim([]byte("garage"))
		if c == nil || d.registration([]byte("garage")) != nil || !c.away() {
			t.Errorf("claim %v", c)
		}
	})
}

func TestLeaseBounds(t *testing.T) {
	tests := []struct {
		name string
		wish registerWish
		was  time.Duration
		want time.Duration
	}{
		{"not stated", registerWish{}, 0, defaultLease},
		{"not stated again", registerWish{}, time.Hour, time.Hour},
		{"short", registerWish{lease: time.Second}, 0, minLease},
		{"long", registerWish{lease: 100 * maxLease}, 0, maxLease},
		{"not stated, open", registerWish{open: true}, 0, defaultOpenLease},
		{"long, open", registerWish{lease: 100 * maxLease, open: true}, 0, maxOpenLease},
	}
	for _, tt := range tests {
		if got := tt.wish.leaseOf(tt.was); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestOpenNamesPerAddress bounds what one address can take.
func TestOpenNamesPerAddress(t *testing.T) {
	d, _ := leaseDirectory(t, true)
	addr := netip.MustParseAddr("192.0.2.1")
	wish := registerWish{name: "garage", open: true, owner: d.openOwner(), addr: addr}
	for range maxOpenNames {
		if _, _, _, err := d.register(t.Context(), wish); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, _, err := d.register(t.Context(), wish); err != errOpenNames {
		t.Errorf("one more: %v", err)
	}
	wish.addr = netip.MustParseAddr("192.0.2.2")
	if _, _, _, err := d.register(t.Context(), wish); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
}

// TestRegistrationOfOtherProcess sees what another process has changed.
func TestRegistrationOfOtherProcess(t *testing.T) {
	dir := t.TempDir()
	one, two := openRelay(t, Options{Data: dir}), openRelay(t, Options{Data: dir})
	token, err := one.CreateToken(t.Context(), "me", 1)
	if err != nil {
		t.Fatal(err)
	}
	owner, err := one.dir.token(t.Context(), []byte(token))
	if err != nil {
		t.Fatal(err)
	}
	g, _, _, err := one.dir.register(t.Context(), registerWish{name: "garage", token: token, owner: owner})
	if err != nil {
		t.Fatal(err)
	}
	if err := two.dir.refresh(t.Context(), 0); err != nil || two.dir.registration([]byte("garage")) == nil {
		t.Errorf("not seen: %v", err)
	}
	if err := two.RevokeToken(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	if err := one.dir.refresh(t.Context(), 0); err != nil || one.dir.registration([]byte("garage")) != nil || !g.isEnded() {
		t.Errorf("still there: %v", err)
	}
	if one.dir.claim([]byte("garage")) == nil {
		t.Error("the name is free")
	}
}

func TestRequestIDs(t *testing.T) {
	id := newRequestID("secret")
	if !goodRequestID("secret", id) || goodRequestID("Secret", id) {
		t.Errorf("id %q", id)
	}
	last := []byte(id)
	last[len(last)-1] ^= 1 // in base32, the last letter has unused bits
	for _, bad := range []string{"", "a", id[1:], id + "a", string(last), id[:len(id)-1]} {
		if goodRequestID("secret", bad) {
			t.Errorf("%q is good", bad)
		}
	}
	g := newRegistration(newTestClaim(testPool), &registrationRecord{Lease: time.Minute})
	g.spent = append(g.spent, id)
	if ref := g.park(id, nil); ref != errUnknown {
		t.Errorf("spent id: %v", ref)
	}
}
