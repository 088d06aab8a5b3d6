package relay

import (
	"net"
	"net/netip"
	"sync"
)

// connTable counts the connections of senders and closes them at the end.
// Connections that have become links are not in it: their claims hold them.
type connTable struct {
	max, maxPerAddr int

	mu     sync.Mutex // guards what follows
	all    map[*visitor]struct{}
	byAddr map[netip.Addr]int
	ended  bool
	atEnd  func()
}

func (t *connTable) init(max, maxPerAddr int) {
	t.max, t.maxPerAddr = max, maxPerAddr
	t.all, t.byAddr = map[*visitor]struct{}{}, map[netip.Addr]int{}
}

// add reports whether there is room for a connection, and counts it.
func (t *connTable) add(v *visitor) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || len(t.all) >= t.max {
		return false
	}
	if v.counted.IsValid() {
		if t.byAddr[v.counted] >= t.maxPerAddr {
			return false
		}
		t.byAddr[v.counted]++
	}
	t.all[v] = struct{}{}
	return true
}

func (t *connTable) remove(v *visitor) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, v)
	if !v.counted.IsValid() {
		return
	}
	if t.byAddr[v.counted]--; t.byAddr[v.counted] == 0 {
		delete(t.byAddr, v.counted)
	}
}

// end closes all connections and takes no more.
func (t *connTable) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	for v := range t.all {
		v.conn.Close()
	}
	if t.atEnd != nil {
		t.atEnd()
	}
}

// onEnd sets what end calls, and calls it if end was called already.
func (t *connTable) onEnd(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.atEnd = f; t.ended {
		f()
	}
}

func (t *connTable) isEnded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended
}

// remoteIP returns the address of a connection's other end; the zero Addr
// when it has none, as on a local socket.
func remoteIP(nc net.Conn) netip.Addr {
	tcp, ok := nc.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	a, _ := netip.AddrFromSlice(tcp.IP)
	return a.Unmap().WithZone("")
}

// countedAs returns the address under which a connection is counted, which is
// what one customer of a network holds; the zero Addr for loopback.
func countedAs(a netip.Addr) netip.Addr {
	if !a.IsValid() || a.IsLoopback() {
		return netip.Addr{}
	}
	if a.Is6() {
		return netip.PrefixFrom(a, 64).Masked().Addr()
	}
	return a
}
