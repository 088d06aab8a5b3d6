package http1

import (
	"net/http"
	"sync/atomic"
	"time"
)

func statusText(code int) string {
	if t := http.StatusText(code); t != "" {
		return t
	}
	return "Status"
}

// dateCache holds the Date of the current second, since formatting it for
// every response shows in a profile.
type dateCache struct{ now atomic.Pointer[date] }

type date struct {
	unix int64
	text string
}

func (d *dateCache) get(t time.Time) string {
	if c := d.now.Load(); c != nil && c.unix == t.Unix() {
		return c.text
	}
	c := &date{t.Unix(), t.UTC().Format(http.TimeFormat)}
	d.now.Store(c)
	return c.text
}

// dates is shared by all connections of the process: there is one clock.
var dates dateCache
