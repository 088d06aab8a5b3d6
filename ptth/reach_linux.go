//go:build linux && !386 && !s390x

package ptth

import (
	"net"
	"syscall"
	"time"
	"unsafe"
)

// underway reports whether data is on its way that the other end has not
// confirmed, and how long ago it has last confirmed anything.
func underway(nc *net.TCPConn) (bool, time.Duration) {
	raw, err := nc.SyscallConn()
	if err != nil {
		return false, 0
	}
	var info syscall.TCPInfo
	size, failed := uint32(unsafe.Sizeof(info)), syscall.Errno(0)
	err = raw.Control(func(fd uintptr) {
		_, _, failed = syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.IPPROTO_TCP, syscall.TCP_INFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	})
	if err != nil || failed != 0 {
		return false, 0
	}
	return info.Unacked > 0, time.Duration(info.Last_ack_recv) * time.Millisecond
}
