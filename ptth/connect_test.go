package ptth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"homehook/ptth"
)

// signed makes a certificate for names that is valid between two times, and
// the roots that vouch for it.
func signed(t *testing.T, from, to time.Time, names ...string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test\x1b[2J"}, NotBefore: from, NotAfter: to,
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 9)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// TestConnectTLSErrors: each certificate that does not hold is told in words,
// with the remedy, and nothing is sent to the relay.
func TestConnectTLSErrors(t *testing.T) {
	now := time.Now()
	const hour = time.Hour
	tests := []struct {
		name         string
		from, to     time.Time
		names        []string
		trusted      bool
		want, remedy string
	}{
		{"expired", now.Add(-2 * hour), now.Add(-hour), []string{"127.0.0.1"}, true, "expired on " + now.Add(-hour).UTC().Format("2006-01-02 15:04 UTC"), "set the clock"},
		{"not yet", now.Add(hour), now.Add(2 * hour), []string{"x"}, true, "counts from " + now.Add(hour).UTC().Format("2006-01-02 15:04 UTC"), "set the clock"},
		{"wrong name", now.Add(-hour), now.Add(hour), []string{"a.example", "b.example"}, true, "the certificate of relay 127.0.0.1 is not for that name but for a.example, b.example, 127.0.0.9", "a name that the certificate has"},
		{"its own authority", now.Add(-hour), now.Add(hour), []string{"localhost"}, false, "is signed by itself", "set ca: of the relay to the PEM file of its root"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server, pool := signed(t, tt.from, tt.to, tt.names...)
			s := newScripted(t, server, switched)
			d := &ptth.Dialer{Relay: s.url, Token: "hh_t", TLS: &tls.Config{RootCAs: pool}}
			if !tt.trusted {
				d.TLS.RootCAs = x509.NewCertPool()
				s.url.Host = "localhost:" + s.url.Port()
			}
			err := reach(d)
			var c *ptth.ConnectError
			if !errors.As(err, &c) || c.Step != ptth.StepTLS || !strings.Contains(c.Detail, tt.want) || !strings.Contains(c.Remedy, tt.remedy) {
				t.Errorf("got %v, %#v", err, c)
			}
			if strings.ContainsRune(err.Error(), '\x1b') {
				t.Errorf("a control character of the peer is in %q", err)
			}
			if n := len(s.requests()); n != 0 {
				t.Errorf("%d requests went out", n)
			}
		})
	}
}

func TestConnectErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	plain := httptest.NewServer(nil) // answers a handshake with 400 in the clear
	defer plain.Close()
	at := plain.Listener.Addr().String()
	tests := []struct{ name, url, step, want string }{
		{"no such name", "https://nobody.invalid/", ptth.StepDNS, "nobody.invalid"},
		{"port closed", "http://" + l.Addr().String(), ptth.StepTCP, "connect to relay " + l.Addr().String() + ": "},
		{"no TLS there", "https://" + at, ptth.StepTLS, "relay " + at + " does not speak TLS but HTTP in the clear"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := url.Parse(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			var steps []ptth.Step
			d := &ptth.Dialer{Relay: u, Token: "hh_t", Trace: func(s ptth.Step) { steps = append(steps, s) }}
			_, err = d.Connect(t.Context(), u)
			var c *ptth.ConnectError
			if !errors.As(err, &c) || c.Step != tt.step || !strings.Contains(c.Detail, tt.want) || c.Remedy == "" {
				t.Fatalf("got %v, %#v", err, c)
			}
			if last := steps[len(steps)-1]; last.Name != tt.step || last.Err != err {
				t.Errorf("last step is %+v", last)
			}
		})
	}
}

// TestConnectTrace: the steps come in order, with what a person wants to see.
func TestConnectTrace(t *testing.T) {
	server, pool := signed(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "localhost")
	s := newScripted(t, server, switched)
	s.url.Host = "localhost:" + s.url.Port()
	var steps []ptth.Step
	d := &ptth.Dialer{Relay: s.url, TLS: &tls.Config{RootCAs: pool}, Trace: func(s ptth.Step) { steps = append(steps, s) }}
	nc, err := d.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	var names []string
	for _, s := range steps {
		names = append(names, s.Name)
		if s.Err != nil || s.Took < 0 || s.Began.IsZero() {
			t.Errorf("step %+v", s)
		}
	}
	if got := strings.Join(names, " "); got != "dns tcp tls" {
		t.Fatalf("steps %s", got)
	}
	if steps[0].Host != "localhost" || len(steps[0].Addresses) == 0 {
		t.Errorf("dns: %+v", steps[0])
	}
	if len(steps[1].Addresses) != 1 || !strings.HasPrefix(steps[1].Addresses[0], "127.0.0.1:") {
		t.Errorf("tcp: %+v", steps[1])
	}
	if state := steps[2].TLS; state == nil || state.PeerCertificates[0].DNSNames[0] != "localhost" || state.NegotiatedProtocol == "h2" {
		t.Errorf("tls: %+v", steps[2].TLS)
	}
}

// TestConnectBothFamilies: a name whose IPv6 address leads nowhere does not
// keep the agent from the IPv4 one.
func TestConnectBothFamilies(t *testing.T) {
	text, err := os.ReadFile("/etc/hosts")
	if err != nil || !strings.Contains(string(text), "::1") {
		t.Skip("localhost has one address here")
	}
	s := newScripted(t, nil, switched)
	u := &url.URL{Scheme: "http", Host: "localhost:" + s.url.Port()}
	if err := reach(&ptth.Dialer{Relay: u}); err != nil {
		t.Error(err)
	}
}

func TestConnectEndsWithContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			defer nc.Close()
			go io.Copy(io.Discard, nc)
		}
	}()
	silent := &url.URL{Scheme: "http", Host: l.Addr().String()}
	for name, d := range map[string]*ptth.Dialer{
		"TLS":   {},
		"proxy": {Proxy: func(*url.URL) (*url.URL, error) { return silent, nil }},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err := d.Connect(ctx, &url.URL{Scheme: "https", Host: l.Addr().String()})
			if err == nil || time.Since(began) > 5*time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		})
	}
}
