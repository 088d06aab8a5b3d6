package routes

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// trust compiles how a target is trusted; nil is for one without TLS.
func (c *compiler) trust(path string, s *TLSSpec, t *target) *tls.Config {
	if s != nil && t.network != "" && !t.secure {
		c.report(path, "the target is not one of https", "begin it with https://, or leave out tls")
	}
	if !t.secure {
		return nil
	}
	conf := &tls.Config{ServerName: t.name, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
	if s == nil {
		return conf
	}
	conf.InsecureSkipVerify = s.Insecure
	if s.Insecure && (s.CA != "" || s.Name != "") {
		c.report(path+".insecure", "insecure takes any certificate, so that ca and name have no meaning", "leave out insecure")
	}
	if s.Name != "" {
		if conf.ServerName = s.Name; strings.Trim(s.Name, hostChars) != "" {
			c.report(path+".name", fmt.Sprintf("%q is not the name of a server", s.Name), "write the name that stands in the certificate, without a port")
		}
	}
	if s.CA != "" {
		conf.RootCAs = c.roots(path+".ca", s.CA)
	}
	c.certificate(path, s, conf)
	return conf
}

// roots returns the system's roots with those of a file.
func (c *compiler) roots(path, name string) *x509.CertPool {
	text, ok := c.readPEM(path, name)
	if !ok {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without roots: the file's alone
	}
	if !pool.AppendCertsFromPEM(text) {
		c.report(path, fmt.Sprintf("the file %s has no certificate", name), "name a file in PEM: it has lines with BEGIN CERTIFICATE")
	}
	return pool
}

func (c *compiler) readPEM(path, name string) ([]byte, bool) {
	if !filepath.IsAbs(name) {
		c.report(path, fmt.Sprintf("absolute path needed for the file %q", name), "write the whole path")
		return nil, false
	}
	text, err := os.ReadFile(name)
	if err != nil {
		c.report(path, fmt.Sprintf("the file %s cannot be found: %s", name, pathCause(err)), "check the path")
		return nil, false
	}
	return text, true
}

// certificate sets the certificate of this side. The files are read again for
// every connection, so that one that was renewed counts at once.
func (c *compiler) certificate(path string, s *TLSSpec, conf *tls.Config) {
	switch {
	case s.Cert == "" && s.Key == "":
		return
	case s.Cert == "":
		c.report(path+".key", "there is a key without its certificate", "add cert")
		return
	case s.Key == "":
		c.report(path+".cert", "there is a certificate without its key", "add key")
		return
	}
	cert, okCert := c.readPEM(path+".cert", s.Cert)
	key, okKey := c.readPEM(path+".key", s.Key)
	if !okCert || !okKey {
		return
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		c.report(path+".cert", fmt.Sprintf("the certificate %s and its key do not go together: %s", s.Cert, strings.TrimPrefix(err.Error(), "tls: ")), "name the two files in PEM that were made together")
		return
	}
	certFile, keyFile := s.Cert, s.Key
	conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("the certificate of this side cannot be used: %w", err)
		}
		return &pair, nil
	}
}
