package agent

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"homehook/ptth"
)

// TestRouteSocket reads messages as macOS writes them.
func TestRouteSocket(t *testing.T) {
	of := func(kind byte, flags uint32, index uint16) []byte {
		m := make([]byte, 24)
		binary.NativeEndian.PutUint16(m, uint16(len(m)))
		m[2], m[3] = 5, kind
		binary.NativeEndian.PutUint32(m[8:], flags)
		binary.NativeEndian.PutUint16(m[12:], index)
		return m
	}
	r := routeSocket{works: map[uint16]bool{}}
	for _, tt := range []struct {
		name    string
		message []byte
		want    bool
	}{
		{"an interface that works", of(rtmInterface, iffUp|iffRunning, 4), false},
		{"it says so again", of(rtmInterface, iffUp|iffRunning, 4), false},
		{"it ceases to", of(rtmInterface, iffUp, 4), true},
		{"an address comes", of(rtmNewAddress, 0, 4), true},
		{"an address goes", of(rtmDelAddress, 0, 4), true},
		{"a way through a gateway", of(rtmAdd, rtfGateway, 4), true},
		{"a neighbour", of(rtmAdd, rtfHost, 4), false},
		{"a machine behind a gateway", of(rtmDelete, rtfGateway|rtfHost, 4), false},
		{"another kind", of(99, rtfGateway, 4), false},
		{"several, of which one matters", append(of(99, 0, 1), of(rtmChange, rtfGateway, 4)...), true},
		{"nothing", nil, false},
		{"longer than it is", []byte{200, 0, 5, rtmAdd}, true},
		{"too short for its kind", []byte{8, 0, 5, rtmInterface, 0, 0, 0, 0}, false},
	} {
		if got := r.tells(tt.message); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// FuzzRouteSocket reads any message.
func FuzzRouteSocket(f *testing.F) {
	f.Add([]byte{8, 0, 5, rtmInterface, 0, 0, 0, 0})
	f.Add([]byte{12, 0, 5, rtmAdd, 0, 0, 0, 0, rtfGateway, 0, 0, 0})
	f.Fuzz(func(_ *testing.T, b []byte) {
		r := routeSocket{works: map[uint16]bool{}}
		r.tells(b)
	})
}

func TestNetworkNow(t *testing.T) {
	if one, two := networkNow(), networkNow(); one != two || one == "" {
		t.Errorf("got %q, then %q", one, two)
	}
	for a, want := range map[string]bool{"127.0.0.1": false, "::1": false, "fe80::1": false, "169.254.1.1": false, "10.0.0.1": true, "2001:db8::1": true} {
		if counts(netip.MustParseAddr(a)) != want {
			t.Errorf("%s counts: %v", a, !want)
		}
	}
}

func TestPollNetworkEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	pollNetwork(ctx, time.Millisecond, func() { t.Log("the network of this machine changes just now") })
}

// TestDoubtRedials holds that a keeper which waits for its next try takes it at
// once, and that one with links has them checked and opens one more.
func TestDoubtRedials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(ptth.About{Dialect: ptth.Dialect10})
		fail := func(err error) { p.mu.Lock(); defer p.mu.Unlock(); p.fail = err }
		fail(errors.New("no network"))
		var mu sync.Mutex
		checks := 0
		k := keep(t, p, false, func(k *keeper) {
			k.doubted = make(chan struct{}, 1)
			k.check = func(context.Context) { mu.Lock(); defer mu.Unlock(); checks++ }
		})
		time.Sleep(10 * time.Minute) // it tries once a minute or so by now
		fail(nil)
		synctest.Wait()
		if n, _ := p.count(); n != 0 {
			t.Fatal("the keeper has not waited")
		}
		k.doubt()
		k.doubt()
		synctest.Wait()
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if n, _ := p.count(); n < 1 {
			t.Error("the keeper waits still")
		}
		time.Sleep(5 * time.Second)
		before, _ := p.count()
		k.doubt()
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if n, _ := p.count(); n != before+1 || checks < 2 {
			t.Errorf("%d links after %d, checked %d times", n, before, checks)
		}
	})
}
