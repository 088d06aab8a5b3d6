package ptth

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Connect opens a connection to a relay as links do, through the same proxies
// and with the same checks, for what else an agent has to say to it. The error
// is a [*ConnectError].
func (d *Dialer) Connect(ctx context.Context, target *url.URL) (net.Conn, error) {
	return d.connect(ctx, target)
}

// connect opens the connection below a link: TCP, or a tunnel through a proxy,
// and TLS on it.
func (d *Dialer) connect(ctx context.Context, target *url.URL) (net.Conn, error) {
	proxy, err := d.proxyFor(target)
	if err != nil {
		return nil, err
	}
	var nc net.Conn
	if proxy != nil {
		nc, err = d.tunnel(ctx, proxy, hostPort(target))
	} else {
		nc, err = d.dialTCP(ctx, hostPort(target), "relay")
	}
	if err != nil || target.Scheme != "https" {
		return nc, err
	}
	conf := &tls.Config{}
	if d.TLS != nil {
		conf = d.TLS.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName = target.Hostname()
	}
	return d.secure(ctx, nc, conf, hostPort(target), "relay")
}

// dialTCP opens a TCP connection to the first address that answers. whose says
// in errors what is there.
func (d *Dialer) dialTCP(ctx context.Context, addr, whose string) (net.Conn, error) {
	nd := net.Dialer{KeepAliveConfig: usualKeepAlive}
	if d.Guard != nil && whose == "relay" {
		nd.Control = d.guarded
	}
	var t dialTrace
	if d.Trace != nil {
		ctx = httptrace.WithClientTrace(ctx, t.hooks())
	}
	began := time.Now()
	nc, err := nd.DialContext(ctx, "tcp", addr)
	if err != nil {
		nc, err = nil, unreachable(whose, addr, err)
	}
	d.connections.add(nc)
	if d.Trace != nil {
		for _, s := range t.steps(addr, began, nc, err) {
			d.Trace(s)
		}
	}
	return nc, err
}

// guarded is asked about each address that is about to be connected to.
func (d *Dialer) guarded(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	return d.Guard(to)
}

// secure speaks TLS on nc, which it closes when that fails. Nothing was sent
// then but the handshake.
func (d *Dialer) secure(ctx context.Context, nc net.Conn, conf *tls.Config, addr, whose string) (net.Conn, error) {
	conf.NextProtos = []string{"http/1.1"} // HTTP/2 has no Upgrade
	began := time.Now()
	tc := tls.Client(nc, conf)
	err := tc.HandshakeContext(ctx)
	state := tc.ConnectionState()
	if err != nil {
		nc.Close()
		err = insecure(whose, addr, err)
	}
	d.report(Step{Name: StepTLS, Host: addr, Began: began, TLS: &state, Err: err})
	if err != nil {
		return nil, err
	}
	return tc, nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}
