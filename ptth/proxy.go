package ptth

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"homehook/http1"
)

// proxyFor returns the proxy on the way to target, nil if there is none.
// Errors never repeat its address, which may hold a password.
func (d *Dialer) proxyFor(target *url.URL) (*url.URL, error) {
	find := d.Proxy
	if find == nil {
		find = func(u *url.URL) (*url.URL, error) { return http.ProxyFromEnvironment(&http.Request{URL: u}) }
	}
	proxy, err := find(target)
	if err == nil && proxy == nil {
		return nil, nil
	}
	e := &ConnectError{Step: StepProxy, Lasting: true}
	said, explained := errors.AsType[*ConnectError](err)
	switch {
	case explained:
		e = said
	case err != nil || proxy.Hostname() == "":
		e.Detail = "the address of the proxy cannot be read"
		e.Remedy = d.remedy("write HTTPS_PROXY (for a relay with http://, HTTP_PROXY) like http://proxy.example:3128",
			"write it like http://proxy.example:3128")
	case strings.HasPrefix(proxy.Scheme, "socks"):
		e.Detail = fmt.Sprintf("proxy %s: the scheme %s is not supported", printable(proxy.Host), proxy.Scheme)
		e.Remedy = d.remedy("use a proxy with http:// or https://, or exempt the relay with NO_PROXY="+target.Hostname(),
			"use a proxy with http:// or https://")
	case proxy.Scheme != "http" && proxy.Scheme != "https":
		e.Detail = fmt.Sprintf("proxy %s: the scheme %s is not known", printable(proxy.Host), printable(proxy.Scheme))
		e.Remedy = "write the proxy's address with http:// or https://"
	default:
		return proxy, nil
	}
	d.report(Step{Name: StepProxy, Began: time.Now(), Err: e})
	return nil, e
}

// remedy is what to do about a proxy of the environment, or about one that was set
// for this relay.
func (d *Dialer) remedy(environment, set string) string {
	if d.Proxy == nil {
		return environment
	}
	return set
}

// tunnel has a proxy connect to addr and returns the connection that leads
// there.
func (d *Dialer) tunnel(ctx context.Context, proxy *url.URL, addr string) (net.Conn, error) {
	at := hostPort(proxy)
	nc, err := d.dialTCP(ctx, at, "proxy")
	if err != nil {
		return nil, err
	}
	if proxy.Scheme == "https" {
		conf := &tls.Config{ServerName: proxy.Hostname()}
		if d.TLS != nil {
			conf.RootCAs, conf.MinVersion = d.TLS.RootCAs, d.TLS.MinVersion
		}
		if nc, err = d.secure(ctx, nc, conf, at, "proxy"); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	way, err := d.askProxy(nc, proxy, addr)
	if !stop() && err == nil {
		err = d.proxyBroke(at, addr, context.Cause(ctx))
	}
	if err != nil {
		nc.Close()
		if ctx.Err() != nil {
			err = d.proxyBroke(at, addr, ctx.Err())
		}
	}
	d.report(Step{Name: StepProxy, Host: at, Began: began, Addresses: []string{addr}, Err: err})
	if err != nil {
		return nil, err
	}
	return way, nil
}

// askProxy sends CONNECT on a fresh connection to a proxy and reads its answer.
func (d *Dialer) askProxy(nc net.Conn, proxy *url.URL, addr string) (net.Conn, error) {
	c := http1.NewConn(nc, dialLimits)
	w := c.Writer()
	w.StartRequest([]byte("CONNECT"), []byte(addr))
	w.Field("Host", addr)
	if u := proxy.User; u != nil {
		password, _ := u.Password()
		w.Field("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}
	w.EndEmpty()
	if err := w.Finish(); err != nil {
		return nil, d.proxyBroke(hostPort(proxy), addr, err)
	}
	c.SetReadTimeout(0) // the end of the context is the end of the wait
	for range 10 {
		res, err := c.ReadResponse([]byte("CONNECT"))
		switch {
		case err != nil:
			return nil, d.proxyBroke(hostPort(proxy), addr, err)
		case res.Status >= 200 && res.Status < 300:
			return wayThrough(c), nil
		case res.Status >= 200 || res.Status == 101:
			return nil, d.proxyRefuses(hostPort(proxy), addr, res)
		}
	}
	return nil, d.proxyBroke(hostPort(proxy), addr, errors.New("too many informational answers"))
}

// wayThrough is the connection behind a proxy's answer, with what came behind
// the answer in front.
func wayThrough(c *http1.Conn) net.Conn {
	early := append([]byte(nil), c.Buffered()...)
	nc := c.NetConn()
	nc.SetDeadline(time.Time{})
	if len(early) == 0 {
		c.Release()
		return nc
	}
	return &begun{Conn: nc, early: early}
}

// proxyRefuses explains an answer other than 2xx.
func (d *Dialer) proxyRefuses(proxy, addr string, res *http1.Response) error {
	host, _, _ := net.SplitHostPort(addr)
	e := &ConnectError{
		Step: StepProxy, Lasting: res.Status < 500,
		Detail: fmt.Sprintf("proxy %s does not connect to %s (%d)", printable(proxy), addr, res.Status),
		Remedy: d.remedy("have the proxy allow it, or exempt the relay with NO_PROXY="+host,
			"have the proxy allow it, or write proxy: none at the relay if it can be reached without"),
	}
	if reason := printable(string(res.Reason)); reason != "" {
		e.Detail = fmt.Sprintf("proxy %s does not connect to %s (%d %s)", printable(proxy), addr, res.Status, reason[:min(len(reason), 80)])
	}
	if res.Status == 407 {
		e.Detail = fmt.Sprintf("proxy %s wants a user name and password, or others than it was given (407)", printable(proxy))
		e.Remedy = d.remedy("write them into the proxy's address in the environment: http://user:password@"+printable(proxy),
			"name the user in the proxy's address, http://user@"+printable(proxy)+", and the credential of the password in proxy_password:")
	}
	return e
}

// proxyBroke explains a conversation with a proxy that ended early.
func (d *Dialer) proxyBroke(proxy, addr string, err error) error {
	return &ConnectError{
		Step: StepProxy, Err: err,
		Detail: fmt.Sprintf("ask proxy %s for %s: %s", printable(proxy), addr, printable(reasonOf(err))),
		Remedy: d.remedy("check that the proxy of the environment is one for HTTP, and that it runs",
			"check that the proxy is one for HTTP, and that it runs"),
	}
}

// begun is a connection of which the first bytes were read already.
type begun struct {
	net.Conn
	early []byte
}

// Read returns the early bytes first.
func (b *begun) Read(p []byte) (int, error) {
	if len(b.early) == 0 {
		return b.Conn.Read(p)
	}
	n := copy(p, b.early)
	b.early = b.early[n:]
	return n, nil
}

// CloseWrite ends the sending side, where the connection can.
func (b *begun) CloseWrite() error {
	if half, ok := b.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
