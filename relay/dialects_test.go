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

// everyDialect runs a test for each way in which an agent can serve the claim
// "garage", in the answer modes through and hold, each with a relay of its own.
func everyDialect(t *testing.T, o Options, run func(t *testing.T, tr *testRelay, dialect string, got *seen)) {
	t.Helper()
	for _, dialect := range append([]string{parkedMode}, allDialects...) {
		for _, answer := range []string{answerThrough, answerHold} {
			t.Run(dialect+" "+answer, func(t *testing.T) {
				t.Parallel()
				tr := startRelay(t, o)
				tr.claimOf(t, claimRecord{Name: "garage", Answer: answer})
				var got seen
				tr.agentOf(t, dialect, "garage", 2, got.record)
				run(t, tr, dialect, &got)
			})
		}
	}
}

// claimOf makes a claim of the token "me", or changes its settings.
func (tr *testRelay) claimOf(t testing.TB, rec claimRecord) *claim {
	t.Helper()
	rec.Token = "me"
	c, err := tr.dir.put(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// agentOf keeps n links in a dialect for a claim until the test ends; where one
// link carries several exchanges, there is one.
func (tr *testRelay) agentOf(t testing.TB, dialect, name string, n int, handle func(context.Context, *http1.Exchange)) {
	t.Helper()
	tr.agentBy(t, tr.dialer(), dialect, name, n, handle)
}

// foreignOf is agentOf for an agent that does not know what Homehook negotiates.
func (tr *testRelay) foreignOf(t testing.TB, dialect, name string, n int, handle func(context.Context, *http1.Exchange)) {
	t.Helper()
	d := tr.dialer()
	d.Ping, d.MaxLinks = 0, 0
	tr.agentBy(t, d, dialect, name, n, handle)
}

func (tr *testRelay) agentBy(t testing.TB, d *ptth.Dialer, dialect, name string, n int, handle func(context.Context, *http1.Exchange)) {
	t.Helper()
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
