package agent

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// watchNetwork calls changed when an interface begins or ceases to work, an
// address comes or goes, or the way to everywhere is another one, until ctx ends
// or the error says that the system does not tell.
func watchNetwork(ctx context.Context, changed func()) error {
	fd, err := unix.Socket(unix.AF_ROUTE, unix.SOCK_RAW, unix.AF_UNSPEC)
	if err != nil {
		return fmt.Errorf("open route socket: %w", err)
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return fmt.Errorf("open route socket: %w", err)
	}
	f := os.NewFile(uintptr(fd), "route")
	defer f.Close()
	defer context.AfterFunc(ctx, func() { f.Close() })()
	r := routeSocket{works: make(map[uint16]bool)}
	buf := make([]byte, 16<<10)
	for {
		got, err := f.Read(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("read route socket: %w", err)
		case r.tells(buf[:got]):
			changed()
		}
	}
}
