package agent

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"

	"homehook/agent/config"
	"homehook/ptth"
)

// newDialer opens connections to a relay, with a token or with "". secret reads
// credentials. The fields that concern one claim's links are left to the caller.
func newDialer(r config.Relay, token string, secret func(string) (string, error)) (*ptth.Dialer, error) {
	base, conf, err := endpoint(r)
	if err != nil {
		return nil, err
	}
	return &ptth.Dialer{Relay: base, Token: token, TLS: conf, Dialect: r.Dialect, Proxy: proxyOf(r, secret)}, nil
}

// endpoint reads where a relay is and which roots it is checked against. The
// TLS configuration is nil when the system's roots do.
func endpoint(r config.Relay) (*url.URL, *tls.Config, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, nil, fmt.Errorf("read address of relay %q: %w", r.Name, err)
	}
	if r.CA == "" {
		return u, nil, nil
	}
	pem, err := os.ReadFile(r.CA)
	if err != nil {
		return nil, nil, fmt.Errorf("read roots of relay %q: %w", r.Name, err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, nil, fmt.Errorf("roots of relay %q: %s holds no certificate", r.Name, r.CA)
	}
	return u, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}
