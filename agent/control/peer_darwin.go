package control

import "golang.org/x/sys/unix"

// peerCred is the user and process at the other end of socket fd: the one that
// connected or, asked by a client, the one that called listen.
func peerCred(fd int) (uid uint32, pid int, err error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, 0, err
	}
	// The process only serves messages; without it they just say less.
	pid, err = unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		pid = 0
	}
	return cred.Uid, pid, nil
}
