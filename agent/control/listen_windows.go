package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// probeTimeout bounds the look at who holds a pipe name that is taken.
const probeTimeout = 2 * time.Second

// listen makes the first instance of the pipe. The system allows only one first
// instance and refuses remote clients, so a pipe needs no lock beside it and
// leaves nothing behind.
func listen(path string) (net.Listener, error) {
	own, err := ownUser()
	if err != nil {
		return nil, err
	}
	// Owner; then a protected list: all rights to the owner, to SYSTEM and to
	// administrators who act as such, who look after the machine's agent.
	sddl := fmt.Sprintf("O:%[1]sD:P(A;;GA;;;%[1]s)(A;;GA;;;SY)(A;;GA;;;BA)", own)
	l, err := winio.ListenPipe(path, &winio.PipeConfig{SecurityDescriptor: sddl, InputBufferSize: 64 << 10, OutputBufferSize: 64 << 10})
	if err == nil {
		return l, nil
	}
	if taken := whoHolds(path); taken != nil {
		return nil, taken
	}
	return nil, fmt.Errorf("listen on control pipe: %w", err)
}

// whoHolds returns the error for a pipe name in use, nil if it is free.
func whoHolds(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	c, err := dial(ctx, path)
	switch {
	case errors.Is(err, ErrNotOwner):
		return fmt.Errorf("control pipe %s belongs to another user: %w", path, err)
	case errors.Is(err, ErrNotRunning):
		return nil
	case err != nil:
		return running(0) // someone holds it and is too busy to accept
	}
	defer c.Close()
	var pid uint32
	if pipe, err := handleOf(c); err == nil && windows.GetNamedPipeServerProcessId(pipe, &pid) == nil {
		return running(int(pid))
	}
	return running(0)
}
