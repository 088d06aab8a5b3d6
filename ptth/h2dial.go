package ptth

import (
	"context"
	"net"
	"net/url"
	"strings"

	"homehook/http1"
)

// wellKnown is where relays take upgrades to "ptth".
const wellKnown = "/.well-known/ptth/"

// dialPTTH asks for a switch to ptth. The relay chooses whether HTTP/2 or
// HTTP/1.1 is spoken behind it.
func (d *Dialer) dialPTTH(ctx context.Context, name string) (AgentLink, error) {
	a, err := d.ask(ctx, question{
		method: "GET", target: d.wellKnownURL(name), token: d.Token,
		fields: func(w *http1.Writer) {
			w.Field("Upgrade", Token(DialectPTTH))
			w.Field("Connection", "Upgrade")
			w.Field(fieldALPN, protocolField(ProtocolH2)+", "+protocolField(ProtocolH1))
			d.wishes(w)
		},
	})
	if err != nil {
		return nil, err
	}
	link, err := d.turned(a)
	if err != nil {
		a.conn.Close()
		return nil, err
	}
	return link, nil
}

// wellKnownURL is where the link of a name is asked for.
func (d *Dialer) wellKnownURL(name string) *url.URL {
	if strings.Contains(d.Relay.Path, "{name}") {
		return d.endpoint("", name)
	}
	u := *d.Relay
	origin := url.QueryEscape(d.origin(name)) // PathEscape leaves reserved characters as they are
	u.RawPath = strings.TrimSuffix(d.Relay.EscapedPath(), "/") + wellKnown + origin + "/"
	u.Path, _ = url.PathUnescape(u.RawPath)
	return &u
}

// origin is that of a name at the relay, whose host is its domain. A relay
// that is known by its address only has none.
func (d *Dialer) origin(name string) string {
	host := d.Relay.Hostname()
	if net.ParseIP(host) != nil {
		host = "localhost"
	}
	if port := d.Relay.Port(); port != "" {
		host += ":" + port
	}
	return d.Relay.Scheme + "://" + name + "." + host
}

// turned makes a link of the relay's answer.
func (d *Dialer) turned(a *answered) (AgentLink, error) {
	if a.res.Status != 101 {
		return nil, refused(a.res, DialectPTTH)
	}
	if v, _ := a.res.Get("Upgrade"); !strings.EqualFold(string(v), Token(DialectPTTH)) || a.res.Count("Upgrade") != 1 {
		return nil, &RefusedError{Dialect: DialectPTTH, Status: 101, Detail: "the answer names another protocol"}
	}
	chosen, err := protocols(&a.res.Head)
	switch {
	case err != nil, len(chosen) != 1:
		return nil, &RefusedError{Dialect: DialectPTTH, Status: 101, Detail: "the answer does not name one protocol in ALPN"}
	case chosen[0] == ProtocolH1:
		return newDirectLink(a.conn, a.res, DialectPTTH, a.took).pinged(d.Ping), nil
	case chosen[0] == ProtocolH2:
		about := About{RoundTrip: a.took}
		about.granted(&a.res.Head)
		return newSharedLink(a.conn, about), nil
	}
	return nil, &RefusedError{Dialect: DialectPTTH, Status: 101, Detail: "the answer names a protocol in ALPN that was not offered"}
}
