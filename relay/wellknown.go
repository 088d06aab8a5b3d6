package relay

import (
	"bytes"
	"context"
	"errors"

	"homehook/http1"
	"homehook/ptth"
)

// maxStreams is how many exchanges one link in HTTP/2 carries at once for a
// claim.
const maxStreams = 32

var (
	errNoTurn = refuse(426, "an agent opens a link here, with \"Upgrade: ptth\", \"Connection: Upgrade\" and "+
		"\"ALPN: h2, http%2F1.1\"; if it sent them, a proxy in between has removed them")
	errOneOrigin = refuse(400, "a link in HTTP/1.1 serves one origin; offer h2 in ALPN for several, or open a link for each")
	errNoUpgrade = refuse(426, "links are opened over HTTP/1.1; offer the protocol http/1.1 when TLS begins")
	errNoStreams = errors.New("the agent takes no requests")
)

// turned is a link in HTTP/2 whose 101 is sent, while its connection still
// belongs to the server loop. Each claim has one reservation.
type turned struct {
	link    *ptth.Link
	claims  []*claim
	origins []origin
	token   *tokenRecord
}

// wellKnown answers a request for a link of the dialect ptth, whose path names
// the origins to serve, and behind them the token if it is in no field.
func (v *visitor) wellKnown(ctx context.Context) *refusal {
	list, token, _ := bytes.Cut(v.x.Request.Path()[len(wellKnownPrefix):], slash)
	v.place.token = token
	return v.turn(ctx, func() ([]origin, *refusal) { return v.relay.where.origins(list, v.local()) })
}

// asksToTurn reports whether a request at the place for links of PTTH/1.0 is
// for one of the dialect ptth, which has a field of its own.
func (v *visitor) asksToTurn(r *http1.Request) bool {
	if r.Count("ALPN") == 0 || !v.relay.speaks(ptth.DialectPTTH) {
		return false
	}
	offer, err := ptth.ParseOffer(r)
	return err == nil && offer.Dialect == ptth.DialectPTTH
}

// turnNamed is wellKnown for the claim that the place names.
func (v *visitor) turnNamed(ctx context.Context) *refusal {
	return v.turn(ctx, func() ([]origin, *refusal) {
		o, err := named(string(v.place.name), string(v.place.name))
		return []origin{o}, err
	})
}

// turn answers a request for a link of the dialect ptth for the origins that
// list reads.
func (v *visitor) turn(ctx context.Context, list func() ([]origin, *refusal)) *refusal {
	r := v.x.Request
	offer, protocol, ref := v.turnOffer(r)
	if ref != nil {
		return ref
	}
	t, ref := v.authorize(ctx)
	if ref != nil {
		return ref
	}
	origins, ref := list()
	switch {
	case ref != nil:
		return ref
	case len(origins) > 1 && protocol != ptth.ProtocolH2:
		return errOneOrigin
	}
	claims, err := v.relay.takeAll(ctx, origins, t)
	if err != nil {
		return asRefusal(err)
	}
	if err := reserveAll(claims); err != nil {
		return asRefusal(err)
	}
	if protocol == ptth.ProtocolH2 && offer.Ping > 0 {
		offer.Ping = ptth.SharedPing
	}
	l, err := ptth.AcceptProtocol(v.x, offer, protocol, func(w *http1.Writer) { grant(w, offer, claims[0].pool.links) })
	switch {
	case err != nil: // the connection is gone
		unreserveAll(claims)
	case protocol == ptth.ProtocolH2:
		v.turned = &turned{link: l, claims: claims, origins: origins, token: t}
	default:
		v.opened = &opened{link: l, claim: claims[0], token: t}
	}
	return nil
}

// turnOffer reads what an agent asks for, and which protocol to speak.
func (v *visitor) turnOffer(r *http1.Request) (ptth.Offer, string, *refusal) {
	switch {
	case !v.relay.speaks(ptth.DialectPTTH):
		return ptth.Offer{}, "", errDialect
	case !r.IsMethod("GET") && !r.IsMethod("POST") && !r.IsMethod("OPTIONS"):
		return ptth.Offer{}, "", errMethod
	case v.x.Conn() == nil:
		return ptth.Offer{}, "", errNoUpgrade
	}
	offer, err := ptth.ParseOffer(r, ptth.DialectPTTH)
	if errors.Is(err, ptth.ErrNoOffer) {
		return offer, "", errNoTurn
	}
	protocol := ""
	if err == nil {
		protocol, err = ptth.ChooseProtocol(r)
	}
	var bad *http1.Error
	if errors.As(err, &bad) {
		return offer, "", refuse(bad.Status, bad.Detail)
	}
	return offer, protocol, nil
}

// takeAll returns the claims of all origins for a token, and creates those that
// are free; or none of them.
func (r *Relay) takeAll(ctx context.Context, origins []origin, t *tokenRecord) ([]*claim, error) {
	for _, o := range origins {
		if c := r.dir.claim([]byte(o.name)); c != nil && c.record().Token != t.Name {
			return nil, errNotYours
		}
	}
	claims := make([]*claim, 0, len(origins))
	var made []string
	for _, o := range origins {
		there := r.dir.claim([]byte(o.name)) != nil
		c, err := r.takeClaim(ctx, o.name, t)
		if err != nil {
			for _, name := range made {
				r.dir.release(ctx, name, t.Name, false)
			}
			return nil, err
		}
		if claims = append(claims, c); !there {
			made = append(made, o.name)
		}
	}
	return claims, nil
}

// reserveAll makes room for a link in each claim, or in none.
func reserveAll(claims []*claim) error {
	for i, c := range claims {
		if err := c.reserve(); err != nil {
			unreserveAll(claims[:i])
			return err
		}
	}
	return nil
}

func unreserveAll(claims []*claim) {
	for _, c := range claims {
		c.unreserve()
	}
}

// finishTurn makes a link in HTTP/2 of a connection that the server loop has
// left with the given error.
func (r *Relay) finishTurn(ctx context.Context, o *turned, served error) {
	s, err := share(ctx, o.link, served)
	if err != nil {
		unreserveAll(o.claims)
		o.link.Close()
		r.refusedLink(o.claims[0].name, o.link.RemoteAddr(), err)
		return
	}
	hold := s.Stream("") // else the link would end with the first claim that does not take it
	defer hold.Close()
	each := max(1, min(maxStreams, s.Streams()/len(o.claims)))
	for i, c := range o.claims {
		first, err := r.admitStreams(s, c, o.origins[i].host, each, o.token)
		if err != nil {
			r.refusedLink(c.name, o.link.RemoteAddr(), err)
			continue
		}
		r.log.Info("link opened", keyClaim, c.name, keyLink, first.id, keyAddr, first.RemoteAddr(), keyDialect, first.traits.Dialect)
	}
}

func share(ctx context.Context, l *ptth.Link, served error) (*ptth.Shared, error) {
	if !errors.Is(served, http1.ErrHijacked) {
		return nil, served
	}
	s, err := l.Share(ctx)
	if err == nil && s.Streams() == 0 {
		s.Close()
		return nil, errNoStreams
	}
	return s, err
}

// admitStreams puts up to n streams of a link into a claim's pool, the first
// of them at the place reserved for it. A stream that is refused is closed,
// and with its last one the link.
func (r *Relay) admitStreams(s *ptth.Shared, c *claim, host string, n int, t *tokenRecord) (first *link, err error) {
	for i := range n {
		if i > 0 && !c.reserveOnce() {
			break // the claim has all that it may have
		}
		l := r.newLink(s.Stream(host), c)
		l.more = i > 0
		if err := r.dir.admit(l, t); err != nil {
			l.Close()
			return first, err
		}
		if first == nil {
			first = l
		}
	}
	return first, nil
}
