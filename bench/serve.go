package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"

	"homehook/http1"
)

// serveMain is the main of the helper processes: the server that everything is
// measured against, and one hop of net/http.
func serveMain(verb string, args []string) {
	l, err := net.Listen("tcp", args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	switch verb {
	case "serve-origin":
		serveOrigin(l)
	case "serve-reverseproxy":
		serveReverseProxy(l, args[1])
	}
}

// serveOrigin echoes, counts and makes bytes.
func serveOrigin(l net.Listener) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		go http1.NewConn(nc, http1.Limits{IdleTimeout: -1, BodyRate: -1}).Serve(context.Background(), answer)
	}
}

func answer(_ context.Context, x *http1.Exchange) {
	path, query := x.Request.PathQuery()
	switch {
	case strings.HasSuffix(string(path), "/echo"):
		x.Start(200, nil)
		x.Field("Content-Type", "application/json")
		x.EndLength(x.Request.Body.Length())
		if x.Copy(x.Request.Body) == nil {
			x.Finish()
		}
	case strings.HasSuffix(string(path), "/count"):
		n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, x.Request.Body, make([]byte, 256<<10))
		x.Reply(200, "text/plain", strconv.FormatInt(n, 10))
	case strings.HasSuffix(string(path), "/bytes"):
		n, _ := strconv.ParseInt(string(query), 10, 64)
		x.Start(200, nil)
		x.EndLength(n)
		block := pattern(7, 256<<10)
		for ; n > 0; n -= int64(len(block)) {
			x.Write(block[:min(n, int64(len(block)))])
		}
		x.Finish()
	default:
		x.Text(404, "no such thing")
	}
}

// serveReverseProxy is one hop as the standard library has it, with enough
// idle connections for the load.
func serveReverseProxy(l net.Listener, to string) {
	u, err := url.Parse(to)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	p := httputil.NewSingleHostReverseProxy(u)
	p.Transport = &http.Transport{MaxIdleConns: 512, MaxIdleConnsPerHost: 512, DisableCompression: true}
	http.Serve(l, p)
}
