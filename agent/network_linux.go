package agent

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// watchNetwork calls changed when an interface begins or ceases to work, an
// address comes or goes, or the way to everywhere is another one, until ctx ends
// or the error says that the system does not tell.
func watchNetwork(ctx context.Context, changed func()) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open netlink socket: %w", err)
	}
	f := os.NewFile(uintptr(fd), "netlink")
	defer f.Close()
	groups := uint32(unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_IPV4_ROUTE | unix.RTMGRP_IPV6_ROUTE)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		return fmt.Errorf("follow netlink: %w", err)
	}
	defer context.AfterFunc(ctx, func() { f.Close() })()
	n := newNetlink()
	buf := make([]byte, 64<<10)
	for {
		got, err := f.Read(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, unix.ENOBUFS):
			changed() // there was more than the socket could hold
		case err != nil:
			return fmt.Errorf("read netlink: %w", err)
		case n.tells(buf[:got]):
			changed()
		}
	}
}

// netlink knows enough of the network to tell its changes from what the system
// merely repeats: a router announces an IPv6 address again and again, and a
// wireless interface whatever it hears.
type netlink struct {
	works map[int32]bool // interfaces, by number
	has   map[string]bool
}

func newNetlink() *netlink {
	n := &netlink{works: make(map[int32]bool), has: make(map[string]bool)}
	list, _ := net.Interfaces() // what is not known counts as a change once
	for _, i := range list {
		n.works[int32(i.Index)] = i.Flags&net.FlagUp != 0 && i.Flags&net.FlagRunning != 0
	}
	return n
}

// tells reports whether messages tell of a change that matters to links.
func (n *netlink) tells(b []byte) bool {
	list, err := syscall.ParseNetlinkMessage(b)
	if err != nil {
		return true // in doubt it does
	}
	tells := false
	for i := range list {
		m := &list[i]
		switch m.Header.Type {
		case unix.RTM_NEWLINK, unix.RTM_DELLINK:
			tells = n.link(m) || tells
		case unix.RTM_NEWADDR, unix.RTM_DELADDR:
			tells = n.address(m) || tells
		case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
			tells = isWayOut(m.Data) || tells
		}
	}
	return tells
}

// link takes in a message about an interface. Those that are part of another one
// do not count, such as those of containers on a bridge; nor do new ones, which
// have no address yet.
func (n *netlink) link(m *syscall.NetlinkMessage) bool {
	if len(m.Data) < unix.SizeofIfInfomsg || m.Data[0] != unix.AF_UNSPEC {
		return false
	}
	index := int32(binary.NativeEndian.Uint32(m.Data[4:]))
	if m.Header.Type == unix.RTM_DELLINK {
		delete(n.works, index)
		return false // its addresses have gone before
	}
	flags := binary.NativeEndian.Uint32(m.Data[8:])
	works := flags&unix.IFF_UP != 0 && flags&unix.IFF_RUNNING != 0
	before, known := n.works[index]
	n.works[index] = works
	return known && works != before && attribute(m, unix.IFLA_MASTER) == nil
}

// address takes in a message about an address.
func (n *netlink) address(m *syscall.NetlinkMessage) bool {
	if len(m.Data) < unix.SizeofIfAddrmsg {
		return false
	}
	flags, index := m.Data[2], binary.NativeEndian.Uint32(m.Data[4:])
	b := attribute(m, unix.IFA_LOCAL)
	if b == nil {
		b = attribute(m, unix.IFA_ADDRESS)
	}
	a, ok := netip.AddrFromSlice(b)
	if !ok || !counts(a) || flags&unix.IFA_F_TENTATIVE != 0 {
		return false // one that is not certain yet is told again
	}
	key := strconv.Itoa(int(index)) + " " + a.String()
	if m.Header.Type == unix.RTM_DELADDR {
		delete(n.has, key)
		return true
	}
	before := n.has[key]
	n.has[key] = true
	return !before
}

// isWayOut reports whether a route is one to everywhere, or to half of that, as
// tunnels have it.
func isWayOut(route []byte) bool {
	return len(route) >= unix.SizeofRtMsg && route[1] <= 1 && route[7] == unix.RTN_UNICAST &&
		binary.NativeEndian.Uint32(route[8:])&unix.RTM_F_CLONED == 0
}

// attribute returns the value of an attribute, nil if there is none.
func attribute(m *syscall.NetlinkMessage, kind uint16) []byte {
	list, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return nil
	}
	for _, a := range list {
		if a.Attr.Type == kind {
			return a.Value
		}
	}
	return nil
}
