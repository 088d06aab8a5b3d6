package routes

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

func TestIsHomely(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "10.1.2.3": true, "172.16.0.1": true, "172.32.0.1": false,
		"192.168.1.1": true, "100.64.0.1": true, "100.128.0.1": false, "fd12::1": true, "fc00::1": true, "0.0.0.0": true, "::": true,
		"::ffff:10.0.0.1": true, "64:ff9b::a00:1": true, "64:ff9b::808:808": false, "2002:a00:1::": true, "2002:808:808::": false,
		"64:ff9b:1::808:808": true, "198.18.0.1": true, "255.255.255.255": true, "fec0::1": true, "2001:0:1::1": true,
		"8.8.8.8": false, "2606:4700::1": false, "192.0.2.1": false,
	} {
		if got := isHomely(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestIsHomelyName(t *testing.T) {
	for name, want := range map[string]bool{
		"localhost": true, "nas": true, "NAS.local": true, "nas.home.arpa": true, "nas.home.arpa.": true, "host.docker.internal": true,
		"app.localhost": true, "box.lan": true, "127.0.0.1": true, "::1": true, "8.8.8.8": true,
		"nas.example.com": false, "local.example": false, "mylocal": true, "a.mylocal": false, "fritz.box": false, "nip.io": false,
	} {
		if got := isHomelyName(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// nameServer answers every question for an address with what next says.
func nameServer(t *testing.T, next func() netip.Addr) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			pc.WriteTo(answerName(buf[:n], next), from)
		}
	}()
	t.Cleanup(func() { pc.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

// answerName answers one question (RFC 1035): the address for type A, nothing
// for others.
func answerName(q []byte, next func() netip.Addr) []byte {
	end := 12
	for q[end] != 0 {
		end += 1 + int(q[end])
	}
	end += 5
	res := append([]byte(nil), q[:end]...)
	binary.BigEndian.PutUint16(res[2:], 0x8180)
	copy(res[4:], []byte{0, 1, 0, 0, 0, 0, 0, 0})
	if binary.BigEndian.Uint16(q[end-4:]) != 1 {
		return res
	}
	res[7] = 1
	res = append(res, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
	ip := next().As4()
	return append(res, ip[:]...)
}

// TestRow77NamesThatTurn has a public name lead elsewhere than it did, as after
// a check that somebody else made.
func TestRow77NamesThatTurn(t *testing.T) {
	s := answers(t, okay)
	_, port, _ := net.SplitHostPort(s.addr)
	for _, tt := range []struct {
		name, host string
		ip         string
		lan        bool
		status     string
		why        string
	}{
		{"to this machine", "hooks.example.com", "127.0.0.1", false, "502", "the name hooks.example.com leads to 127.0.0.1, an address of the local network; if that is meant, say lan: true"},
		{"to the local network", "hooks.example.com", "192.168.1.1", false, "502", "an address of the local network"},
		{"to the provider's", "hooks.example.com", "100.64.1.1", false, "502", "an address of the local network"},
		{"to metadata", "hooks.example.com", "169.254.169.254", false, "502", "never connected to"},
		{"to metadata, home allowed", "hooks.example.com", "169.254.169.254", true, "502", "never connected to"},
		{"a name of home to metadata", "nas.home.arpa", "169.254.169.254", false, "502", "never connected to"},
		{"home allowed", "hooks.example.com", "127.0.0.1", true, "200", ""},
		{"a name of home", "nas.home.arpa", "127.0.0.1", false, "200", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://" + tt.host + ":" + port, LAN: tt.lan}})
			r.handlers[0].handler.(*forwarder).pool.dialer.Resolver = nameServer(t, func() netip.Addr { return netip.MustParseAddr(tt.ip) })
			f := serveRoute(t, r)
			got := ask(t, f.addr, getOnce)
			if !strings.HasPrefix(got, "HTTP/1.1 "+tt.status+" ") || strings.Contains(got, tt.ip) {
				t.Errorf("got %q", got)
			}
			res := f.result(t)
			if (res.Err == nil) != (tt.why == "") || res.Err != nil && !strings.Contains(res.Err.Error(), tt.why) {
				t.Errorf("got %v", res.Err)
			}
			if n := len(s.conns); (n == 0) == (tt.why == "") {
				t.Errorf("%d connections", n)
			}
			for len(s.conns) > 0 {
				<-s.conns
			}
		})
	}
}

// TestRow77Rebinding lets a name be good for one connection, and bad for the
// next.
func TestRow77Rebinding(t *testing.T) {
	s := answersOnce(t, okay)
	_, port, _ := net.SplitHostPort(s.addr)
	var asked atomic.Int64
	r := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://nas.local:" + port}})
	r.handlers[0].handler.(*forwarder).pool.dialer.Resolver = nameServer(t, func() netip.Addr {
		if asked.Add(1) == 1 {
			return netip.MustParseAddr("127.0.0.1")
		}
		return netip.MustParseAddr("169.254.169.254")
	})
	f := serveRoute(t, r)
	if got := ask(t, f.addr, getOnce); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("got %q", got)
	}
	f.result(t)
	r.handlers[0].handler.(*forwarder).pool.distrust()
	if got := ask(t, f.addr, getOnce); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
		t.Errorf("got %q", got)
	}
	if res := f.result(t); !errors.Is(res.Err, errAddress) {
		t.Errorf("got %v", res.Err)
	}
}
