package relay

import (
	"context"
	"sync"
	"testing"

	"homehook/http1"
	"homehook/ptth"
)

// parked names PTTH/1.0 in its parked mode, where a test tells it from the
// immediate one.
const parkedMode = ptth.Dialect10 + "?park"

// everyDialect runs a test once for each way in which an agent can serve the
// claim "garage", each with a relay of its own.
func everyDialect(t *testing.T, o Options, run func(t *testing.T, tr *testRelay, dialect string, got *seen)) {
	t.Helper()
	for _, dialect := range append([]string{parkedMode}, allDialects...) {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			tr := startRelay(t, o)
			var got seen
			tr.agentOf(t, dialect, "garage", 2, got.record)
			run(t, tr, dialect, &got)
		})
	}
}

// agentOf keeps n links in a dialect for a claim until the test ends; where one
// link carries several exchanges, there is one.
func (tr *testRelay) agentOf(t testing.TB, dialect, name string, n int, handle func(context.Context, *http1.Exchange)) {
	t.Helper()
	d := tr.dialer()
	d.Dialect = dialect
	switch dialect {
	case parkedMode:
		d.Dialect = ptth.Dialect10
		d.Relay.Path, d.Relay.RawQuery = "/ptth/{name}", "park"
	case ptth.DialectPTTH:
		n = 1
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				l, err := d.Dial(ctx, name)
				if err != nil {
					if ctx.Err() == nil && tr.ends.Load() == 0 {
						t.Error(err)
					}
					return
				}
				stop := context.AfterFunc(ctx, func() { l.Close() })
				l.Serve(context.Background(), handle)
				stop()
			}
		})
	}
	t.Cleanup(func() { cancel(); wg.Wait() })
	tr.waitLinks(t, name, n)
}
