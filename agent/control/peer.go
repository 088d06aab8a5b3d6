package control

import "strconv"

// peer is the user at the other end of a connection, as the operating system
// tells it. Each system has
//
//	func peerOf(c net.Conn) (peer, error)
//
// which the server calls, and dial, which returns a connection only to a server
// that is run by the right user.
type peer struct {
	user    string // "uid 1001", or a security identifier on Windows
	pid     int    // 0 when it is not known
	allowed bool   // this process's own user, or root, SYSTEM or an administrator
}

func (p peer) String() string {
	switch {
	case p.user == "":
		return "unknown"
	case p.pid > 0:
		return p.user + " pid " + strconv.Itoa(p.pid)
	}
	return p.user
}
