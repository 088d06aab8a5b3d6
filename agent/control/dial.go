package control

import (
	"context"
	"net"
)

// Dial connects to what listens with [Listen] at path, once it is known that the
// right user runs it. The error wraps ErrNotRunning or ErrNotOwner where they apply.
func Dial(ctx context.Context, path string) (net.Conn, error) { return dial(ctx, path) }
