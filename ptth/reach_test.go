package ptth

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"testing"
	"time"
)

// quietRelay accepts connections and never says anything.
func quietRelay(t *testing.T) (*url.URL, <-chan net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	came := make(chan net.Conn, 100)
	done := make(chan struct{})
	var held []net.Conn // nobody else may hold them, and what nobody holds is closed
	go func() {
		defer close(done)
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			held = append(held, nc)
			came <- nc
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
		for _, nc := range held {
			nc.Close()
		}
	})
	return &url.URL{Scheme: "http", Host: ln.Addr().String()}, came
}

// TestCheckConnections holds that connections which lead somewhere outlast it, and
// that attempts from before a change of the network do not.
func TestCheckConnections(t *testing.T) {
	t.Parallel()
	u, came := quietRelay(t)
	d := &Dialer{Relay: u, Dialect: Dialect10, Timeout: time.Minute}
	nc, err := d.Connect(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	other := <-came
	if err := nc.(*net.TCPConn).SetKeepAliveConfig(usualKeepAlive); err != nil {
		t.Skipf("this system asks no connections, as wine does not: %v", err)
	}
	old := make(chan error, 1)
	go func() {
		_, err := d.Dial(t.Context(), "garage")
		old <- err
	}()
	<-came
	time.Sleep(freshTry) // what is tested is that it is old
	fresh := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := d.Dial(ctx, "garage")
		fresh <- err
	}()
	<-came
	began := time.Now()
	d.CheckConnections(t.Context())
	if took := time.Since(began); took < probeTime || took > 2*probeTime {
		t.Errorf("took %v", took)
	}
	if err := <-old; !errors.Is(err, errNewNetwork) || err.Error() != "wait for relay's answer: the network of this machine has changed" {
		t.Errorf("an old attempt: %v", err)
	}
	cancel()
	if err := <-fresh; errors.Is(err, errNewNetwork) || !errors.Is(err, context.Canceled) || ctx.Err() == nil {
		t.Errorf("a fresh attempt: %v", err)
	}
	if _, err := nc.Write([]byte("x")); err != nil {
		t.Errorf("a sound connection: %v", err)
	}
	if n, err := other.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("at its other end: %d, %v", n, err)
	}
	other.Close()
}

// TestCheckConnectionsEnds holds that nothing is waited for that nobody needs.
func TestCheckConnectionsEnds(t *testing.T) {
	t.Parallel()
	u, _ := quietRelay(t)
	d := &Dialer{Relay: u}
	began := time.Now()
	d.CheckConnections(t.Context())
	nc, err := d.Connect(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	d.CheckConnections(ctx)
	nc.Close()
	d.CheckConnections(t.Context())
	if took := time.Since(began); took > probeTime {
		t.Errorf("took %v", took)
	}
}

// TestConnectionsAreForgotten opens and closes many, of which few are kept in mind.
func TestConnectionsAreForgotten(t *testing.T) {
	t.Parallel()
	u, came := quietRelay(t)
	d := &Dialer{Relay: u}
	for range 50 {
		nc, err := d.Connect(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		nc.Close()
		(<-came).Close()
	}
	if n := len(d.connections.open); n > 20 {
		t.Errorf("%d are kept in mind", n)
	}
	if all := d.connections.all(); len(all) != 0 {
		t.Errorf("%d are taken for open", len(all))
	}
}

func TestIsForeign(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Skipf("there are no UDP sockets, as under wine: %v", err)
	}
	pc.Close()
	for addr, want := range map[string]bool{"127.0.0.1": false, "0.0.0.0": false, "192.0.2.77": true, "2001:db8::77": true} {
		if got := isForeign(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
}
