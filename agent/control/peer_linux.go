package control

import "golang.org/x/sys/unix"

// peerCred is the user and process at the other end of socket fd: the one that
// connected or, asked by a client, the one that called listen.
func peerCred(fd int) (uid uint32, pid int, err error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, 0, err
	}
	return cred.Uid, int(cred.Pid), nil
}
