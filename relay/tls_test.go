package relay

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// testTLS returns the configurations of a relay and of those who trust it.
func testTLS(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: roots}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server, client := testTLS(t)
	tr := startRelay(t, Options{TLS: server})
	var got seen
	d := tr.dialer()
	d.Relay, d.TLS = &url.URL{Scheme: "https", Host: tr.addr}, client
	l, err := d.Dial(t.Context(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); l.Serve(context.Background(), got.record) }()
	t.Cleanup(func() { l.Close(); <-done })
	tr.waitLinks(t, "garage", 1)

	tp := &http.Transport{TLSClientConfig: client, ForceAttemptHTTP2: true}
	defer tp.CloseIdleConnections()
	for range 3 {
		res, err := (&http.Client{Transport: tp}).Post("https://"+tr.addr+"/~garage/", "text/plain", strings.NewReader("hi"))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode != 200 || res.ProtoMajor != 2 {
			t.Errorf("got %s %s", res.Proto, res.Status)
		}
	}
	if head := got.last(t); !strings.Contains(head, "\r\nX-Forwarded-Proto: https\r\n") || !strings.Contains(head, ";proto=https\r\n") {
		t.Errorf("the agent got %q", head)
	}
	if got := getTLS(t, tp, tr, "/api/claims"); !strings.Contains(got, `"url":"https://`+tr.addr+`/~garage/"`) {
		t.Errorf("claims %s", got)
	}
	l.Close()
	tr.waitLinks(t, "garage", 0) // the sweep sees the end of a TLS link too
}

func getTLS(t *testing.T, tp *http.Transport, tr *testRelay, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+tr.addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+tr.token)
	res, err := tp.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestPlainOnTLSPort sends http where https is spoken.
func TestPlainOnTLSPort(t *testing.T) {
	server, _ := testTLS(t)
	tr := startRelay(t, Options{TLS: server})
	if got := tr.raw(t, "GET /healthz HTTP/1.1\r\nHost: r\r\n\r\n"); strings.Contains(got, "200") {
		t.Errorf("got %q", got)
	}
}

// TestIdleTLSLinkMemory is TestIdleLinkMemory for links in TLS. The test's own
// ends are counted too, so the bound is twice that of one end.
func TestIdleTLSLinkMemory(t *testing.T) {
	const links, most = 200, 2 * 24 << 10
	server, client := testTLS(t)
	tr := startRelay(t, Options{TLS: server, Log: slog.New(slog.DiscardHandler), MaxLinks: links + 1})
	open := func() {
		nc, err := tls.Dial("tcp", tr.addr, client)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		io.WriteString(nc, "POST /ptth/garage/"+tr.token+" HTTP/1.1\r\nHost: r\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\nPTTH-Max-Conns: 4\r\n\r\n")
		if line, err := bufio.NewReaderSize(nc, 512).ReadString('\n'); err != nil || !strings.Contains(line, "101") {
			t.Fatalf("no link: %q, %v", line, err)
		}
	}
	open()
	tr.waitLinks(t, "garage", 1)
	before := memory()
	for range links {
		open()
	}
	tr.waitLinks(t, "garage", links+1)
	each := (memory() - before) / links
	t.Logf("%.0f bytes a link, both ends", each)
	if each > most {
		t.Errorf("%.0f bytes a link, want at most %d", each, most)
	}
}
