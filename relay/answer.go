package relay

import (
	"context"
	"errors"

	"homehook/http1"
	"homehook/ptth"
)

const (
	allMethods  = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	linkMethods = "GET, POST, OPTIONS"
	pageMethods = "GET, HEAD, OPTIONS"
)

var (
	errConnect   = refuse(405, "this relay is no forward proxy")
	errTrace     = refuse(405, "the method TRACE is not served here")
	errMisdirect = refuse(421, "this relay does not serve that address")
	errNoHost    = refuse(400, "the Host field is missing")
	errBadHost   = refuse(400, "the Host field is malformed")
	errMethod    = &refusal{status: 405, detail: "the method is not served here", allow: linkMethods}
	errPage      = &refusal{status: 405, detail: "the method is not served here", allow: pageMethods}
	errLoop      = refuse(508, "the request has been through this relay twice already")
)

// answer finds out what a request wants, and answers it or returns why not.
func (v *visitor) answer(ctx context.Context) *refusal {
	r := v.x.Request
	switch {
	case r.IsMethod("CONNECT"):
		return errConnect
	case r.IsMethod("TRACE"):
		return errTrace
	case len(r.Target) == 1 && r.Target[0] == '*':
		return v.options(allMethods)
	case !r.HasHost() && r.Minor > 0 && !opensLink(r):
		return errNoHost
	}
	var err *refusal
	if v.place, err = v.relay.where.find(r, v.local()); err != nil {
		return err
	}
	if v.relay.opts.Local {
		if err := local(r, v.place.host, v.local()); err != nil {
			return err
		}
	}
	if !r.HasHost() && r.Minor > 0 && !v.place.kind.ofAgents() {
		return errNoHost
	}
	switch v.place.kind {
	case placeClaim:
		return v.answerClaim()
	case placeLink:
		return v.upgrade(ctx)
	case placeWellKnown:
		return v.wellKnown(ctx)
	case placeComet:
		return v.comet(ctx)
	case placeReverseHTTP:
		return v.reverseHTTP(ctx)
	case placeAPI:
		v.x.Request.Body.SetLimit(maxAPIBody)
		v.x.ServeHTTP(ctx, v.relay.api(v.secure))
		return nil
	case placeHome:
		return v.page(pageHome, "text/html; charset=utf-8")
	case placeHealth:
		return v.page("ok\n", "text/plain; charset=utf-8")
	}
	return errUnknown
}

// ofAgents reports whether agents open links at places of that kind.
func (k placeKind) ofAgents() bool { return k == placeLink || k == placeWellKnown || k == placeComet }

// opensLink reports whether a request asks for a link: old agents send no
// Host with that.
func opensLink(r *http1.Request) bool {
	_, err := ptth.ParseOffer(r)
	return !errors.Is(err, ptth.ErrNoOffer)
}

func (v *visitor) answerClaim() *refusal {
	var b nameBuffer
	name, ok := b.fold(v.place.name)
	if ok {
		v.claim = v.relay.dir.claim(name)
	}
	if v.claim == nil {
		return errUnknown
	}
	if v.relay.ends.Load() != 0 {
		v.x.CloseAfter()
		return errRelayEnds
	}
	v.id.set(v.received)
	return v.forward()
}

// options tells what methods there are.
func (v *visitor) options(methods string) *refusal {
	v.x.Start(204, nil)
	v.x.Field("Allow", methods)
	v.x.EndEmpty()
	v.x.Finish()
	return nil
}

// page answers with one of the relay's own short texts.
func (v *visitor) page(text, contentType string) *refusal {
	r := v.x.Request
	switch {
	case r.IsMethod("OPTIONS"):
		return v.options(pageMethods)
	case !r.IsMethod("GET") && !r.IsMethod("HEAD"):
		return errPage
	}
	v.x.Start(200, nil)
	v.x.Field("Content-Type", contentType)
	v.x.Field("Cache-Control", "no-store")
	v.x.Field("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	v.x.Field("X-Content-Type-Options", "nosniff")
	v.x.EndLength(int64(len(text)))
	v.x.Write([]byte(text))
	v.x.Finish()
	return nil
}

const pageHome = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Homehook relay</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:4em auto;padding:0 1em}</style>
<h1>Homehook relay</h1>
<p>This server takes webhooks for programs at home that have no public address, and hands them on.</p>
<p>There is nothing to see here: each receiver has an address of its own below this one.</p>
</html>
`

// asRefusal turns any error into an answer.
func asRefusal(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	return errNotNow
}
