package control

import (
	"net"
	"net/http"
	"sync"
)

// connections follows the open connections of one Serve, so that it can wait
// for their goroutines and need not wait for clients that never ask anything.
type connections struct {
	open  sync.WaitGroup
	mu    sync.Mutex // guards fresh
	fresh map[net.Conn]struct{}
}

func newConnections() *connections {
	return &connections{fresh: make(map[net.Conn]struct{})}
}

// follow is the ConnState hook. net/http tells of a new connection on the
// accepting goroutine, and of a closed one at the end of its own.
func (c *connections) follow(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.open.Add(1)
		c.fresh[conn] = struct{}{}
	case http.StateClosed, http.StateHijacked:
		c.open.Done()
		delete(c.fresh, conn)
	default:
		delete(c.fresh, conn)
	}
}

// closeFresh closes connections on which nothing has come yet; Shutdown would
// give each of them 5 s.
func (c *connections) closeFresh() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.fresh {
		_ = conn.Close() // its goroutine ends either way
	}
}
