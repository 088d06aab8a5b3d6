package main_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent"
	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/relay"
)

// ward is a relay and a home in this process that a test does harm to.
type ward struct {
	t     *testing.T
	home  string
	relay *relay.Relay
	addr  string // of the relay
	token string
	url   string // of the relay, in the configuration
	more  string // of the relay's entry there
	conf  string // of the configuration, behind relays and claims
}

// admit makes a relay that works, served with conf if that is not nil.
func admit(t *testing.T, conf *tls.Config) *ward {
	t.Helper()
	dir := t.TempDir()
	w := &ward{t: t, home: filepath.Join(dir, "home")}
	if err := os.Mkdir(w.home, 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.relay, err = relay.New(t.Context(), relay.Options{Data: filepath.Join(dir, "relay"), TLS: conf}); err != nil {
		t.Fatal(err)
	}
	if w.token, err = w.relay.CreateToken(t.Context(), "me", 10); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = ln.Addr().String()
	w.url = "http://" + w.addr
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := w.relay.Serve(ctx, ln); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		serving.Wait()
		if err := w.relay.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *ward) path() string { return filepath.Join(w.home, "config.yaml") }

func (w *ward) write(text string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// store opens the credentials, with the token in them if they can be written.
func (w *ward) store() *credentials.Store {
	w.t.Helper()
	creds, err := credentials.Open(w.home)
	if err == nil && creds.Ready() == nil {
		err = creds.Set("relay/mine", w.token)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { creds.Close() })
	return creds
}

// keyInKeyring makes the file of credentials say that their root key is in the
// keyring.
func keyInKeyring(t *testing.T, home string) {
	t.Helper()
	path := filepath.Join(home, "secrets.sealed")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := regexp.MustCompile(`(?m)^\{"key".*"place":"file".*\}`)
	text = head.ReplaceAllFunc(text, func(line []byte) []byte {
		open := regexp.MustCompile(`"sum":"[0-9a-f]*"`).ReplaceAll(line, []byte(`"sum":""`))
		open = bytes.Replace(open, []byte(`"place":"file"`), []byte(`"place":"keyring"`), 1)
		sum := sha256.Sum256(open)
		return bytes.Replace(open, []byte(`"sum":""`), fmt.Appendf(nil, `"sum":"%x"`, sum[:8]), 1)
	})
	if !bytes.Contains(text, []byte(`"keyring"`)) {
		t.Fatalf("%s says nowhere that its key is in a file", path)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// live runs the agent and returns a client of it.
func (w *ward) live() *control.Client {
	w.t.Helper()
	w.write(fmt.Sprintf("relays: [{name: mine, url: %q, token: relay/mine%s}]\nclaims: [{name: garage}]\n%s", w.url, w.more, w.conf))
	creds := w.store()
	socket := filepath.Join(w.home, "s")
	a, err := agent.New(w.t.Context(), agent.Options{
		Config: w.path(), History: filepath.Join(w.home, "history.db"), Socket: socket, Credentials: creds,
		Version: "test", Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := a.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	client := control.NewClient(socket)
	w.t.Cleanup(func() {
		client.Close()
		cancel()
		running.Wait()
	})
	return client
}

// linked waits until the agent has links.
func (w *ward) linked(c *control.Client) {
	w.t.Helper()
	eventually(w.t, "the agent is connected", func() bool {
		s, err := c.Status(w.t.Context())
		return err == nil && s.State == control.StateConnected
	})
}

// examined is what a doctor finds, one line a finding.
func examined(t *testing.T, c *control.Client) (problems []string, text string) {
	t.Helper()
	found, err := c.Doctor(t.Context(), control.Examination{Canary: true})
	if err != nil {
		t.Fatal(err)
	}
	return listed(t, found)
}

func listed(t *testing.T, found *control.Checkup) (problems []string, text string) {
	t.Helper()
	var lines []string
	for _, f := range found.Findings {
		if f.State == control.FindingProblem {
			problems = append(problems, f.Check)
			if f.Remedy == "" {
				t.Errorf("there is no remedy for: %s", f.Text)
			}
		}
		lines = append(lines, fmt.Sprintf("%s(%s) %s: %s > %s", f.Check, f.Subject, f.State, f.Text, f.Remedy))
	}
	return problems, strings.Join(lines, "\n")
}

// authority signs certificates for localhost, and lies in a file.
func authority(t *testing.T, from, to time.Time) (conf *tls.Config, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"localhost"},
		NotBefore: from, NotAfter: to, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

// secure is a ward whose relay has a certificate of that time.
func secure(t *testing.T, from, to time.Time) *ward {
	t.Helper()
	conf, file := authority(t, from, to)
	w := admit(t, conf)
	_, port, _ := net.SplitHostPort(w.addr)
	w.url, w.more = "https://localhost:"+port, ", ca: "+file
	return w
}

// front answers in a relay's place, with fields of answers changed.
func front(t *testing.T, addr string, change func(*http.Response) error) string {
	t.Helper()
	p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	p.ModifyResponse, p.ErrorLog = change, slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return s.URL
}

// fault is one that a doctor has to name.
type fault struct {
	name string
	// make makes a home that has the fault, and lets it run.
	make func(t *testing.T) *control.Client
	// check is that of the finding, which has these texts in it, and others are the
	// checks that may be a problem besides.
	check  string
	want   []string
	others []string
}

// faultsHere are those that can be made within this process. That of a service is in
// cmd/homehook.
func faultsHere() []fault {
	hour := time.Hour
	return []fault{
		{"dns", func(t *testing.T) *control.Client {
			w := admit(t, nil)
			w.url = "https://relay.nowhere.invalid"
			return w.live()
		}, "dns", []string{"relay.nowhere.invalid", "> check "}, []string{"claim"}},
		{"tls expired", func(t *testing.T) *control.Client {
			return secure(t, time.Now().Add(-48*hour), time.Now().Add(-hour)).live()
		}, "tls", []string{"the certificate of relay localhost expired on ", "> set the clock of this machine if it is wrong; else tell whoever runs the relay"}, []string{"claim"}},
		{"wrong token", func(t *testing.T) *control.Client {
			w := admit(t, nil)
			w.token = "hh_000000000000000000000000000000000000000000000"
			return w.live()
		}, "token", []string{"token(mine) problem: the relay does not accept the token (401)", "> store the one that the relay's operator gave you: homehook secret set relay/mine"}, []string{"claim"}},
		{"clock off", func(t *testing.T) *control.Client {
			w := admit(t, nil)
			w.url = front(t, w.addr, func(r *http.Response) error {
				r.Header.Set("Date", time.Now().Add(3*hour).UTC().Format(http.TimeFormat))
				return nil
			})
			c := w.live()
			w.linked(c)
			return c
		}, "clock", []string{"clock(mine) problem: the relay's clock is ahead by ", "set the clock of this machine"}, nil},
		{"script not executable", func(t *testing.T) *control.Client {
			w := admit(t, nil)
			script := filepath.Join(w.home, "deploy")
			if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			w.conf = fmt.Sprintf("routes: [{name: deploy, match: /, unverified: true, script: {command: [%q]}}]\n", script)
			c := w.live()
			w.linked(c)
			if err := os.Chmod(script, 0o600); err != nil {
				t.Fatal(err)
			}
			return c
		}, "scripts", []string{`route "deploy": the command `, "deploy is not executable > chmod u+x "}, []string{"configuration"}},
		{"keyring locked", func(t *testing.T) *control.Client {
			if runtime.GOOS != "linux" {
				t.Skip("elsewhere the keyring is that of whoever runs the test")
			}
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "nobody"))
			w := admit(t, nil)
			w.store()
			keyInKeyring(t, w.home)
			return w.live()
		}, "keyring", []string{"keyring() problem: the root key of the credentials cannot be had: waiting for the keyring", "> unlock the keyring", `credentials(relay/mine) skipped: the credential "relay/mine" is stored, and cannot be read while`}, []string{"claim"}},
		{"disk full", func(t *testing.T) *control.Client {
			w := admit(t, nil)
			smallDisk(t, w.home, "size=24m")
			c := w.live()
			w.linked(c)
			return c
		}, "disk", []string{" are free where ", "> make room there"}, []string{"history"}},
		{"relay down", func(t *testing.T) *control.Client {
			w := admit(t, nil)
			w.addr = freeAddr(t)
			w.url = "http://" + w.addr
			return w.live()
		}, "relay", []string{"relay(mine) problem: connect to relay ", "> check address and port, that the relay runs"}, []string{"claim"}},
		{"proxy refuses", func(t *testing.T) *control.Client {
			w := admit(t, nil)
			no := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusForbidden) }))
			t.Cleanup(no.Close)
			w.more = ", proxy: \"" + no.URL + "\""
			return w.live()
		}, "proxy", []string{"does not connect to 127.0.0.1:", "(403 Forbidden)", "> have the proxy allow it"}, []string{"claim"}},
		{"config broken", func(t *testing.T) *control.Client {
			w := admit(t, nil)
			c := w.live()
			w.linked(c)
			w.write("relays:\n  - {nmae: mine}\n")
			return c
		}, "configuration", []string{`config.yaml:2:6: unknown key "nmae" in a relay > did you mean "name"?`}, nil},
		{"claim taken", func(t *testing.T) *control.Client {
			w := admit(t, nil)
			other := admit(t, nil)
			other.url = w.url
			var err error
			if other.token, err = w.relay.CreateToken(t.Context(), "other", 10); err != nil {
				t.Fatal(err)
			}
			other.linked(other.live())
			return w.live()
		}, "claim", []string{"claim(garage) problem: not linked, answer mode hold: ", "the name belongs to another token", "> claim another name: homehook claim NAME --relay mine"}, nil},
	}
}

// TestDoctorNamesFaults makes one fault after the other, with relays, sockets,
// certificates and proxies as they are.
func TestDoctorNamesFaults(t *testing.T) {
	for _, f := range faultsHere() {
		t.Run(f.name, func(t *testing.T) {
			c := f.make(t)
			problems, text := examined(t, c)
			if !slices.Contains(problems, f.check) {
				t.Errorf("the check %q is no problem", f.check)
			}
			for _, want := range f.want {
				if !strings.Contains(text, want) {
					t.Errorf("nothing says %q", want)
				}
			}
			for _, p := range problems {
				if p != f.check && !slices.Contains(f.others, p) {
					t.Errorf("%q is a problem, too", p)
				}
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

// TestDoctorFindsNoFault holds that a doctor tells of no problem where there is
// none, in all answer modes, over TLS and with a request that comes home.
func TestDoctorFindsNoFault(t *testing.T) {
	for _, mode := range []string{"hold", "store", "through"} {
		t.Run(mode, func(t *testing.T) {
			w := secure(t, time.Now().Add(-time.Hour), time.Now().Add(30*24*time.Hour))
			w.conf = "routes: [{name: all, match: /, unverified: true, respond: {status: 418}}]\n"
			c := w.live()
			w.linked(c)
			text, err := os.ReadFile(w.path())
			if err != nil {
				t.Fatal(err)
			}
			w.write(strings.Replace(string(text), "{name: garage}", "{name: garage, answer: "+mode+"}", 1))
			eventually(t, "the claim has its answer mode", func() bool {
				claims, err := c.Claims(t.Context())
				return err == nil && claims[0].Answer == mode && claims[0].Connected && claims[0].URL != ""
			})
			problems, found := examined(t, c)
			if len(problems) > 0 || !strings.Contains(found, "canary(garage) ok: a signed request to https://localhost:") {
				t.Errorf("problems %v\n%s", problems, found)
			}
			all, _, err := c.Deliveries(t.Context(), control.Query{})
			if err != nil || len(all) != 0 {
				t.Errorf("the history has %v, %v", all, err)
			}
			claims, err := c.Claims(t.Context())
			if err != nil || claims[0].Queued != 0 {
				t.Errorf("%+v, %v", claims, err)
			}
		})
	}
}

// TestCanaryThatIsTamperedWith says what stands between the internet and home.
func TestCanaryThatIsTamperedWith(t *testing.T) {
	tests := []struct {
		name string
		way  func(next http.Handler) http.Handler // from the public URL to the relay
		want string
	}{
		{"another body", func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); strings.Contains(r.URL.Path, "/homehook-canary/") {
					text := strings.ReplaceAll(string(body), "  ", " ")
					r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
				}
				next.ServeHTTP(rw, r)
			})
		}, "problem: the canary came home from "},
		{"another answer", func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/homehook-canary/") {
					next.ServeHTTP(httptest.NewRecorder(), r)
					return
				}
				next.ServeHTTP(rw, r)
			})
		}, "but somebody else answered for home (200) > have whatever stands between"},
		{"a login page", func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/homehook-canary/") {
					http.Redirect(rw, r, "https://login.example/?secret=x", http.StatusFound)
					return
				}
				next.ServeHTTP(rw, r)
			})
		}, "leads to https://login.example/ (302), and most senders do not follow > give senders the address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := admit(t, nil)
			p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: w.addr})
			p.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			s := httptest.NewServer(tt.way(p))
			t.Cleanup(s.Close)
			w.url = s.URL
			c := w.live()
			w.linked(c)
			eventually(t, "the claim has a URL", func() bool {
				claims, err := c.Claims(t.Context())
				return err == nil && claims[0].URL != ""
			})
			problems, text := examined(t, c)
			if !slices.Equal(problems, []string{"canary"}) || !strings.Contains(text, tt.want) {
				t.Errorf("problems %v\n%s", problems, text)
			}
		})
	}
}
