package relay

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// dialWith opens one link and serves it until it ends.
func dialWith(t testing.TB, d *ptth.Dialer, name string, handle func(context.Context, *http1.Exchange)) ptth.AgentLink {
	t.Helper()
	l, err := d.Dial(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	serveLink(t, l, handle)
	return l
}

func serveLink(t testing.TB, l ptth.AgentLink, handle func(context.Context, *http1.Exchange)) {
	done := make(chan struct{})
	go func() { defer close(done); l.Serve(context.Background(), handle) }()
	t.Cleanup(func() { l.Close(); <-done })
}

// shared opens a link in HTTP/2.
func (tr *testRelay) shared(t testing.TB, name string, handle func(context.Context, *http1.Exchange)) ptth.AgentLink {
	t.Helper()
	d := tr.dialer()
	d.Dialect = ptth.DialectPTTH
	l := dialWith(t, d, name, handle)
	if a := l.About(); !a.Shared || !a.Negotiated || a.Ping != ptth.SharedPing {
		t.Fatalf("the agent has %+v", a)
	}
	tr.waitLinks(t, name, 1)
	return l
}

const turnFields = "Host: r\r\nUpgrade: ptth\r\nConnection: Upgrade\r\n"

// TestWellKnown speaks the handshake byte by byte.
func TestWellKnown(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{Domain: "relay.test"})
	other, err := tr.CreateToken(t.Context(), "other", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.dir.put(t.Context(), claimRecord{Name: "theirs", Token: "other", Answer: answerThrough}); err != nil {
		t.Fatal(err)
	}
	auth := "Authorization: Bearer " + tr.token + "\r\n"
	h2 := turnFields + "ALPN: h2, http%2F1.1\r\n" + auth
	h1 := turnFields + "ALPN: http%2F1.1\r\n" + auth
	switchedH2 := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: h2\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	switchedH1 := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: http%2F1.1\r\n\r\n"
	garage := "http%3A%2F%2Fgarage.relay.test"
	many := strings.Repeat("a%2C", 1)
	for i := range 16 {
		many += fmt.Sprintf("x%d,", i)
	}
	many = strings.TrimSuffix(many, ",")
	tests := []struct{ name, send, want string }{
		{"h2", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\n" + h2, switchedH2},
		{"no slash behind", "GET /.well-known/ptth/" + garage + " HTTP/1.1\r\n" + h2, switchedH2},
		{"h2 is preferred", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\n" + turnFields + "ALPN: http%2f1.1,%682\r\n" + auth, switchedH2},
		{"http/1.1", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\n" + h1, switchedH1},
		{"unknown ones beside", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\n" + turnFields + "ALPN: h3\r\nALPN: , http%2F1.1\r\n" + auth, switchedH1},
		{"method POST", "POST /.well-known/ptth/" + garage + "/ HTTP/1.1\r\nContent-Length: 0\r\n" + h1, switchedH1},
		{"token in the path", "GET /.well-known/ptth/" + garage + "/" + tr.token + " HTTP/1.1\r\n" + turnFields + "ALPN: http%2F1.1\r\n", switchedH1},
		{"at the other place", "GET /ptth/garage HTTP/1.1\r\n" + h2, switchedH2},
		{"at the other place, token in the path", "POST /ptth/garage/" + tr.token + " HTTP/1.1\r\n" + turnFields + "ALPN: http%2F1.1\r\n", switchedH1},
		{
			"wishes", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\nPTTH-Ping: 25\r\nPTTH-Max-Conns: 4\r\n" + h1,
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: ptth\r\nConnection: Upgrade\r\nALPN: http%2F1.1\r\nPTTH-Ping: 25\r\nPTTH-Max-Conns: 64\r\n\r\n",
		},
		{"several origins", "GET /.well-known/ptth/" + garage + ",https%3A%2F%2Fattic.relay.test%3A8443/ HTTP/1.1\r\n" + h2, switchedH2},
		{"one name twice over http/1.1", "GET /.well-known/ptth/" + garage + ",https%3A%2F%2Fgarage.relay.test/ HTTP/1.1\r\n" + h1, switchedH1},

		{"no upgrade", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\nHost: r\r\n" + auth, "HTTP/1.1 426 "},
		{"a later version", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\nHost: r\r\nUpgrade: ptth/2\r\nConnection: Upgrade\r\nALPN: h2\r\n" + auth, "HTTP/1.1 426 "},
		{"the other dialect", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\nHost: r\r\nUpgrade: PTTH/1.0\r\nConnection: Upgrade\r\nALPN: h2\r\n" + auth, "HTTP/1.1 426 "},
		{"no Connection", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\nHost: r\r\nUpgrade: ptth\r\nALPN: h2\r\n" + auth, "HTTP/1.1 426 "},
		{"no ALPN", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\n" + turnFields + auth, "HTTP/1.1 400 "},
		{"nothing known in ALPN", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\n" + turnFields + "ALPN: h3\r\n" + auth, "HTTP/1.1 406 "},
		{"malformed ALPN", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\n" + turnFields + "ALPN: h2, http/1.1\r\n" + auth, "HTTP/1.1 400 "},
		{"another method", "DELETE /.well-known/ptth/" + garage + "/ HTTP/1.1\r\n" + h2, "HTTP/1.1 405 "},
		{"no token", "GET /.well-known/ptth/" + garage + "/ HTTP/1.1\r\n" + turnFields + "ALPN: h2\r\n", "HTTP/1.1 401 "},
		{"bad token", "GET /.well-known/ptth/" + garage + "/x HTTP/1.1\r\n" + turnFields + "ALPN: h2\r\n", "HTTP/1.1 401 "},
		{"another's name", "GET /.well-known/ptth/" + garage + "%2Chttp%3A%2F%2Ftheirs.relay.test/ HTTP/1.1\r\n" + h2, "HTTP/1.1 403 "},
		{"another's name behind a free one", "GET /.well-known/ptth/http%3A%2F%2Ffree.relay.test,theirs/ HTTP/1.1\r\n" + h2, "HTTP/1.1 403 "},
		{"a foreign origin", "GET /.well-known/ptth/https%3A%2F%2Fexample.org/ HTTP/1.1\r\n" + h2, "HTTP/1.1 403 "},
		{"the relay itself", "GET /.well-known/ptth/https%3A%2F%2Frelay.test/ HTTP/1.1\r\n" + h2, "HTTP/1.1 403 "},
		{"a foreign origin behind a free one", "GET /.well-known/ptth/http%3A%2F%2Ffree.relay.test,http%3A%2F%2Fexample.org/ HTTP/1.1\r\n" + h2, "HTTP/1.1 403 "},
		{"malformed", "GET /.well-known/ptth/ftp%3A%2F%2Fgarage.relay.test/ HTTP/1.1\r\n" + h2, "HTTP/1.1 400 "},
		{"none", "GET /.well-known/ptth// HTTP/1.1\r\n" + h2, "HTTP/1.1 400 "},
		{"too many", "GET /.well-known/ptth/" + many + "/ HTTP/1.1\r\n" + h2, "HTTP/1.1 400 "},
		{"several over http/1.1", "GET /.well-known/ptth/free,garage/ HTTP/1.1\r\n" + h1, "HTTP/1.1 400 "},
		{"more than the token may hold", "GET /.well-known/ptth/free,free2/ HTTP/1.1\r\n" + turnFields + "ALPN: h2\r\nAuthorization: Bearer " + other + "\r\n", "HTTP/1.1 403 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nc := tr.conn(t)
			io.WriteString(nc, tt.send+"\r\n")
			got := make([]byte, len(tt.want))
			if io.ReadFull(nc, got); string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			nc.Close()
			tr.waitLinks(t, "garage", 0)
			for _, name := range []string{"free", "free2", "a", "x1"} {
				if tr.dir.claim([]byte(name)) != nil {
					t.Errorf("%s is claimed", name)
				}
			}
		})
	}
}

// TestWellKnownAdvertises shows that what is wrong with an upgrade names what
// would be right.
func TestWellKnownAdvertises(t *testing.T) {
	tr := startRelay(t, Options{})
	got := tr.raw(t, "GET /.well-known/ptth/garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n")
	for _, want := range []string{"HTTP/1.1 426 ", "\r\nUpgrade: ptth, PTTH/1.0\r\n", "ALPN: h2, http%2F1.1"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	only := startRelay(t, Options{Dialects: []string{ptth.Dialect10}})
	if status, _ := only.ask(t, "GET /.well-known/ptth/garage/ HTTP/1.1\r\nConnection: close\r\n"+turnFields+"ALPN: h2\r\n\r\n"); status != 404 {
		t.Errorf("a relay without the dialect says %d", status)
	}
}

func TestOrigins(t *testing.T) {
	w, err := newWhereabouts(Options{Domain: "relay.test", URL: &url.URL{Scheme: "https", Host: "hooks.test"}})
	if err != nil {
		t.Fatal(err)
	}
	local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}
	tests := []struct {
		list   string
		want   string // name@host, by spaces
		status int
	}{
		{"https%3A%2F%2Fgarage.relay.test", "garage@garage.relay.test", 0},
		{"https://Garage.Relay.Test:8443", "garage@Garage.Relay.Test:8443", 0},
		{"http://garage.localhost:8080/", "garage@garage.localhost:8080", 0},
		{"garage.relay.test", "garage@garage.relay.test", 0},
		{"garage", "garage@garage", 0},
		{"https://relay.test/~garage", "garage@relay.test", 0},
		{"https://relay.test/~garage/", "garage@relay.test", 0},
		{"https://hooks.test/%7Egarage", "garage@hooks.test", 0},
		{"http://192.0.2.1:80/~garage", "garage@192.0.2.1:80", 0},
		{"a, b%2C%20c", "a@a b@b c@c", 0},
		{"a,https://a.relay.test", "a@a", 0},
		{"https://garage.relay.test.", "garage@garage.relay.test.", 0},
		{"", "", 400},
		{",", "", 400},
		{"a,,b", "", 400},
		{"%zz", "", 400},
		{"ftp://garage.relay.test", "", 400},
		{"://garage", "", 400},
		{"https://", "", 400},
		{"https://user@garage.relay.test", "", 400},
		{"https://garage.relay.test/path", "", 400},
		{"https://garage.relay.test/~x", "", 400},
		{"https://relay.test/x", "", 400},
		{"https://garage.relay.test?x", "", 400},
		{"https://garage.relay.test:x", "", 400},
		{"https://[garage.relay.test", "", 400},
		{"a b", "", 400},
		{"a%0d%0ab", "", 400},
		{"-a", "", 400},
		{"https://a.b.relay.test", "", 400},
		{"https://relay.test/~", "", 400},
		{"https://relay.test", "", 403},
		{"https://example.org", "", 403},
		{"https://example.org/~garage", "", 403},
		{"garage.example.org", "", 403},
		{"http://192.0.2.2/~garage", "", 403},
		{"https://[::1]", "", 403},
		{"https://admin.relay.test", "", 403},
		{"xn--a", "", 403},
		{strings.Repeat("a,b,", 20) + "c", "a@a b@b c@c", 0},
		{"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "", 400},
	}
	for _, tt := range tests {
		got, ref := w.origins([]byte(tt.list), local)
		var names []string
		for _, o := range got {
			names = append(names, o.name+"@"+o.host)
		}
		status := 0
		if ref != nil {
			status = ref.status
		}
		if strings.Join(names, " ") != tt.want && ref == nil || status != tt.status {
			t.Errorf("%q: got %v, %d; want %q, %d", tt.list, names, status, tt.want, tt.status)
		}
	}
}

// FuzzOrigins makes sure that only names of claims get through, and that none
// stands for another place than the one that senders would use.
func FuzzOrigins(f *testing.F) {
	for _, s := range []string{"https%3A%2F%2Fgarage.relay.test", "a,b,c", "http://garage.localhost:1/", "https://relay.test/~garage/", "https://[::1]:1", "%2c,~", "x.relay.test."} {
		f.Add([]byte(s))
	}
	w, err := newWhereabouts(Options{Domain: "relay.test"})
	if err != nil {
		f.Fatal(err)
	}
	local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}
	f.Fuzz(func(t *testing.T, list []byte) {
		got, ref := w.origins(list, local)
		if (ref == nil) != (len(got) > 0) && ref == nil || ref != nil && ref.status != 400 && ref.status != 403 {
			t.Fatalf("%q: %v, %v", list, got, ref)
		}
		for _, o := range got {
			if name, err := claimName(o.name); err != nil || name != o.name {
				t.Fatalf("%q gives the name %q", list, o.name)
			}
			if host, ok := hostOnly([]byte(o.host)); !ok || len(host) == 0 || strings.ContainsAny(o.host, " \r\n\t@/?#") {
				t.Fatalf("%q gives the host %q", list, o.host)
			}
		}
	})
}

// TestSharedLink carries requests of every kind over one link in HTTP/2.
func TestSharedLink(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.shared(t, "garage", echo)
	c := tr.dir.claim([]byte("garage"))
	waitFor(t, "all streams are in the pool", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.all) == maxStreams
	})
	binary := make([]byte, 1<<20)
	for i := range binary {
		binary[i] = byte(i * 7)
	}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for j, body := range [][]byte{nil, []byte("hello"), binary[:1<<(i%20)], binary} {
				if j == 3 && i%10 != 0 {
					continue
				}
				res, err := http.Post("http://"+tr.addr+"/~garage/x", "application/octet-stream", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || res.StatusCode != 200 || !bytes.Equal(got, body) {
					t.Errorf("%d bytes: got %d with %d bytes, %v", len(body), res.StatusCode, len(got), err)
				}
			}
		})
	}
	wg.Wait()
	http.DefaultClient.CloseIdleConnections()
	if got := tr.raw(t, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"); !strings.HasSuffix(got, "\r\n\r\n3\r\nabc\r\n0\r\n\r\n") {
		t.Errorf("chunked: got %q", got)
	}
}

func TestSharedLinkOfSeveralClaims(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	var got seen
	nc := tr.conn(t)
	io.WriteString(nc, "GET /.well-known/ptth/http%3A%2F%2Fgarage.localhost,attic/"+tr.token+" HTTP/1.1\r\n"+turnFields+"ALPN: h2\r\n\r\n")
	r := bufio.NewReader(nc)
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	srv := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, err := http1.FromHTTP(w, r, http1.Limits{})
		if err != nil {
			t.Error(err)
			return
		}
		got.record(r.Context(), x)
	})}
	srv.Protocols.SetUnencryptedHTTP2(true)
	ln := &lentConns{conns: make(chan net.Conn, 1)}
	ln.conns <- &readAhead{nc, r}
	done := make(chan struct{})
	go func() { defer close(done); srv.Serve(ln) }()
	t.Cleanup(func() { srv.Close(); <-done })
	for _, name := range []string{"garage", "attic"} {
		tr.waitLinks(t, name, 1)
		if answer := tr.raw(t, "GET /~"+name+"/ HTTP/1.0\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
			t.Errorf("%s: %q", name, answer)
		}
	}
	if got.count() != 2 || !strings.Contains(got.last(t), "\r\nHost: attic\r\n") {
		t.Errorf("the agent got %d, %q", got.count(), got.last(t))
	}
	nc.Close()
	tr.waitLinks(t, "garage", 0)
	tr.waitLinks(t, "attic", 0)
}

// readAhead is a connection of which a part was read already.
type readAhead struct {
	net.Conn
	r io.Reader
}

func (c *readAhead) Read(p []byte) (int, error) { return c.r.Read(p) }

// lentConns is a listener with the connections that it is given.
type lentConns struct {
	conns chan net.Conn
	once  sync.Once
}

func (h *lentConns) Accept() (net.Conn, error) {
	nc, ok := <-h.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return nc, nil
}

func (h *lentConns) Close() error {
	h.once.Do(func() { close(h.conns) })
	return nil
}

func (h *lentConns) Addr() net.Addr { return &net.TCPAddr{} }

// TestSharedLinkSenderGone shows that a sender who goes costs the link nothing
// but a stream.
func TestSharedLinkSenderGone(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	begun, gone := make(chan struct{}, 40), make(chan struct{}, 40)
	tr.shared(t, "garage", func(ctx context.Context, x *http1.Exchange) {
		if string(x.Request.Target) == "/quick" {
			x.Text(200, "ok")
			return
		}
		begun <- struct{}{}
		<-ctx.Done()
		gone <- struct{}{}
	})
	var conns []net.Conn
	for range 20 {
		nc := tr.conn(t)
		io.WriteString(nc, "GET /~garage/slow HTTP/1.1\r\nHost: r\r\n\r\n")
		conns = append(conns, nc)
	}
	for range 20 {
		<-begun
	}
	for _, nc := range conns {
		nc.Close()
	}
	for range 20 {
		select {
		case <-gone:
		case <-time.After(10 * time.Second):
			t.Fatal("the agent was not told")
		}
	}
	if status, _ := tr.ask(t, "GET /~garage/quick HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n"); status != 200 {
		t.Errorf("then %d", status)
	}
	waitFor(t, "all streams at rest", func() bool {
		c := tr.dir.claim([]byte("garage"))
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.idle) == maxStreams
	})
}

// TestSharedLinkDrain ends an agent while requests are on their way: each gets
// its answer.
func TestSharedLinkDrain(t *testing.T) {
	tr := startRelay(t, Options{LinkWait: 10 * time.Second})
	d := tr.dialer()
	d.Dialect = ptth.DialectPTTH
	ctx, cancel := context.WithCancel(t.Context())
	var agent, senders sync.WaitGroup
	agent.Go(func() { // an agent that takes turns
		for ctx.Err() == nil {
			l, err := d.Dial(ctx, "garage")
			if err != nil {
				return
			}
			turn, end := context.WithTimeout(ctx, 50*time.Millisecond)
			if err := l.Serve(turn, echo); err != nil {
				t.Error(err)
			}
			end()
		}
	})
	tr.waitLinks(t, "garage", 1)
	for range 8 {
		senders.Go(func() {
			c := &http.Client{Transport: &http.Transport{}}
			defer c.CloseIdleConnections()
			for range 100 {
				res, err := c.Post("http://"+tr.addr+"/~garage/", "text/plain", strings.NewReader("hello"))
				if err != nil {
					t.Error(err)
					return
				}
				body, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.StatusCode != 200 || string(body) != "hello" {
					t.Errorf("got %d %q", res.StatusCode, body)
					return
				}
			}
		})
	}
	senders.Wait()
	cancel()
	agent.Wait()
}
