package main

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	tests := []struct {
		text string
		want int64 // -1 for an error
	}{
		{"0", 0},
		{"1024", 1024},
		{"1K", 1024},
		{"32MiB", 32 << 20},
		{"32mib", 32 << 20},
		{"1 GB", 1e9},
		{"7B", 7},
		{"", -1},
		{"MiB", -1},
		{"-1", -1},
		{"1.5MiB", -1},
		{"1TiB", -1},
		{"9223372036854775807K", -1},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			var got size
			err := got.UnmarshalText([]byte(tt.text))
			if (err != nil) != (tt.want < 0) || err == nil && int64(got) != tt.want {
				t.Errorf("got %d, %v; want %d", got, err, tt.want)
			}
		})
	}
}

// FuzzSize reads any size: it is refused, or a number of bytes.
func FuzzSize(f *testing.F) {
	for _, text := range []string{"", "1", "32MiB", "1 GB", "KB", "9223372036854775807", "9007199254740992K", "0x10", "+5", "1_0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s size
		if err := s.UnmarshalText([]byte(text)); err == nil && s < 0 {
			t.Fatalf("%q is %d", text, s)
		}
	})
}

func TestQueueFlags(t *testing.T) {
	reserve := func(n size) *size { return &n }
	tests := []struct {
		name    string
		cmd     serveCmd
		ok      bool
		reserve int64
	}{
		{"usual", serveCmd{MaxQueue: 5, MaxQueueSize: 6, MaxQueueAge: 7}, true, 0},
		{"a reserve", serveCmd{MaxQueue: 5, MaxQueueSize: 6, MaxQueueAge: 7, DiskReserve: reserve(8)}, true, 8},
		{"no reserve", serveCmd{MaxQueue: 5, MaxQueueSize: 6, MaxQueueAge: 7, DiskReserve: reserve(0)}, true, -1},
		{"no items", serveCmd{MaxQueueSize: 6, MaxQueueAge: 7}, false, 0},
		{"items below 0", serveCmd{MaxQueue: -1, MaxQueueSize: 6, MaxQueueAge: 7}, false, 0},
		{"no bytes", serveCmd{MaxQueue: 5, MaxQueueAge: 7}, false, 0},
		{"no age", serveCmd{MaxQueue: 5, MaxQueueSize: 6}, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cmd.Listen, tt.cmd.Data, tt.cmd.TLS, tt.cmd.AnswerTimeout = "127.0.0.1:0", "d", "off", time.Second
			o, err := tt.cmd.options()
			if (err == nil) != tt.ok {
				t.Fatal(err)
			}
			if tt.ok && (o.MaxQueue != 5 || o.MaxQueueBytes != 6 || o.MaxQueueAge != 7 || o.DiskReserve != tt.reserve) {
				t.Errorf("got %+v", o)
			}
		})
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.8.8.8": true, "::1": true, "::ffff:127.0.0.1": true, "localhost": true,
		"": false, "0.0.0.0": false, "::": false, "192.0.2.1": false, "relay.example.com": false,
	} {
		if got := isLoopback(host); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
}

// TestCertificateIsReadAnew renews the files, once wrongly.
func TestCertificateIsReadAnew(t *testing.T) {
	dir := t.TempDir()
	if err := writeCertificate(dir, "one"); err != nil {
		t.Fatal(err)
	}
	f := &keyPair{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	name := func() string {
		t.Helper()
		f.checked = time.Time{}
		pair, err := f.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return cert.Subject.CommonName
	}
	if got := name(); got != "one" {
		t.Errorf("got %q", got)
	}
	if err := os.WriteFile(f.cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	later(t, f, time.Minute)
	if got := name(); got != "one" {
		t.Errorf("with a broken file: got %q", got)
	}
	if err := writeCertificate(dir, "two"); err != nil {
		t.Fatal(err)
	}
	later(t, f, time.Hour)
	if got := name(); got != "two" {
		t.Errorf("renewed: got %q", got)
	}
}

// later gives the files a time that differs, whatever the clock's grain.
func later(t *testing.T, f *keyPair, d time.Duration) {
	t.Helper()
	for _, name := range []string{f.cert, f.key} {
		if err := os.Chtimes(name, time.Time{}, time.Now().Add(d)); err != nil {
			t.Fatal(err)
		}
	}
}
