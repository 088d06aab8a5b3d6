package agent

import (
	"context"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/windows"
)

// watchNetwork calls changed when the machine's addresses or the way to everywhere
// are other ones, until ctx ends or the error says that the system does not tell.
func watchNetwork(ctx context.Context, changed func()) error {
	var way atomic.Bool // to everywhere is another one, whatever the addresses are
	look := make(chan struct{}, 1)
	tell := func() uintptr {
		select {
		case look <- struct{}{}:
		default:
		}
		return 0
	}
	// Callbacks stay for as long as the process, which runs one agent.
	route := windows.NewCallback(func(_ uintptr, row *windows.MibIpForwardRow2, _ uintptr) uintptr {
		if row != nil && row.DestinationPrefix.PrefixLength <= 1 {
			way.Store(true)
		}
		return tell()
	})
	other := windows.NewCallback(func(_, _, _ uintptr) uintptr { return tell() })
	type register func(uint16, uintptr, unsafe.Pointer, bool, *windows.Handle) error
	for _, r := range []struct {
		register
		callback uintptr
	}{
		{windows.NotifyIpInterfaceChange, other}, {windows.NotifyUnicastIpAddressChange, other}, {windows.NotifyRouteChange2, route},
	} {
		var h windows.Handle
		if err := r.register(windows.AF_UNSPEC, r.callback, nil, false, &h); err != nil {
			return fmt.Errorf("follow changes of the network: %w", err)
		}
		defer windows.CancelMibChangeNotify2(h) // waits for callbacks that run
	}
	for before := networkNow(); ; {
		select {
		case <-look:
			if now := networkNow(); way.Swap(false) || now != before {
				before = now
				changed()
			}
		case <-ctx.Done():
			return nil
		}
	}
}
