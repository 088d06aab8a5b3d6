package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"homehook/http1"
)

// accessLog writes lines in Combined Log Format, one at a time.
type accessLog struct {
	mu   sync.Mutex // guards what follows
	to   io.Writer
	line []byte
}

// add writes one line. What goes wrong with a log is its keeper's to see.
func (a *accessLog) add(e http1.Combined) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.line = http1.AppendCombined(a.line[:0], e)
	a.to.Write(a.line)
}

// note logs a request that was answered: never its query, its body, or a field
// that may hold a secret.
func (v *visitor) note(ctx context.Context) {
	if v.isOwnCall() {
		return
	}
	if v.relay.access != nil {
		v.relay.access.add(v.combined())
	}
	level := slog.LevelDebug
	if v.relay.opts.AccessLog {
		level = slog.LevelInfo
	}
	if !v.relay.log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs, slog.String(keyMethod, string(v.x.Request.Method)), slog.Int(keyStatus, v.status()),
		slog.Duration(keyDuration, time.Since(v.received)), slog.Int64(keyBytes, v.x.Request.Body.Consumed()))
	if v.claim != nil {
		attrs = append(attrs, slog.String(keyClaim, v.claim.name), slog.String(keyDelivery, v.id.String()))
	}
	if v.relay.opts.AccessLog {
		attrs = append(attrs, slog.String(keyAddr, string(v.source.addr)), slog.String(keyPath, loggedPath(v.x.Request.Path(), "…")))
	}
	v.relay.log.LogAttrs(ctx, level, "request", attrs...)
}

// status is what the logs tell of the answer.
func (v *visitor) status() int {
	if v.left {
		return 499 // what servers log for a client that has closed
	}
	return v.x.Status
}

// combined describes the request for the access log.
func (v *visitor) combined() http1.Combined {
	r := v.x.Request
	e := http1.Combined{
		Host: string(v.source.addr), Time: v.received,
		Method: string(r.Method), Target: loggedPath(r.Path(), plainMark), Proto: "HTTP/1.1",
		Status: v.status(),
	}
	if v.x.Started() {
		e.Bytes = v.x.BodySent() + v.carried
	}
	switch {
	case v.x.Conn() == nil:
		e.Proto = "HTTP/2.0"
	case r.Minor == 0:
		e.Proto = "HTTP/1.0"
	}
	if referer, ok := r.Get("Referer"); ok {
		e.Referer = loggedURL(referer)
	}
	if agent, ok := r.Get("User-Agent"); ok {
		e.UserAgent = string(agent)
	}
	return e
}

// logBroken logs a request that could not be read, if that is how a connection
// ended.
func (r *Relay) logBroken(v *visitor, err error) {
	var bad *http1.Error
	if r.access != nil && errors.As(err, &bad) {
		r.access.add(http1.Combined{Host: string(v.source.addr), Time: time.Now(), Status: bad.Status})
	}
}

// secretive are the prefixes under which a path goes on with a name, and behind
// that with what only its agent may know.
var secretive = [][]byte{linkPrefix, wellKnownPrefix, cometPrefix, reverseHTTPPrefix}

// plainMark stands for what is left out where only ASCII is written.
const plainMark = "..."

// loggedPath returns a path with a mark in place of the token that may stand in
// it.
func loggedPath(p []byte, mark string) string {
	for _, prefix := range secretive {
		if rest, ok := bytes.CutPrefix(p, prefix); ok {
			if name, _, more := bytes.Cut(rest, slash); more {
				return string(prefix) + string(name) + "/" + mark
			}
		}
	}
	return string(p)
}

// loggedURL returns a URL without its query, and its path as loggedPath does.
func loggedURL(u []byte) string {
	if end := bytes.IndexAny(u, "?#"); end >= 0 {
		u = u[:end]
	}
	if _, rest, ok := bytes.Cut(u, []byte("://")); ok {
		if at := bytes.IndexByte(rest, '/'); at >= 0 {
			return string(u[:len(u)-len(rest)+at]) + loggedPath(rest[at:], plainMark)
		}
	}
	return loggedPath(u, plainMark)
}
