package queue

import (
	"fmt"
	"sync"
	"time"

	"homehook/dbfile"
)

// disk guards the reserve of the file system that the queue lies on. Safe for
// concurrent use.
type disk struct {
	dir     string
	reserve int64 // as in Options

	mu    sync.Mutex // guards what follows
	asked time.Time
	free  int64 // above the reserve
	floor int64 // the reserve
}

const (
	smallestReserve = 256 << 20
	// diskPause is how long an answer of the system is believed; what was taken
	// meanwhile is counted.
	diskPause = 100 * time.Millisecond
)

// room says why so many bytes more do not fit, or returns nil.
func (d *disk) room(bytes int64) *FullError {
	if d.reserve < 0 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.askLocked() {
		return nil // the write itself will tell
	}
	if d.free < bytes || d.free <= 0 {
		return diskFull(fmt.Errorf("%d MiB of it have to stay free", d.floor>>20))
	}
	d.free -= bytes
	return nil
}

// short says that less than so many bytes are left above the reserve.
func (d *disk) short(bytes int64) bool {
	if d.reserve < 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.askLocked() && d.free < bytes
}

// askLocked brings what is known up to date, if the system says.
func (d *disk) askLocked() bool {
	if time.Since(d.asked) <= diskPause {
		return true
	}
	free, total, err := dbfile.Space(d.dir)
	if err != nil {
		return false
	}
	d.floor = d.reserve
	if d.reserve == 0 {
		d.floor = max(smallestReserve, total/20)
	}
	d.asked, d.free = time.Now(), free-d.floor
	return true
}
