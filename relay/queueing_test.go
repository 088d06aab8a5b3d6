package relay

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"homehook/http1"
	"homehook/relay/queue"
)

// TestQueueLimits refuses what is beyond the claim's or the relay's limits, and
// drops nothing.
func TestQueueLimits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		own    Options
		limits queueJSON
		status int
	}{
		{"items", Options{}, queueJSON{MaxItems: 3}, 429},
		{"items of the relay", Options{MaxQueue: 3}, queueJSON{MaxItems: 1000}, 429},
		{"bytes", Options{}, queueJSON{MaxBytes: 1500}, 507},
		{"bytes of the relay", Options{MaxQueueBytes: 1500}, queueJSON{}, 507},
		{"age", Options{MaxQueueAge: 50 * time.Millisecond}, queueJSON{}, 507},
	}
	for _, mode := range []string{answerHold, answerStore} {
		for _, tt := range tests {
			t.Run(mode+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				tt.own.AwayAfter = time.Millisecond
				tr := startRelay(t, tt.own)
				tr.claimOf(t, claimRecord{Name: "garage", Answer: mode, More: moreSettings{Queue: &tt.limits}})
				var n int
				var got string
				for end := time.Now().Add(10 * time.Second); time.Now().Before(end); n++ {
					if got = tr.raw(t, postOf("/x")); !strings.HasPrefix(got, "HTTP/1.1 202 ") {
						break
					}
				}
				if !strings.HasPrefix(got, "HTTP/1.1 "+itoa(tt.status)+" ") || !strings.Contains(got, "\r\nRetry-After: ") {
					t.Errorf("got %q", got)
				}
				if tr.queued() != n || n < 1 {
					t.Errorf("%d in the queue, %d were accepted", tr.queued(), n)
				}
				h := &home{}
				tr.agent(t, "garage", 1, h.handle)
				tr.emptied(t)
				if status, _ := tr.ask(t, postOf("/again")); status/100 != 2 {
					t.Errorf("behind it: %d", status)
				}
			})
		}
	}
}

// TestQueueBroken closes the queue under the relay: nobody gets 202, but home's own
// answer still passes, even if it comes late.
func TestQueueBroken(t *testing.T) {
	tr := startRelay(t, Options{AwayAfter: time.Millisecond})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold, More: moreSettings{HoldMS: 100}})
	if err := tr.queue().Close(); err != nil {
		t.Fatal(err)
	}
	if got := tr.raw(t, postOf("/away")); !strings.HasPrefix(got, "HTTP/1.1 507 ") || !strings.Contains(got, "\r\nRetry-After: ") {
		t.Errorf("home away: %q", got)
	}
	tr.agent(t, "garage", 1, func(_ context.Context, x *http1.Exchange) {
		if strings.HasSuffix(string(x.Request.Target), "slow") {
			becomes(5*time.Second, func() bool { return strings.Count(tr.log.String(), "delivery not stored") == 2 })
		}
		keep(x, 200, "home")
	})
	for _, path := range []string{"/fast", "/slow"} {
		if status, body := tr.ask(t, postOf(path)); status != 200 || body != "home" {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	if status, _ := tr.ask(t, postOf("/store")); status != 507 {
		t.Errorf("store: %d", status)
	}
}

// TestReleaseWithQueue: a claim with deliveries in the queue is released on demand
// only, and who has the name next gets nothing of them.
func TestReleaseWithQueue(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	tr.fill(t, 3)
	_, body := call(t, tr, "GET", "/api/claims", tr.token, "")
	var claims []claimJSON
	if err := json.Unmarshal(body, &claims); err != nil || len(claims) != 1 || claims[0].Queued != 3 || claims[0].QueuedBytes < 100 {
		t.Errorf("%s, %v", body, err)
	}
	for _, q := range []string{"", "?discard=false", "?discard="} {
		res, body := call(t, tr, "DELETE", "/api/claims/garage"+q, tr.token, "")
		checkProblem(t, res, body, 409, "3 deliveries of this claim wait for home and would be lost")
	}
	if n := tr.queued(); n != 3 {
		t.Errorf("%d in the queue", n)
	}
	other, err := tr.CreateToken(t.Context(), "other", 1)
	if err != nil {
		t.Fatal(err)
	}
	if res, _ := call(t, tr, "DELETE", "/api/claims/garage?discard=true", other, ""); res.StatusCode != 404 || tr.queued() != 3 {
		t.Errorf("another's claim: %d, %d in the queue", res.StatusCode, tr.queued())
	}
	if res, _ := call(t, tr, "DELETE", "/api/claims/garage?discard=true", tr.token, ""); res.StatusCode != 204 || tr.queued() != 0 {
		t.Errorf("got %d, %d in the queue", res.StatusCode, tr.queued())
	}
	if status, _ := tr.ask(t, postOf("/gone")); status != 404 || tr.queued() != 0 {
		t.Errorf("released: %d, %d in the queue", status, tr.queued())
	}
}

// TestRegistrationWithQueue: a name claimed over ReverseHttp stays while something
// waits for it, though its lease is over.
func TestRegistrationWithQueue(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.register(t, "")
	c := tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	tr.fill(t, 1)
	c.lease.Store(1)
	tr.dir.expire(t.Context())
	if tr.dir.claim([]byte("garage")) != c || tr.queued() != 1 {
		t.Errorf("the claim is gone, or its delivery: %d in the queue", tr.queued())
	}
}

// TestDamagedItem: what cannot be sent at all stands aside, and is not lost.
func TestDamagedItem(t *testing.T) {
	tr := startRelay(t, Options{})
	c := tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	for _, it := range []queue.Item{
		{ID: "short", Head: []byte("GET / HTTP/1.1\r\n"), Origin: []byte(`{"token":"me"}`)},
		{ID: strings.Repeat("i", 36), Head: []byte("GET / HTTP/9.9\r\n"), Origin: []byte(`{"token":"me"}`)},
		{ID: strings.Repeat("j", 36), Head: []byte("GET / HTTP/1.1\r\n"), Origin: []byte(`{"token":"me","prefix":"/~garage"}`)},
		{ID: strings.Repeat("k", 36), Head: []byte("GET / HTTP/1.1\r\n"), Origin: []byte(`x`)},
	} {
		it.Claim, it.Received = "garage", time.Now()
		spool := tr.queue().NewSpool()
		if err := tr.queue().Put(t.Context(), &it, spool, queue.Limits{}); err != nil {
			t.Fatal(err)
		}
		spool.Close()
	}
	tr.accepted(t, "/good")
	c.line.kick(tr.Relay)
	h := &home{}
	tr.agent(t, "garage", 2, h.handle)
	defer func() {
		if t.Failed() {
			t.Log(tr.log)
		}
	}()
	waitFor(t, "the good one is home", func() bool { return tr.queued() == 3 && len(h.order()) == 1 })
	if s := tr.queue().Stats(); s.Lost != 1 {
		t.Errorf("%+v", s) // the one whose origin says nothing
	}
	tr.waitLinks(t, "garage", 2)
}

// TestSettingsMigrate brings data of the schema before up to date, beside a copy.
func TestSettingsMigrate(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", storeURL(filepath.Join(dir, storeFile)))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"migrations/0001_tokens_and_claims.sql", "migrations/0002_registrations.sql"} {
		text, err := migrations.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(string(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(`PRAGMA user_version = 2; INSERT INTO tokens VALUES ('me', randomblob(32), 1, 0, 5);
		INSERT INTO claims VALUES ('old', 'me', 'through', 7, 1)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	r := openRelay(t, Options{Data: dir})
	rec := r.dir.claim([]byte("old")).record()
	if rec.Answer != answerThrough || rec.MaxBody != 7 || rec.More != (moreSettings{}) {
		t.Errorf("got %+v", rec)
	}
	info, err := os.Stat(filepath.Join(dir, storeFile+".v2"))
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Fatalf("the copy: %v %v", info, err)
	}
	saved, err := sql.Open("sqlite", storeURL(filepath.Join(dir, storeFile+".v2")))
	if err != nil {
		t.Fatal(err)
	}
	defer saved.Close()
	var name string
	if err := saved.QueryRow("SELECT name FROM claims").Scan(&name); err != nil || name != "old" {
		t.Errorf("the copy has %q, %v", name, err)
	}
}

// FuzzParcelOf reads items of any kind: what cannot be sent is refused, and never
// breaks the relay.
func FuzzParcelOf(f *testing.F) {
	f.Add([]byte("GET /~a/b HTTP/1.1\r\nHost: r\r\n"), []byte(`{"addr":"192.0.2.1","for":"for=192.0.2.1","prefix":"/~a","forwards":3,"answer":"hold"}`), []byte("A: b\r\n"))
	f.Add([]byte("POST http://a.b?c HTTP/1.0\r\n\r\n"), []byte(`{"http2":true,"host":"a.b"}`), []byte(""))
	r := &Relay{via: []byte("1.1 x"), viaOld: []byte("1.0 x"), viaTwo: []byte("2.0 x")}
	c := newClaim(&claimRecord{Name: "a"}, poolLimits{})
	f.Fuzz(func(t *testing.T, head, origin, trailer []byte) {
		it := &queue.Item{ID: strings.Repeat("i", 36), Head: head, Origin: origin, Trailer: trailer}
		p, err := r.parcelOf(c, it, strings.NewReader("body"))
		if err != nil {
			return
		}
		p.link, p.after = &link{}, []byte("none")
		p.link.traits.Ours = true
		if _, err := http1.HeadRequest(p.writeHead, http1.Limits{Head: 1 << 20, Target: 1 << 20, Fields: 1000}); err != nil {
			t.Errorf("it is sent as a bad head: %v", err)
		}
	})
}
