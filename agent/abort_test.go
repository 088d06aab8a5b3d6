package agent

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// TestAbort ends a handler that would have run on, long before the time that
// handlers get when the agent stops, and from several goroutines.
func TestAbort(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
	}))
	defer app.Close()
	defer close(release)
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, fmt.Sprintf("  - {name: app, claim: garage, match: /, unverified: true, forward: {to: %q}}\n", app.URL)))
	got := make(chan answer, 1)
	go func() {
		a, _ := r.send("", "GET / HTTP/1.1", "")
		got <- a
	}()
	<-entered
	began := time.Now()
	stopped := make(chan struct{})
	go func() { h.stop(); close(stopped) }()
	eventually(t, "the agent is ending", func() bool {
		_, err := h.client.Status(context.Background())
		return err != nil
	})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(h.Abort)
	}
	wg.Wait()
	<-stopped
	if a, took := <-got, time.Since(began); a.status != 503 || took >= finishing {
		t.Errorf("the running exchange got %v, and the agent ended after %v", a, took)
	}
	h.Abort() // an agent that has ended takes it too
}
