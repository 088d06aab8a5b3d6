package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// tlsConfig reads the value of --tls. It is nil for off.
func tlsConfig(value string) (*tls.Config, error) {
	switch value {
	case "off", "":
		return nil, nil
	case "auto":
		return nil, usagef("--tls auto is not available in this version; use --tls CERT,KEY, or a proxy that ends TLS and --plain")
	}
	cert, key, ok := strings.Cut(value, ",")
	if !ok || cert == "" || key == "" {
		return nil, usagef("--tls %q is neither off nor two files, CERT,KEY", value)
	}
	f := &keyPair{cert: cert, key: key}
	if _, err := f.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: f.get}, nil
}

// recheck is how often, at most, the files are looked at.
const recheck = time.Second

// keyPair is a certificate in two files that may be renewed while the relay
// runs.
type keyPair struct {
	cert, key string

	mu      sync.Mutex // guards what follows
	pair    *tls.Certificate
	stamp   [2]time.Time
	checked time.Time
}

// get returns the certificate, read anew when a file has changed. While the
// new files do not fit each other, the old pair stays in use.
func (f *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pair != nil && time.Since(f.checked) < recheck {
		return f.pair, nil
	}
	f.checked = time.Now()
	stamp, err := stamps(f.cert, f.key)
	if err == nil && (f.pair == nil || stamp != f.stamp) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(f.cert, f.key); err == nil {
			f.pair, f.stamp = &pair, stamp
		}
	}
	if f.pair == nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	return f.pair, nil
}

func stamps(files ...string) (s [2]time.Time, err error) {
	for i, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			return s, err
		}
		s[i] = info.ModTime()
	}
	return s, nil
}
