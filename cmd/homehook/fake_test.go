package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// fakes are what may answer at a relay's address instead of one.
var fakes = map[string]http.HandlerFunc{
	// A network that shows its login to whoever has not logged in.
	"portal": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://login.hotel.example/?from=you")
		w.WriteHeader(http.StatusFound)
	},
	// A relay behind something that takes Upgrade out of requests.
	"stripped": func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/ptth/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Upgrade", "ptth, PTTH/1.0")
		http.Error(w, "an agent opens a link here", http.StatusUpgradeRequired)
	},
	"certificate": http.NotFound,
	// One that writes to the terminal of who asks.
	"hostile": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", "x\u009b2J\u202e")
		w.Header().Set("Upgrade", "evil\u009b2J")
		w.WriteHeader(http.StatusUpgradeRequired)
	},
}

func cmdFake(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || fakes[args[0]] == nil {
		ts.Fatalf("usage: fake portal|stripped|certificate|hostile")
	}
	s := httptest.NewUnstartedServer(fakes[args[0]])
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if args[0] == "certificate" {
		s.StartTLS()
	} else {
		s.Start()
	}
	ts.Defer(s.Close)
	ts.Setenv("FAKE", s.URL)
}

// cmdProxy starts a proxy for CONNECT that leads to the relay of the script,
// whatever port of relay.test is asked for.
func cmdProxy(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	want := ""
	if len(args) == 1 {
		want = "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+args[0]))
	}
	relay, seen := benchOf(ts).addr, ts.MkAbs("proxy.log")
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { proxyOne(nc, relay, want, seen) })
		}
	})
	ts.Defer(func() { l.Close(); wg.Wait() })
	ts.Setenv("PROXY", l.Addr().String())
}

func proxyOne(nc net.Conn, relay, want, seen string) {
	defer nc.Close()
	br := bufio.NewReader(nc)
	r, err := http.ReadRequest(br)
	if err != nil {
		return
	}
	if f, err := os.OpenFile(seen, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		fmt.Fprintln(f, r.Method, r.Host)
		f.Close()
	}
	switch {
	case r.Header.Get("Proxy-Authorization") != want:
		io.WriteString(nc, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return
	case !strings.HasPrefix(r.Host, "relay.test:"):
		io.WriteString(nc, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
		return
	}
	to, err := net.Dial("tcp", relay)
	if err != nil {
		return
	}
	defer to.Close()
	io.WriteString(nc, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { io.Copy(to, br); to.(*net.TCPConn).CloseWrite() }()
	io.Copy(nc, to)
}
