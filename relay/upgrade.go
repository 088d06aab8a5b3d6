package relay

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

var errNoOffer = refuse(426, "an agent opens a link here, with \"Upgrade: "+ptth.Version+
	"\" and \"Connection: Upgrade\"; if it sent them, a proxy in between has removed them")

// errOtherDialect goes out with the tokens that the relay does speak.
var errOtherDialect = refuse(426, "that way to open a link is not offered here")

// errElsewhere tells an agent of the dialect ptth where that begins.
var errElsewhere = refuse(426, "that way to open a link is not offered here; the dialect ptth begins at /.well-known/ptth/")

var errNoConnection = refuse(426, ptth.ErrNoConnection.Error())

// maxUpgradeBody is how much body of an upgrade request is read and dropped.
const maxUpgradeBody = 64 << 10

var errUpgradeBody = refuse(413, "an upgrade request has no use for a body")

// errNotSilent reports an agent that closed or spoke behind the 101. What it
// said must not become the answer to a request.
var errNotSilent = errors.New("the agent was not silent")

// opened is a link whose 101 is sent, while its connection still belongs to
// the server loop.
type opened struct {
	link  *ptth.Link
	claim *claim
	token *tokenRecord
}

// upgrade answers a request for a link.
func (v *visitor) upgrade(ctx context.Context) *refusal {
	r := v.x.Request
	if !r.IsMethod("POST") && !r.IsMethod("GET") && !r.IsMethod("OPTIONS") {
		return errMethod
	}
	if v.x.Conn() == nil {
		return errNoUpgrade
	}
	parks := asksToPark(r)
	if !parks && v.asksToTurn(r) {
		return v.turnNamed(ctx)
	}
	offer, ref := v.offer(r, parks)
	if ref != nil {
		return ref
	}
	t, ref := v.authorize(ctx)
	if ref != nil {
		return ref
	}
	name, err := claimName(string(v.place.name))
	if err != nil {
		return asRefusal(err)
	}
	c, err := v.relay.takeClaim(ctx, name, t)
	if err != nil {
		return asRefusal(err)
	}
	if err := c.reserve(); err != nil {
		return asRefusal(err)
	}
	granted := func(w *http1.Writer) { grant(w, offer, c.pool.links) }
	if parks {
		return v.park(offer, c, t, granted)
	}
	l, err := ptth.Accept(v.x, offer, granted)
	if err != nil {
		c.unreserve()
		return nil // the connection is gone
	}
	v.opened = &opened{link: l, claim: c, token: t}
	return nil
}

// offer reads which of the dialects that begin here an agent asks for.
func (v *visitor) offer(r *http1.Request, parks bool) (ptth.Offer, *refusal) {
	switch _, err := ptth.ParseOffer(r); {
	case errors.Is(err, ptth.ErrNoOffer):
		return ptth.Offer{}, errNoOffer
	case errors.Is(err, ptth.ErrNoConnection):
		return ptth.Offer{}, errNoConnection
	}
	var spoken []string
	for _, d := range []string{ptth.Dialect10, ptth.Dialect09} {
		if v.relay.speaks(d) && (d == ptth.Dialect10 || !parks) {
			spoken = append(spoken, d)
		}
	}
	if len(spoken) == 0 {
		return ptth.Offer{}, v.otherDialect()
	}
	offer, err := ptth.ParseOffer(r, spoken...)
	var bad *http1.Error
	switch {
	case errors.As(err, &bad) && bad.Status == 426:
		return offer, v.otherDialect()
	case errors.As(err, &bad):
		return offer, refuse(bad.Status, bad.Detail)
	}
	return offer, nil
}

// otherDialect refuses an offer of what the relay does not speak at this place.
func (v *visitor) otherDialect() *refusal {
	if v.relay.speaks(ptth.DialectPTTH) {
		return errElsewhere
	}
	return errOtherDialect
}

// refusedLink logs a link that was opened, but did not come to be used.
func (r *Relay) refusedLink(claim, addr string, err error) {
	level := slog.LevelInfo
	if !errors.As(err, new(*refusal)) {
		level = slog.LevelDebug // its agent has gone, as those do that only look
	}
	r.log.Log(context.Background(), level, "link refused", keyClaim, claim, keyAddr, addr, keyError, err)
}

// authorize finds the token of a request for a link, and drops its body, which
// must never be taken for what follows the switch.
func (v *visitor) authorize(ctx context.Context) (*tokenRecord, *refusal) {
	r := v.x.Request
	t, err := v.relay.dir.token(ctx, v.bearer(r))
	if err != nil {
		return nil, asRefusal(err)
	}
	if r.Body.Continue() != nil || !r.Body.Drain(maxUpgradeBody) {
		v.x.CloseAfter()
		return nil, errUpgradeBody
	}
	return t, nil
}

// takeClaim is directory.take with the causes that are not the agent's logged.
func (r *Relay) takeClaim(ctx context.Context, name string, t *tokenRecord) (*claim, error) {
	c, err := r.dir.take(ctx, name, t)
	var ref *refusal
	if err != nil && !errors.As(err, &ref) {
		r.log.Error("take claim", keyClaim, name, keyToken, t.Name, keyError, err)
	}
	return c, err
}

// bearer returns the token that a request shows: in Authorization, or for
// agents that cannot set fields behind the name in the path.
func (v *visitor) bearer(r *http1.Request) []byte {
	if _, ok := r.Get("Authorization"); !ok {
		return v.place.token
	}
	return bearer(r)
}

func bearer(r *http1.Request) []byte {
	value, _ := r.Get("Authorization")
	scheme, token, ok := strings.Cut(string(value), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || r.Count("Authorization") != 1 {
		return nil
	}
	return []byte(strings.TrimSpace(token))
}

// grant says in the 101 what the agent's wishes came to.
func grant(w *http1.Writer, o ptth.Offer, links int) {
	if o.Ping > 0 {
		w.Field("PTTH-Ping", strconv.Itoa(int(o.Ping/time.Second)))
	}
	if o.MaxLinks > 0 {
		w.Field("PTTH-Max-Conns", strconv.Itoa(links))
	}
}

// finishUpgrade makes a link of a connection that the server loop has left
// with the given error.
func (r *Relay) finishUpgrade(o *opened, served error) {
	l := r.newLink(o.link, o.claim)
	err := begin(o.link, served)
	if err == nil {
		err = r.dir.admit(l, o.token)
	} else {
		o.claim.unreserve()
	}
	if err != nil {
		l.Close()
		r.refusedLink(o.claim.name, l.RemoteAddr(), err)
		return
	}
	r.log.Info("link opened", keyClaim, o.claim.name, keyLink, l.id, keyAddr, l.RemoteAddr(), keyDialect, l.traits.Dialect)
}

// begin makes a link ready for requests.
func begin(l *ptth.Link, served error) error {
	if !errors.Is(served, http1.ErrHijacked) {
		return served
	}
	if err := l.Start(); err != nil {
		return err
	}
	if l.Check() != http1.PeerSilent {
		return errNotSilent
	}
	return nil
}
