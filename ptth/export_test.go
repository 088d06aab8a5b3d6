package ptth

import "time"

// SetClock makes a dialer take the time from f.
func (d *Dialer) SetClock(f func() time.Time) { d.now = f }
