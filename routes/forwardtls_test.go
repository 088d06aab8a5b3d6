package routes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certifier signs the certificates of a test.
type certifier struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // PEM
	dir  string
}

func newCertifier(t testing.TB) *certifier {
	t.Helper()
	a := &certifier{dir: t.TempDir()}
	a.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, _ = x509.ParseCertificate(der)
	a.file = filepath.Join(a.dir, "ca.pem")
	a.write(t, a.file, "CERTIFICATE", der)
	return a
}

func (a *certifier) write(t testing.TB, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// issue makes a certificate and its key, in files and ready to use.
func (a *certifier) issue(t testing.TB, name string) (certFile, keyFile string, pair tls.Certificate) {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		tmpl.DNSNames, tmpl.IPAddresses = nil, []net.IP{ip}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, _ := x509.MarshalECPrivateKey(key)
	certFile, keyFile = filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+".key")
	a.write(t, certFile, "CERTIFICATE", der)
	a.write(t, keyFile, "EC PRIVATE KEY", keyDER)
	if pair, err = tls.LoadX509KeyPair(certFile, keyFile); err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile, pair
}

// secureServer answers with the name in the certificate of its client.
func secureServer(t testing.TB, a *certifier, name string, auth tls.ClientAuthType) *httptest.Server {
	t.Helper()
	_, _, pair := a.issue(t, name)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			who = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		io.WriteString(w, "for "+who)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: auth, ClientCAs: pool}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestForwardTLSOptions(t *testing.T) {
	a := newCertifier(t)
	byAddress := secureServer(t, a, "127.0.0.1", tls.RequestClientCert)
	byName := secureServer(t, a, "app.example", tls.RequestClientCert)
	strict := secureServer(t, a, "127.0.0.1", tls.RequireAndVerifyClientCert)
	cert, key, _ := a.issue(t, "me")
	for _, tt := range []struct {
		name   string
		server *httptest.Server
		spec   *TLSSpec
		want   string // the end of the answer, or of the reason
	}{
		{"system's roots only", byAddress, nil, "signed by unknown authority"},
		{"a root of the user's", byAddress, &TLSSpec{CA: a.file}, "for nobody"},
		{"another name", byName, &TLSSpec{CA: a.file}, "127.0.0.1"},
		{"its name", byName, &TLSSpec{CA: a.file, Name: "app.example"}, "for nobody"},
		{"any", byName, &TLSSpec{Insecure: true}, "for nobody"},
		{"a certificate", byAddress, &TLSSpec{CA: a.file, Cert: cert, Key: key}, "for me"},
		{"a certificate that is asked for", strict, &TLSSpec{CA: a.file, Cert: cert, Key: key}, "for me"},
		{"none where one is asked for", strict, &TLSSpec{CA: a.file}, "certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := forwardTo(t, "", ForwardSpec{To: tt.server.URL, TLS: tt.spec})
			got := ask(t, f.addr, getOnce)
			res := f.result(t)
			if strings.HasPrefix(tt.want, "for ") {
				if !strings.HasSuffix(got, "\r\n\r\n"+tt.want) {
					t.Errorf("got %q, %v", got, res.Err)
				}
			} else if res.Err == nil || !strings.Contains(res.Err.Error(), tt.want) || !strings.HasPrefix(got, "HTTP/1.1 502 ") {
				t.Errorf("got %v, want %s", res.Err, tt.want)
			}
		})
	}
}

// TestForwardTLSRenewed uses a certificate that was renewed while the route ran.
func TestForwardTLSRenewed(t *testing.T) {
	a := newCertifier(t)
	s := secureServer(t, a, "127.0.0.1", tls.RequireAndVerifyClientCert)
	cert, key, _ := a.issue(t, "old")
	r := compileOne(t, Spec{Forward: &ForwardSpec{To: s.URL, TLS: &TLSSpec{CA: a.file, Cert: cert, Key: key}}})
	f := serveRoute(t, r)
	newCert, newKey, _ := a.issue(t, "new")
	os.Rename(newCert, cert)
	os.Rename(newKey, key)
	if got := ask(t, f.addr, getOnce); !strings.HasSuffix(got, "for new") {
		t.Errorf("got %q", got)
	}
	_, problems := Compile([]Spec{{Claim: "c", Match: "/", Unverified: true, Forward: &ForwardSpec{To: s.URL, TLS: &TLSSpec{Cert: a.file, Key: key}}}})
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "do not go together") {
		t.Errorf("got %+v", problems)
	}
}
