package routes

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"homehook/http1"
)

// TestMain lets the test binary play the scripts that tests run, so that they
// run on every system.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "play" {
		os.Exit(play(os.Args[2], os.Args[3:]))
	}
	if mode := os.Getenv("PLAY_CGI"); mode != "" {
		os.Exit(playCGI(mode))
	}
	goleak.VerifyTestMain(m)
}

// compileOne compiles one route for the claim "c" and closes it with the test.
func compileOne(t testing.TB, s Spec) *Route {
	t.Helper()
	if s.Match == "" {
		s.Match = "/"
	}
	s.Name, s.Claim, s.Unverified = "r", "c", s.Verify == nil
	table, problems := Compile([]Spec{s})
	if problems != nil {
		t.Fatalf("problems: %+v", problems)
	}
	t.Cleanup(table.Close)
	return table.claims["c"][0]
}

// served is one exchange as its handler saw it end.
type served struct {
	Result
	status   int
	finished bool
}

// front is an agent in small: it takes requests on a loopback socket and
// serves them with a route.
type front struct {
	addr    string
	results chan served
	cancel  context.CancelFunc // ends the attempts
}

func serveRoute(t testing.TB, r *Route) *front {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	work, stop := context.WithCancel(context.Background())
	f := &front{addr: l.Addr().String(), results: make(chan served, 1000), cancel: stop}
	handle := func(_ context.Context, x *http1.Exchange) {
		d := &Delivery{ID: "0199", Claim: "c", Route: r.Name, Attempt: 1, Remote: "192.0.2.7", Received: time.Now(), Request: x.Request}
		res := r.Serve(work, d, x)
		select {
		case f.results <- served{res, x.Status, x.Finished()}:
		default:
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { http1.NewConn(nc, http1.Limits{IdleTimeout: -1}).Serve(ctx, handle) })
		}
	})
	t.Cleanup(func() { l.Close(); cancel(); stop(); wg.Wait() })
	return f
}

// result returns how the next exchange ended.
func (f *front) result(t testing.TB) served {
	t.Helper()
	select {
	case r := <-f.results:
		return r
	case <-time.After(15 * time.Second):
		t.Fatal("the exchange did not end")
		return served{}
	}
}

// self is the path of the test binary, which the checks of a command accept.
func self(t testing.TB) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		t.Fatal(err)
	}
	return exe
}
