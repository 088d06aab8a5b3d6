package relay

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// startTLS starts a relay with TLS, an agent of the claim garage with links in
// HTTP/1.1, and returns a client that speaks HTTP/2.
func startTLS(t testing.TB, o Options, handle func(context.Context, *http1.Exchange)) (*testRelay, *http.Client, *tls.Config) {
	return startTLSIn(t, answerThrough, o, handle)
}

// startTLSIn is startTLS with the answer mode of the claim.
func startTLSIn(t testing.TB, answer string, o Options, handle func(context.Context, *http1.Exchange)) (*testRelay, *http.Client, *tls.Config) {
	t.Helper()
	server, client := testTLS(t)
	o.TLS = server
	tr := startRelay(t, o)
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answer})
	if handle != nil {
		d := tr.dialer()
		d.Relay, d.TLS, d.Dialect = &url.URL{Scheme: "https", Host: tr.addr}, client, ptth.Dialect10
		for range 4 {
			dialWith(t, d, "garage", handle)
		}
		tr.waitLinks(t, "garage", 4)
	}
	tp := &http.Transport{TLSClientConfig: client.Clone(), Protocols: new(http.Protocols), DisableCompression: true}
	tp.Protocols.SetHTTP2(true)
	t.Cleanup(tp.CloseIdleConnections)
	return tr, &http.Client{Transport: tp}, client
}

// TestH2Edge sends requests of every kind in HTTP/2.
func TestH2Edge(t *testing.T) {
	for _, answer := range []string{answerThrough, answerHold} {
		t.Run(answer, func(t *testing.T) { testH2Edge(t, answer) })
	}
}

func testH2Edge(t *testing.T, answer string) {
	var heads seen
	tr, client, _ := startTLSIn(t, answer, Options{}, func(ctx context.Context, x *http1.Exchange) {
		if string(x.Request.Path()) == "/record" {
			heads.record(ctx, x)
			return
		}
		answerEdge(t, x)
	})
	base := "https://" + tr.addr + "/~garage"
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	tests := []struct {
		name, method, path string
		body               io.Reader
		status             int
		want               string
	}{
		{"echo", "POST", "/echo", strings.NewReader("hello"), 200, "hello"},
		{"empty", "POST", "/echo", http.NoBody, 200, ""},
		{"1 MiB", "PUT", "/echo", bytes.NewReader(big), 200, string(big)},
		{"of unknown length", "POST", "/echo", io.MultiReader(strings.NewReader("a"), strings.NewReader("b")), 200, "ab"},
		{"1 MiB of unknown length", "POST", "/echo", io.MultiReader(bytes.NewReader(big)), 200, string(big)},
		{"head", "HEAD", "/length", nil, 200, ""},
		{"no content", "GET", "/nothing", nil, 204, ""},
		{"stream", "GET", "/stream", nil, 200, "data: 1\n\ndata: 2\n\n"},
		{"extension method", "FROBNICATE", "/echo", strings.NewReader("x"), 200, "x"},
		{"early answer", "POST", "/refuse", bytes.NewReader(big), 403, "no\n"},
		{"broken answer", "GET", "/broken", nil, 200, "!"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, base+tt.path, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(res.Body)
			res.Body.Close()
			if tt.want == "!" {
				if err == nil {
					t.Error("a part of an answer was taken for the whole")
				}
				return
			}
			if err != nil || res.ProtoMajor != 2 || res.StatusCode != tt.status || string(got) != tt.want {
				t.Errorf("got %s %d, %d bytes, %v", res.Proto, res.StatusCode, len(got), err)
			}
			if tt.name == "head" && res.ContentLength != 1234 {
				t.Errorf("length %d", res.ContentLength)
			}
		})
	}
	t.Run("request", func(t *testing.T) {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", base+"/record?a=%2F&b=c", nil)
		req.Header.Set("X-B", "2")
		req.Header.Add("X-B", "1")
		req.Header.Set("Cookie", "a=1; b=2")
		req.Header.Set("User-Agent", "")
		req.Header.Set("Forwarded", "for=evil")
		req.Header.Set("Homehook-Delivery", "evil")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		head := heads.last(t)
		for _, want := range []string{
			"GET /record?a=%2F&b=c HTTP/1.1\r\n", "\r\nHost: " + tr.addr + "\r\n", "\r\nX-B: 2\r\nX-B: 1\r\n", "\r\nCookie: a=1; b=2\r\n",
			"\r\nVia: 2.0 homehook-", ";proto=https\r\n", "\r\nX-Forwarded-For: 127.0.0.1\r\n", "\r\nX-Forwarded-Prefix: /~garage\r\n",
		} {
			if !strings.Contains(head, want) {
				t.Errorf("no %q in %q", want, head)
			}
		}
		if strings.Contains(head, "evil") {
			t.Errorf("forged fields in %q", head)
		}
	})
}

func answerEdge(t *testing.T, x *http1.Exchange) {
	switch string(x.Request.Path()) {
	case "/echo":
		echo(t.Context(), x)
	case "/length":
		x.Start(200, nil)
		x.EndLength(1234)
		x.Finish()
	case "/nothing":
		x.Start(204, nil)
		x.EndEmpty()
		x.Finish()
	case "/stream":
		x.Start(200, nil)
		x.EndStream()
		for i := range 2 {
			fmt.Fprintf(x, "data: %d\n\n", i+1)
			x.Flush()
		}
		x.Finish()
	case "/refuse":
		x.CloseAfter()
		x.Text(403, "no")
	case "/broken":
		x.Start(200, nil)
		x.EndLength(10)
		x.Write([]byte("part"))
		x.Flush()
		x.Conn().Close()
	default:
		t.Errorf("unexpected %s", x.Request.Target)
	}
}

// TestH2EdgeTrailers passes trailer fields through both ways.
func TestH2EdgeTrailers(t *testing.T) {
	tr, client, _ := startTLS(t, Options{}, func(_ context.Context, x *http1.Exchange) {
		x.Start(200, nil)
		x.EndStream()
		if x.Copy(x.Request.Body) == nil { // and the trailer with it
			x.Finish()
		}
	})
	req, _ := http.NewRequestWithContext(t.Context(), "POST", "https://"+tr.addr+"/~garage/", io.MultiReader(strings.NewReader("body")))
	req.Trailer = http.Header{"X-Sum": {"42"}}
	req.Header.Set("TE", "trailers")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(body) != "body" || res.Trailer.Get("X-Sum") != "42" {
		t.Errorf("got %q, %v, %v", body, res.Trailer, err)
	}
}

// TestH2EdgeRefuses holds what comes in HTTP/2 to the rules for HTTP/1.1.
func TestH2EdgeRefuses(t *testing.T) {
	t.Parallel()
	var ran atomic.Int32
	tr, _, client := startTLS(t, Options{}, func(_ context.Context, x *http1.Exchange) {
		ran.Add(1)
		x.Text(200, "ran")
	})
	head := func(method, path, authority string, more ...string) []string {
		return append([]string{":method", method, ":scheme", "https", ":authority", authority, ":path", path}, more...)
	}
	var many []string
	for i := range 130 {
		many = append(many, fmt.Sprintf("x-%d", i), "v")
	}
	const resetProtocol = "reset 1"
	tests := []struct {
		name   string
		fields []string
		want   string
	}{
		{"no authority", []string{":method", "GET", ":scheme", "https", ":path", "/~garage/"}, "400"},
		{"two hosts", head("GET", "/~garage/", "r", "host", "other"), "400"},
		{"host twice", head("GET", "/~garage/", "r", "host", "r", "host", "r"), "400"},
		{"authority with @", head("GET", "/~garage/", "user@r"), resetProtocol},
		{"authority with /", head("GET", "/~garage/", "r/x"), "400"},
		{"authority with space", head("GET", "/~garage/", "r x"), "400"},
		{"absolute form for another", head("GET", "http://example.org/~garage/", "r"), "421"},
		{"connect", []string{":method", "CONNECT", ":authority", "169.254.169.254:80"}, "405"},
		{"trace", head("TRACE", "/~garage/", "r", "authorization", "x"), "405"},
		{"options of all", head("OPTIONS", "*", "r"), "204"},
		{"long target", head("GET", "/~garage/"+strings.Repeat("x", 33<<10), "r"), "414"},
		{"target of 70 KB", head("GET", "/~garage/"+strings.Repeat("x", 70<<10), "r"), "414"},
		{"long head", head("GET", "/~garage/", "r", "x", strings.Repeat("x", 65<<10)), "431"},
		{"longer head", head("GET", "/~garage/", "r", "x", strings.Repeat("x", 70<<10), "y", strings.Repeat("y", 70<<10)), "431"},
		{"field beyond measure", head("GET", "/~garage/", "r", "x", strings.Repeat("x", 140<<10)), "goaway 9"},
		{"many fields", head("GET", "/~garage/", "r", many...), "431"},
		{"malformed escape", head("GET", "/~garage/%zz", "r"), resetProtocol},
		{"connection names a field", head("GET", "/~garage/", "r", "connection", "close, webhook-signature", "webhook-signature", "x"), "400"},
		{"transfer coding", head("POST", "/~garage/", "r", "transfer-encoding", "chunked"), "400"},
		{"te", head("GET", "/~garage/", "r", "te", "gzip"), "400"},
		{"upgrade", head("GET", "/~garage/", "r", "upgrade", "websocket"), "400"},
		{"control character", head("GET", "/~garage/", "r", "x", "a\x01b"), resetProtocol},
		{"name in capitals", head("GET", "/~garage/", "r", "X-A", "b"), resetProtocol},
		{"two lengths", head("POST", "/~garage/", "r", "content-length", "1", "content-length", "1"), "400"},
		{"odd length", head("POST", "/~garage/", "r", "content-length", "+5"), "400"},
		{"length without a body", head("POST", "/~garage/", "r", "content-length", "5"), "400"},
		{"expectation", head("POST", "/~garage/", "r", "expect", "200-ok"), "417"},
		{"unknown claim", head("GET", "/~nobody/", "r"), "404"},
		{"upgrade to ptth", head("GET", "/.well-known/ptth/garage/"+tr.token, "r", "alpn", "h2"), "426"},
		{"upgrade to PTTH/1.0", head("POST", "/ptth/garage/"+tr.token, "r"), "426"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := tr.h2Raw(t, client)
			if got := c.request(1, tt.fields...); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if n := ran.Load(); n != 0 {
		t.Errorf("%d requests have run", n)
	}
	t.Run("host as authority", func(t *testing.T) {
		for _, fields := range [][]string{
			{":method", "GET", ":scheme", "https", ":path", "/~garage/", "host", "r"},
			head("GET", "/~garage/", "r", "host", "r"),
		} {
			if got := tr.h2Raw(t, client).request(1, fields...); got != "200" {
				t.Errorf("%q: got %s", fields, got)
			}
		}
	})
}

// TestH2EdgeBodies holds bodies to the limits on them.
func TestH2EdgeBodies(t *testing.T) {
	var ran atomic.Int32
	tr, client, raw := startTLS(t, Options{MaxBody: 1 << 20}, func(ctx context.Context, x *http1.Exchange) {
		if _, err := io.Copy(io.Discard, x.Request.Body); err == nil {
			ran.Add(1)
			x.Text(200, "ok")
		}
	})
	post := func(body io.Reader) int {
		res, err := client.Post("https://"+tr.addr+"/~garage/", "text/plain", body)
		if err != nil {
			t.Error(err)
			return 0
		}
		res.Body.Close()
		return res.StatusCode
	}
	big := make([]byte, 2<<20)
	if got := post(bytes.NewReader(big)); got != 413 {
		t.Errorf("too long: %d", got)
	}
	if got := post(io.MultiReader(bytes.NewReader(big))); got != 413 {
		t.Errorf("too long, of unknown length: %d", got)
	}
	if n := ran.Load(); n != 0 {
		t.Errorf("%d deliveries were whole", n)
	}
	if got := post(bytes.NewReader(big[:1<<20])); got != 200 {
		t.Errorf("just fitting: %d", got)
	}
	c := tr.h2Raw(t, raw)
	var block []byte
	for _, f := range [][2]string{{":method", "POST"}, {":scheme", "https"}, {":authority", "r"}, {":path", "/~garage/"}, {"content-length", "10"}} {
		block = append(block, literal(f[0], f[1])...)
	}
	c.frame(1, 4, 1, block)
	c.frame(0, 1, 1, []byte("short"))
	if got := c.answer(1); got != "400" && got != "reset 1" {
		t.Errorf("a body that is too short: %s", got)
	}
	if n := ran.Load(); n != 1 {
		t.Errorf("%d deliveries were whole", n)
	}
}

// TestH2EdgeDrain lets a request finish that is under way when the relay ends.
func TestH2EdgeDrain(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	tr, client, _ := startTLS(t, Options{}, func(_ context.Context, x *http1.Exchange) {
		close(begun)
		<-finish
		x.Text(200, "ok")
	})
	got := make(chan string, 1)
	go func() {
		res, err := client.Get("https://" + tr.addr + "/~garage/")
		if err != nil {
			got <- err.Error()
			return
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		got <- fmt.Sprint(res.StatusCode, " ", string(body), err)
	}()
	<-begun
	stopped := make(chan struct{})
	go func() { defer close(stopped); tr.stop() }()
	waitFor(t, "a closed port", func() bool {
		nc, err := net.Dial("tcp", tr.addr)
		if err == nil {
			nc.Close()
		}
		return err != nil
	})
	close(finish)
	if s := <-got; s != "200 ok\n<nil>" {
		t.Errorf("got %q", s)
	}
	select {
	case <-stopped:
	case <-time.After(15 * time.Second):
		t.Error("the relay goes on")
	}
}

// TestH2EdgeOverShared carries HTTP/2 on both sides of the relay.
func TestH2EdgeOverShared(t *testing.T) {
	tr, client, conf := startTLS(t, Options{}, nil)
	d := tr.dialer()
	d.Relay, d.TLS, d.Dialect = &url.URL{Scheme: "https", Host: tr.addr}, conf, ptth.DialectPTTH
	dialWith(t, d, "garage", echo)
	tr.waitLinks(t, "garage", 1)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			want := strings.Repeat("x", i*10_000)
			res, err := client.Post("https://"+tr.addr+"/~garage/", "text/plain", strings.NewReader(want))
			if err != nil {
				t.Error(err)
				return
			}
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != 200 || string(body) != want {
				t.Errorf("%d: got %d with %d bytes, %v", i, res.StatusCode, len(body), err)
			}
		})
	}
	wg.Wait()
}
