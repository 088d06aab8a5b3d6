package routes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"homehook/http1"
)

// tunnelIdle is how long a tunnel may carry nothing.
const tunnelIdle = time.Hour

// asksWebSocket reports whether a request asks for a switch to WebSocket (RFC
// 6455), the one protocol that is carried.
func asksWebSocket(r *http1.Request) bool {
	return r.WantsUpgrade() && r.Minor > 0 && r.IsMethod("GET") && r.Body.Empty() && r.HasToken("Upgrade", "websocket")
}

// webSocket passes a request for WebSocket on, on a connection of its own. If
// the target switches, the two connections are joined until both have ended,
// the link is to end, or ctx does. Any other response is passed on as usual.
func (f *forwarder) webSocket(ctx context.Context, x *http1.Exchange, r *http1.Request, fields []header) Result {
	if x.Conn() == nil {
		why := &fault{
			501, "the way in which this service is connected carries no WebSocket connections",
			errors.New("a WebSocket was asked for on a link that carries none; choose the dialect ptth/1.0 for it"),
			FailedRequest,
		}
		return why.reply(x)
	}
	u, err := f.connect(ctx, x, true)
	if err != nil {
		return asFault(err).reply(x)
	}
	f.writeHead(u, r, fields)
	w := u.conn.Writer()
	w.EndEmpty()
	u.watch.begin(ctx, x.Conn(), f.timeout, false)
	sent := w.Finish()
	res, err := f.response(x, u, r)
	switch {
	case err != nil:
		return f.fail(x, u, f.notAnswered(u, sent, err))
	case res.Status != 101:
		return f.answer(x, u, res)
	case !res.Upgrades() || !res.HasToken("Upgrade", "websocket"):
		return f.fail(x, u, f.broken(errors.New("it switched to another protocol than WebSocket")))
	}
	if why := u.watch.end(); why != nil {
		u.conn.Close()
		return why.reply(x)
	}
	return f.tunnel(ctx, x, u, res)
}

// notAnswered finds why an exchange got no response.
func (f *forwarder) notAnswered(u *upstream, sent, err error) *fault {
	if why := u.watch.reason(); why != nil {
		return why
	}
	if sent != nil {
		err = sent
	}
	return f.broken(err)
}

// tunnel passes a 101 on and joins the connections.
func (f *forwarder) tunnel(ctx context.Context, x *http1.Exchange, u *upstream, res *http1.Response) Result {
	x.Start(101, res.Reason)
	x.CopyFields(&res.Head, dropResponse)
	x.Field("Upgrade", "websocket")
	x.Field("Connection", "Upgrade")
	x.EndEmpty()
	if err := x.Finish(); err != nil {
		u.conn.Close()
		return Result{Exit: -1, Err: fmt.Errorf("the sender did not take the response: %w", cause(err)), Failure: FailedAnswer}
	}
	r := Result{Exit: -1}
	var err error
	r.TunnelIn, r.TunnelOut, err = http1.Tunnel(ctx, x.Hijack(), u.conn, tunnelIdle)
	if ctx.Err() != nil {
		err = errStopped
	}
	if err != nil && r.TunnelIn+r.TunnelOut == 0 {
		r.Err, r.Failure = fmt.Errorf("the WebSocket connection broke: %w", cause(err)), FailedUnreachable
	}
	return r
}
