package ptth

import (
	"context"
	"testing"
)

// EventRoom is all the memory there is for events.
const EventRoom = eventRoom

// TakeRoom takes memory for events from a dialer, which must have it.
func TakeRoom(t *testing.T, d *Dialer, n int64) {
	t.Helper()
	if d.room.try(n) != nil {
		t.Fatal("there is no room")
	}
}

// GiveRoom gives it back.
func GiveRoom(d *Dialer, n int64) { d.room.give(n) }

// WaitForRoom waits for memory.
func WaitForRoom(ctx context.Context, d *Dialer, n int64) error { return d.room.take(ctx, n) }
