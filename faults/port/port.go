// Package port finds addresses for servers that tests start, stop and start
// again at the same place. Only tests and measurements use it.
package port

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports between first and last are below those that Linux, Windows and
// macOS give to outgoing connections. One of those could be taken by any
// connection of the machine while its server is down.
const first, last = 20000, 32000

// Free gives an address of this machine, HOST:PORT, at which nobody listens.
// A connection to it is refused until somebody does. The error says that no
// port could be had.
func Free() (string, error) {
	var err error
	for range 100 {
		var l net.Listener
		addr := fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(last-first))
		if l, err = net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", fmt.Errorf("find a free port: %w", err)
}
