package ptth_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// TestTurnRequest holds the bytes that an agent sends for the dialect ptth.
func TestTurnRequest(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	addr := ln.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	tests := []struct {
		name, relay, want string
		d                 *ptth.Dialer
	}{
		{
			"by address", "http://" + addr, "GET /.well-known/ptth/http%3A%2F%2Fgarage.localhost%3A" + port + "/ HTTP/1.1\r\nHost: " + addr +
				"\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2, http%2F1.1\r\n\r\n", &ptth.Dialer{},
		},
		{
			"by name, with everything", "http://localhost:" + port, "GET /.well-known/ptth/http%3A%2F%2Fgarage.localhost%3A" + port + "/ HTTP/1.1\r\nHost: localhost:" + port +
				"\r\nAuthorization: Bearer hh_t\r\nUser-Agent: homehook/1\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2, http%2F1.1\r\nPTTH-Ping: 20\r\nPTTH-Max-Conns: 8\r\n\r\n",
			&ptth.Dialer{Token: "hh_t", Agent: "homehook/1", Ping: 20 * time.Second, MaxLinks: 8},
		},
		{
			"below a path", "http://" + addr + "/a%2Fb/?x=y", "GET /a%2Fb/.well-known/ptth/http%3A%2F%2Fgarage.localhost%3A" + port + "/?x=y HTTP/1.1\r\nHost: " + addr +
				"\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2, http%2F1.1\r\n\r\n", &ptth.Dialer{},
		},
		{
			"at an address of its own", "http://" + addr + "/turn/{name}/secret", "GET /turn/garage/secret HTTP/1.1\r\nHost: " + addr +
				"\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2, http%2F1.1\r\n\r\n", &ptth.Dialer{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := make(chan string, 1)
			go func() {
				nc, err := ln.Accept()
				if err != nil {
					got <- err.Error()
					return
				}
				defer nc.Close()
				var head strings.Builder
				for r := bufio.NewReader(nc); !strings.HasSuffix(head.String(), "\r\n\r\n"); {
					line, err := r.ReadString('\n')
					if head.WriteString(line); err != nil {
						break
					}
				}
				got <- head.String()
			}()
			u, err := url.Parse(tt.relay)
			if err != nil {
				t.Fatal(err)
			}
			d := &ptth.Dialer{
				Relay: u, Dialect: ptth.DialectPTTH, Token: tt.d.Token, Agent: tt.d.Agent, Ping: tt.d.Ping, MaxLinks: tt.d.MaxLinks,
				Proxy: func(*url.URL) (*url.URL, error) { return nil, nil },
			}
			if err := reach(d); err == nil {
				t.Error("there was no answer, and a link")
			}
			if head := within(t, got, "request"); head != tt.want {
				t.Errorf("got %q, want %q", head, tt.want)
			}
		})
	}
}

// TestTurnAnswers goes through what a relay may answer.
func TestTurnAnswers(t *testing.T) {
	const switching = "HTTP/1.1 101 Switching Protocols\r\n"
	tests := []struct {
		name, answer string
		want         string // part of the error; "" for a link
		status       int    // of the refusal
		shared       bool
	}{
		{"h2", switching + "Upgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2\r\n\r\n", "", 0, true},
		{"http/1.1", switching + "Upgrade: ptth\r\nConnection: Upgrade\r\nALPN: http%2F1.1\r\n\r\n", "", 0, false},
		{"small letters, as proxies have it", switching + "upgrade: PTTH\r\nconnection: upgrade\r\nalpn: %68%32\r\n\r\n", "", 0, true},
		{"a proxy's length", switching + "Upgrade: ptth\r\nConnection: Upgrade\r\nContent-Length: 0\r\nALPN: h2\r\n\r\n", "", 0, true},
		{"behind a hint", "HTTP/1.1 103 Early Hints\r\n\r\n" + switching + "Upgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2\r\n\r\n", "", 0, true},
		{"no ALPN", switching + "Upgrade: ptth\r\nConnection: Upgrade\r\n\r\n", "does not name one protocol", 101, false},
		{"both", switching + "Upgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2, http%2F1.1\r\n\r\n", "does not name one protocol", 101, false},
		{"not offered", switching + "Upgrade: ptth\r\nConnection: Upgrade\r\nALPN: h3\r\n\r\n", "was not offered", 101, false},
		{"not escaped", switching + "Upgrade: ptth\r\nConnection: Upgrade\r\nALPN: http/1.1\r\n\r\n", "does not name one protocol", 101, false},
		{"a later version", switching + "Upgrade: ptth/2\r\nConnection: Upgrade\r\nALPN: h2\r\n\r\n", "another protocol", 101, false},
		{"the other dialect", switching + "Upgrade: PTTH/1.0\r\nConnection: Upgrade\r\nALPN: h2\r\n\r\n", "another protocol", 101, false},
		{"no token", switching + "Connection: Upgrade\r\nALPN: h2\r\n\r\n", "another protocol", 101, false},
		{"refused", "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nno\n", "(403): no", 403, false},
		{"not known", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "(404)", 404, false},
		{"ready", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "(200)", 200, false},
		{"another way", "HTTP/1.1 426 Upgrade Required\r\nUpgrade: PTTH/1.0\r\nContent-Length: 0\r\n\r\n", "(426)", 426, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScripted(t, nil, tt.answer)
			d := &ptth.Dialer{Relay: s.url, Dialect: ptth.DialectPTTH}
			l, err := d.Dial(t.Context(), "garage")
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if a := l.About(); a.Dialect != ptth.DialectPTTH || a.Shared != tt.shared || a.Negotiated {
					t.Errorf("about %+v", a)
				}
				l.Close()
				return
			}
			var e *ptth.RefusedError
			if !errors.As(err, &e) || e.Status != tt.status || e.Dialect != ptth.DialectPTTH || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestTurnDirect serves a link in HTTP/1.1 behind the switch to ptth, as a
// relay opens it that has no HTTP/2.
func TestTurnDirect(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := make(chan string, 1)
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			got <- err.Error()
			return
		}
		defer nc.Close()
		r := bufio.NewReader(nc)
		for line := ""; line != "\r\n"; {
			if line, err = r.ReadString('\n'); err != nil {
				got <- err.Error()
				return
			}
		}
		// The first request comes together with the switch.
		io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: http%2F1.1\r\n\r\n"+
			"POST /x HTTP/1.1\r\nHost:\r\nContent-Length: 2\r\n\r\nhi")
		var answer strings.Builder
		for !strings.HasSuffix(answer.String(), "\r\n\r\nhi") {
			b, err := r.ReadByte()
			if err != nil {
				break
			}
			answer.WriteByte(b)
		}
		got <- answer.String()
	}()
	d := &ptth.Dialer{Relay: &url.URL{Scheme: "http", Host: ln.Addr().String()}, Dialect: ptth.DialectPTTH}
	l, err := d.Dial(t.Context(), "garage")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Serve(t.Context(), echo); err != nil {
		t.Error(err)
	}
	if s := within(t, got, "answer"); !strings.HasPrefix(s, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(s, "\r\n\r\nhi") {
		t.Errorf("got %q", s)
	}
}

// FuzzChooseProtocol makes sure that only what is offered is chosen.
func FuzzChooseProtocol(f *testing.F) {
	for _, s := range []string{"h2, http%2F1.1", "http%2f1.1", "%682", ",,", "h3", "h2,\x01", "%zz", "http/1.1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		text := "GET / HTTP/1.1\r\nHost: h\r\nALPN: " + string(value) + "\r\n\r\n"
		r, err := http1.NewConn(&memConn{in: strings.NewReader(text)}, http1.Limits{}).ReadRequest()
		if err != nil {
			return
		}
		got, err := ptth.ChooseProtocol(r)
		var bad *http1.Error
		switch {
		case err == nil && got != ptth.ProtocolH2 && got != ptth.ProtocolH1:
			t.Fatalf("%q gives %q", value, got)
		case err != nil && (!errors.As(err, &bad) || bad.Status != 400 && bad.Status != 406):
			t.Fatalf("%q gives %v", value, err)
		}
	})
}
