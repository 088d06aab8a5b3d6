package relay

import (
	"context"
	"time"

	"homehook/http1"
)

// tunnelIdle is how long a tunnel may carry nothing. Most applications ping
// far more often; what is silent for so long is a connection whose other end
// has been switched off.
const tunnelIdle = time.Hour

var (
	errStream    = refuse(501, "WebSocket connections are carried over HTTP/1.1 only")
	errBadSwitch = refuse(502, "the receiver switched to another protocol than the one asked for")
)

// asksWebSocket reports whether a request asks for a switch to WebSocket (RFC
// 6455), the one protocol that is passed on. To all others, and to HTTP/1.0, the
// relay is a server that knows of no upgrade: it leaves the field out. That goes
// above all for those that would turn the roles on the agent's own connection.
func asksWebSocket(r *http1.Request) bool {
	return r.WantsUpgrade() && r.Minor > 0 && r.IsMethod("GET") && r.Body.Empty() && r.HasToken("Upgrade", "websocket")
}

// tunnel passes a 101 on to the sender and then joins the two connections until
// both have ended, or the relay is to.
func (v *visitor) tunnel(res *http1.Response) *refusal {
	defer func() {
		v.link.Done()
		v.loseLink()
	}()
	if !res.HasToken("Upgrade", "websocket") {
		v.x.CloseAfter()
		return errBadSwitch
	}
	if err := v.writeSwitch(res); err != nil {
		return nil // the sender has gone
	}
	claim, link := v.claim.name, v.link.id
	v.relay.log.Debug("tunnel opened", keyClaim, claim, keyLink, link)
	up, down, err := http1.Tunnel(context.Background(), v.x.Hijack(), v.link.Switched(), tunnelIdle)
	v.carried = down
	v.relay.log.Debug("tunnel ended", keyClaim, claim, keyLink, link, "up", up, "down", down, keyError, err)
	return nil
}

// writeSwitch writes the 101 as it came, but for what ends here.
func (v *visitor) writeSwitch(res *http1.Response) error {
	x := v.x
	x.Start(101, res.Reason)
	for i := range res.Len() {
		name, value, kind := res.At(i)
		if (droppedFromHome | http1.HopByHop).Has(kind) || foldedEqual(name, setCookie) && v.foreignCookie(value) {
			continue
		}
		x.FieldBytes(string(name), value)
	}
	x.FieldBytes("Upgrade", webSocket)
	x.FieldBytes("Connection", optionUpgrade)
	v.writeVia(x.Writer)
	x.EndEmpty()
	return x.Finish()
}
