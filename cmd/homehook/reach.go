package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// lookupTime is how long a resolver is asked about a name of this machine.
const lookupTime = 2 * time.Second

// newSender makes a client that sends as senders do: one request, the answer
// as it is, and no second try. Without roots it trusts the system's.
func newSender(roots *x509.CertPool) *http.Client {
	home := &homeDialer{}
	t := &http.Transport{Proxy: proxyFor, DialContext: home.dial, DisableKeepAlives: true, DisableCompression: true}
	if roots != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// proxyFor is the proxy of the environment, which knows no way to this machine.
func proxyFor(r *http.Request) (*url.URL, error) {
	if underLocalhost(r.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(r)
}

// homeDialer finds names below localhost, which a relay with a domain there
// has for its claims. They mean this machine whether a resolver knows it or
// not, and many do not.
type homeDialer struct{ net.Dialer }

// dial connects to addr.
func (d *homeDialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || !underLocalhost(host) || d.knows(ctx, host) {
		return d.DialContext(ctx, network, addr)
	}
	nc, err := d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	if err == nil {
		return nc, nil
	}
	if nc, err6 := d.DialContext(ctx, network, net.JoinHostPort("::1", port)); err6 == nil {
		return nc, nil
	}
	return nil, err // of the address that is there on every machine
}

// knows reports whether the resolver has an address of host.
func (d *homeDialer) knows(ctx context.Context, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	_, err := d.Resolver.LookupHost(ctx, host) // nil is the system's
	return err == nil
}

// underLocalhost reports whether host is a name below localhost.
func underLocalhost(host string) bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".localhost")
}

// roots are the system's, those of the configured relays and those in file,
// which may be "". It is nil when the system's are all there is.
func (a *app) roots(file string) (*x509.CertPool, error) {
	files := a.relayRoots()
	if file != "" {
		files = append(files, file)
	}
	if len(files) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, name := range files {
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read roots: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read roots: %s holds no certificate", name)
		}
	}
	return pool, nil
}

// relayRoots lists the files of roots in the configuration. One that does not
// load has none: a request can be sent without it.
func (a *app) relayRoots() []string {
	cfg, _, err := a.configuration()
	if err != nil {
		return nil
	}
	defer cfg.Table.Close()
	var files []string
	for _, r := range cfg.Relays {
		if r.CA != "" {
			files = append(files, r.CA)
		}
	}
	return files
}
