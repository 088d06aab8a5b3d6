package agent

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// message is a message of netlink, with attributes behind its body.
func message(kind uint16, body []byte, attributes ...[]byte) []byte {
	for _, a := range attributes {
		body = append(body, a...)
	}
	m := binary.NativeEndian.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+len(body)))
	m = binary.NativeEndian.AppendUint16(m, kind)
	m = append(m, make([]byte, 10)...)
	m = append(m, body...)
	return append(m, make([]byte, (4-len(m)%4)%4)...)
}

func attr(kind uint16, value []byte) []byte {
	a := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	a = append(binary.NativeEndian.AppendUint16(a, kind), value...)
	return append(a, make([]byte, (4-len(a)%4)%4)...)
}

func linkMessage(kind uint16, index int32, flags uint32, attributes ...[]byte) []byte {
	b := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(b[4:], uint32(index))
	binary.NativeEndian.PutUint32(b[8:], flags)
	return message(kind, b, attributes...)
}

func addressMessage(kind uint16, addr string, flags byte) []byte {
	b, ip := make([]byte, unix.SizeofIfAddrmsg), net.ParseIP(addr)
	b[2] = flags
	binary.NativeEndian.PutUint32(b[4:], 2)
	if four := ip.To4(); four != nil {
		return message(kind, b, attr(unix.IFA_ADDRESS, net.IPv4(10, 0, 0, 255).To4()), attr(unix.IFA_LOCAL, four))
	}
	return message(kind, b, attr(unix.IFA_ADDRESS, ip))
}

func routeMessage(bits, kind byte, flags uint32) []byte {
	b := make([]byte, unix.SizeofRtMsg)
	b[1], b[7] = bits, kind
	binary.NativeEndian.PutUint32(b[8:], flags)
	return message(unix.RTM_NEWROUTE, b)
}

func TestNetlink(t *testing.T) {
	const up = unix.IFF_UP | unix.IFF_RUNNING
	n := &netlink{works: map[int32]bool{2: true}, has: map[string]bool{}}
	for _, tt := range []struct {
		name    string
		message []byte
		want    bool
	}{
		{"an interface says that it works still", linkMessage(unix.RTM_NEWLINK, 2, up), false},
		{"it ceases to", linkMessage(unix.RTM_NEWLINK, 2, unix.IFF_UP), true},
		{"it says so again", linkMessage(unix.RTM_NEWLINK, 2, unix.IFF_UP), false},
		{"it works again", linkMessage(unix.RTM_NEWLINK, 2, up), true},
		{"a new one", linkMessage(unix.RTM_NEWLINK, 7, unix.IFF_UP), false},
		{"the new one of a container works", linkMessage(unix.RTM_NEWLINK, 7, up, attr(unix.IFLA_MASTER, []byte{3, 0, 0, 0})), false},
		{"an interface goes", linkMessage(unix.RTM_DELLINK, 7, 0), false},
		{"an address comes", addressMessage(unix.RTM_NEWADDR, "10.0.0.1", 0), true},
		{"it is told again", addressMessage(unix.RTM_NEWADDR, "10.0.0.1", 0), false},
		{"it goes", addressMessage(unix.RTM_DELADDR, "10.0.0.1", 0), true},
		{"it is back", addressMessage(unix.RTM_NEWADDR, "10.0.0.1", 0), true},
		{"one that is not certain", addressMessage(unix.RTM_NEWADDR, "2001:db8::1", unix.IFA_F_TENTATIVE), false},
		{"it is certain", addressMessage(unix.RTM_NEWADDR, "2001:db8::1", 0), true},
		{"one for neighbours only", addressMessage(unix.RTM_NEWADDR, "fe80::1", 0), false},
		{"one for this machine only", addressMessage(unix.RTM_NEWADDR, "127.0.0.2", 0), false},
		{"a way to everywhere", routeMessage(0, unix.RTN_UNICAST, 0), true},
		{"a tunnel's way to half of that", routeMessage(1, unix.RTN_UNICAST, 0), true},
		{"a way to neighbours", routeMessage(24, unix.RTN_UNICAST, 0), false},
		{"what the system has remembered", routeMessage(0, unix.RTN_UNICAST, unix.RTM_F_CLONED), false},
		{"no way", routeMessage(0, unix.RTN_UNREACHABLE, 0), false},
		{"several, of which one matters", append(linkMessage(unix.RTM_NEWLINK, 2, up), addressMessage(unix.RTM_DELADDR, "10.0.0.1", 0)...), true},
		{"another kind", message(unix.RTM_NEWNEIGH, make([]byte, 12)), false},
		{"nothing", nil, false},
		{"what is broken", []byte{200, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, true},
		{"too short", message(unix.RTM_NEWLINK, make([]byte, 4)), false},
		{"an address without one", message(unix.RTM_NEWADDR, make([]byte, unix.SizeofIfAddrmsg)), false},
	} {
		if got := n.tells(tt.message); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// FuzzNetlink reads any message.
func FuzzNetlink(f *testing.F) {
	f.Add(linkMessage(unix.RTM_NEWLINK, 2, unix.IFF_UP, attr(unix.IFLA_MASTER, []byte{3, 0, 0, 0})))
	f.Add(addressMessage(unix.RTM_NEWADDR, "10.0.0.1", 0))
	f.Add(routeMessage(0, unix.RTN_UNICAST, 0))
	f.Fuzz(func(_ *testing.T, b []byte) {
		n := newNetlink()
		n.tells(b)
		n.tells(b)
	})
}

// TestWatchNetwork changes the network of a namespace.
func TestWatchNetwork(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make network namespaces")
	}
	name := fmt.Sprintf("hh-watch-%d", os.Getpid())
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		t.Skipf("network namespaces cannot be made here (iproute2): %v %s", err, out)
	}
	defer exec.Command("ip", "netns", "del", name).Run()
	ip := func(args string) {
		t.Helper()
		if out, err := exec.Command("ip", append([]string{"-n", name}, strings.Fields(args)...)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v %s", args, err, out)
		}
	}
	ip("link add one type veth peer name two")
	ip("link set two up")
	changed := make(chan struct{}, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	ready := make(chan struct{})
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		h, err := os.Open("/run/netns/" + name)
		if err == nil {
			err = unix.Setns(int(h.Fd()), unix.CLONE_NEWNET)
			h.Close()
		}
		close(ready)
		if err == nil {
			err = watchNetwork(ctx, func() { changed <- struct{}{} })
		}
		done <- err
	}()
	<-ready
	for _, what := range []string{
		"link set one up", "addr add 10.1.1.2/24 dev one", "route add default via 10.1.1.1",
		"route change default via 10.1.1.3", "addr del 10.1.1.2/24 dev one", "link set two down",
	} {
		for len(changed) > 0 {
			<-changed
		}
		ip(what)
		select {
		case <-changed:
		case err := <-done:
			t.Fatal(err)
		case <-time.After(patient):
			t.Errorf("not noticed: %s", what)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
