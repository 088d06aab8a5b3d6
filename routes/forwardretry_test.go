package routes

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestForwardRetries opens the target only after the first try was refused.
func TestForwardRetries(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	f := forwardTo(t, addr, ForwardSpec{Retries: 3})
	nc := dial(t, f.addr)
	io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
	<-time.After(retryPause / 4)
	if l, err = net.Listen("tcp", addr); err != nil {
		t.Skipf("somebody took the port: %v", err)
	}
	serveOn(t, l, func(s *server, nc net.Conn, br *bufio.Reader) {
		s.readHead(br)
		io.ReadFull(br, make([]byte, 2))
		io.WriteString(nc, okay)
	})
	got, _ := io.ReadAll(nc)
	if !strings.HasPrefix(string(got), "HTTP/1.1 200 ") {
		t.Errorf("got %q", got)
	}
	if res := f.result(t); res.Err != nil {
		t.Errorf("%+v", res)
	}
}

func TestForwardRetriesEnd(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	f := forwardTo(t, l.Addr().String(), ForwardSpec{Retries: 1})
	began := time.Now()
	if got := ask(t, f.addr, getOnce); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
		t.Errorf("got %q", got)
	}
	if took := time.Since(began); took < retryPause || took > 5*retryPause {
		t.Errorf("it took %s", took)
	}
	if res := f.result(t); res.Failure != FailedUnreachable || !res.Retry {
		t.Errorf("%+v", res)
	}
}

// TestForwardRetriesNotForGood does not wait for what no wait changes, nor for
// a stop.
func TestForwardRetriesNotForGood(t *testing.T) {
	t.Parallel()
	r := compileOne(t, Spec{Forward: &ForwardSpec{To: "http://x.example", Retries: 5}})
	r.handlers[0].handler.(*forwarder).pool.target.address = "169.254.1.1:80"
	f := serveRoute(t, r)
	began := time.Now()
	ask(t, f.addr, getOnce)
	if took := time.Since(began); took > retryPause {
		t.Errorf("it took %s", took)
	}
	f.result(t)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	f = forwardTo(t, l.Addr().String(), ForwardSpec{Retries: 5})
	nc := dial(t, f.addr)
	io.WriteString(nc, getOnce)
	<-time.After(retryPause / 10)
	f.cancel()
	if res := f.result(t); res.Failure != FailedStopped || res.status != 503 {
		t.Errorf("%+v", res)
	}
}

// TestForwardHandsRedirectsBack follows none.
func TestForwardHandsRedirectsBack(t *testing.T) {
	for _, status := range []string{"301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"} {
		s := answersOnce(t, "HTTP/1.1 "+status+"\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n")
		f := forwardTo(t, s.addr, ForwardSpec{})
		want := "HTTP/1.1 " + status + "\r\nLocation: http://169.254.169.254/latest\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
		if got := ask(t, f.addr, getOnce); got != want {
			t.Errorf("got %q", got)
		}
		if res := f.result(t); res.Err != nil || res.Failure != "" {
			t.Errorf("%+v", res)
		}
		if n := len(s.conns); n != 1 {
			t.Errorf("%d connections", n)
		}
	}
}

func TestCompileForwardExtras(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name       string
		spec       ForwardSpec
		path, want string
	}{
		{"retries", ForwardSpec{Retries: 6}, "retries", "6 times"},
		{"fewer than none", ForwardSpec{Retries: -1}, "retries", "-1 times"},
		{"tls without https", ForwardSpec{To: "http://a", TLS: &TLSSpec{}}, "tls", "not one of https"},
		{"insecure with a root", ForwardSpec{TLS: &TLSSpec{Insecure: true, Name: "x"}}, "tls.insecure", "any certificate"},
		{"name", ForwardSpec{TLS: &TLSSpec{Name: "a b"}}, "tls.name", "not the name"},
		{"relative root", ForwardSpec{TLS: &TLSSpec{CA: "x.pem"}}, "tls.ca", "absolute path"},
		{"no root", ForwardSpec{TLS: &TLSSpec{CA: dir + "/none"}}, "tls.ca", "cannot be found"},
		{"key alone", ForwardSpec{TLS: &TLSSpec{Key: dir + "/k"}}, "tls.key", "without its certificate"},
		{"certificate alone", ForwardSpec{TLS: &TLSSpec{Cert: dir + "/c"}}, "tls.cert", "without its key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.spec.To == "" {
				tt.spec.To = "https://a.example"
			}
			_, problems := Compile([]Spec{{Claim: "c", Match: "/", Unverified: true, Forward: &tt.spec}})
			if len(problems) != 1 || problems[0].Path != "[0].forward."+tt.path || !strings.Contains(problems[0].Message, tt.want) || problems[0].Remedy == "" {
				t.Errorf("got %+v", problems)
			}
		})
	}
}
