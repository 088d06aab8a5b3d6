package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
	"homehook/agent/history"
)

// withoutKey ends an agent, takes the root key of its credentials away, and starts
// another one. back brings the key back, which the agent finds out by itself.
func (h *home) withoutKey(t *testing.T) (again *home, back func()) {
	t.Helper()
	h.stop()
	key := filepath.Join(h.dir, "state", "root.key")
	away := filepath.Join(h.dir, "root.key")
	if err := os.Rename(key, away); err != nil {
		t.Fatal(err)
	}
	return openHome(t, h.dir), func() {
		t.Helper()
		if err := os.Rename(away, key); err != nil {
			t.Fatal(err)
		}
	}
}

// claim is one of the agent's claims as status shows it.
func (h *home) claim(t *testing.T, name string) control.Claim {
	t.Helper()
	s, err := h.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(s.Claims, func(c control.Claim) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no claim %s: %+v", name, s.Claims)
	}
	return s.Claims[i]
}

// TestClaimsWaitForTheRootKey: those that need a credential have no link, all
// else goes on, and so do they when the key is there.
func TestClaimsWaitForTheRootKey(t *testing.T) {
	t.Parallel()
	r, free, checked := startRelay(t, "127.0.0.1:0", "hh_secret"), startRelay(t, "127.0.0.1:0", ""), startRelay(t, "127.0.0.1:0", "")
	h := startHome(t, fmt.Sprintf(`relays:
  - {name: test, url: "http://%s", token: relay/test}
  - {name: free, url: "http://%s"}
  - {name: checked, url: "http://%s"}
claims:
  - {name: garage, relay: test}
  - {name: open, relay: free}
  - {name: signed, relay: checked}
routes:
  - {name: hello, claim: garage, match: /hello, unverified: true, respond: {status: 201, body: "hi"}}
  - {name: hello there, claim: open, match: /hello, unverified: true, respond: {status: 202, body: "you"}}
  - {name: signed, claim: signed, match: /, verify: {scheme: github, secret: github}, respond: {status: 203}}
  - {name: off, claim: open, match: /off, off: true, verify: {scheme: github, secret: github}, respond: {status: 204}}
`, r.addr, free.addr, checked.addr))
	if err := h.client.SetCredential(t.Context(), "github", "hush"); err != nil {
		t.Fatal(err)
	}
	for _, one := range []*testRelay{r, free, checked} {
		eventually(t, "links", func() bool { return one.count() > 0 })
	}
	h.stop()
	before := [2]int{r.count(), checked.count()}
	h, back := h.withoutKey(t)
	for _, one := range []*testRelay{r, free, checked} {
		one.forget()
	}
	eventually(t, "the claim that needs nothing is connected", func() bool { return h.claim(t, "open").Connected })
	if g, err := free.send("", "POST /hello HTTP/1.1", ""); err != nil || g != (answer{202, "you"}) {
		t.Errorf("%+v, %v", g, err)
	}
	s, err := h.client.Status(t.Context())
	if err != nil || s.State != control.StateProblem || s.Credentials.Store != "file" || s.Credentials.State != control.CredentialsProblem ||
		!strings.Contains(s.Credentials.Text, "root.key") || len(s.Findings) != 1 || !strings.Contains(s.Findings[0].Text, "github, relay/test") {
		t.Errorf("%+v, %v", s, err)
	}
	for _, name := range []string{"garage", "signed"} {
		if c := h.claim(t, name); c.Connected || c.Links != 0 || c.Error != errUnreadable.Error() {
			t.Errorf("%+v", c)
		}
	}
	// Nothing of this asks for a value.
	list, err := h.client.Credentials(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "github" || list[0].Fingerprint != "" || list[0].Set.IsZero() || len(list[0].NeededBy) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if err := h.client.SetCredential(t.Context(), "github", "other"); !errors.Is(err, control.ErrConflict) {
		t.Errorf("set: %v", err)
	}
	if got := [2]int{r.count(), checked.count()}; got != before {
		t.Errorf("links were opened: %v, before %v", got, before)
	}
	began := time.Now()
	back()
	eventually(t, "all are connected", func() bool {
		s, err := h.client.Status(t.Context())
		return err == nil && s.State == control.StateConnected && s.Credentials.State == control.CredentialsReady && len(s.Findings) == 0
	})
	if took := time.Since(began); took >= 2*lookAgain {
		t.Errorf("it took %v", took)
	}
	if g, err := r.send("", "POST /hello HTTP/1.1", ""); err != nil || g.status != 201 {
		t.Errorf("%+v, %v", g, err)
	}
}

// TestConfigurationWhileTheRootKeyIsAway: a claim that comes to need a credential
// loses its links, and one that needs none any more gets them.
func TestConfigurationWhileTheRootKeyIsAway(t *testing.T) {
	t.Parallel()
	r := startRelay(t, "127.0.0.1:0", "")
	text := fmt.Sprintf("relays: [{name: test, url: \"http://%s\"}]\nclaims: [{name: garage}]\nroutes:\n", r.addr)
	h := startHome(t, text+respondRoute)
	h, _ = h.withoutKey(t)
	eventually(t, "connected", func() bool { return h.claim(t, "garage").Connected })
	h.write(t, text+"  - {name: signed, claim: garage, match: /, verify: {scheme: github, secret: relay/test}, respond: {status: 203}}\n")
	eventually(t, "not connected", func() bool { c := h.claim(t, "garage"); return !c.Connected && c.Error != "" })
	h.write(t, text+respondRoute)
	eventually(t, "connected again", func() bool { return h.claim(t, "garage").Connected })
}

// TestUnfinishedWaitsForTheRootKey: what an agent before has left gets no turn
// while a credential it needs cannot be read, however often it is due.
func TestUnfinishedWaitsForTheRootKey(t *testing.T) {
	t.Parallel()
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(200) })
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	signed := "  - {name: github, claim: garage, match: /github, verify: {scheme: github, secret: github}, forward: {to: \"" + a.URL + "\"}}\n"
	h := startHome(t, storing(r.addr, "", a.route("app", "")+signed))
	if err := h.opts.Credentials.Set("github", "hush"); err != nil {
		t.Fatal(err)
	}
	var ids []string
	h.crashed(t, func(j *history.Journal) {
		for i := range 3 {
			ids = append(ids, newID())
			begun(t, j, sent{id: ids[i], line: "POST /app", body: fmt.Sprint(i)}, 0)
		}
		// One whose time has come, and one that waits for a credential and has done
		// so for longer than that is waited for.
		for _, s := range []sent{
			{id: newID(), line: "POST /app", body: "due"},
			{id: newID(), line: "POST /github", body: "old", fields: signedAt(t, "github", "hush", "old", time.Now()), received: time.Now().Add(-2 * longestUnchecked)},
		} {
			ids = append(ids, s.id)
			rec := stored(t, s)
			rec.State, rec.Due = history.Waiting, time.Now().Add(-time.Minute)
			if rec.Received = time.Now(); !s.received.IsZero() {
				rec.Received = s.received
			}
			if err := j.Begin(rec, true); err != nil {
				t.Fatal(err)
			}
		}
	})
	h, back := h.withoutKey(t)
	eventually(t, "the claim says why", func() bool { return h.claim(t, "garage").Error != "" })
	h.inbox.executor.wakeUnchecked()
	if lined, waiting := h.inbox.executor.queue(); lined+waiting != len(ids) || len(a.bodies()) > 0 {
		t.Errorf("%d in line, %d waiting; the app saw %v", lined, waiting, a.bodies())
	}
	if _, err := h.client.Replay(t.Context(), ids[0], control.Replay{}); !errors.Is(err, control.ErrConflict) || !strings.Contains(err.Error(), "it would need a credential") {
		t.Errorf("%v", err)
	}
	back()
	for _, id := range ids {
		if rec := h.record(t, id, "succeeded"); rec.Attempts != 1 {
			t.Errorf("%+v", rec.Delivery)
		}
	}
	if n := len(a.bodies()); n != len(ids) {
		t.Errorf("the app saw %v", a.bodies())
	}
}

// TestRedactionWaitsForTheRootKey: nothing comes into the history that could not
// be sealed, and what is sealed in it is not given up.
func TestRedactionWaitsForTheRootKey(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	a := startApp(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			w.WriteHeader(503)
			close(release)
		}
	})
	// No claim of it needs a credential but for the history.
	r := startRelay(t, "127.0.0.1:0", "")
	text := fmt.Sprintf("relays: [{name: test, url: \"http://%s\"}]\nclaims: [{name: garage}]\nhistory: {redact: [json.pin]}\nroutes:\n", r.addr) + a.route("app", ", background: true")
	h := startHome(t, text)
	s := sent{id: newID(), line: "POST /app", body: `{"pin": 1234}`}
	if g := r.must(t, s); g.status != 202 {
		t.Fatalf("%+v", g)
	}
	<-release
	h.record(t, s.id, "waiting")
	h, back := h.withoutKey(t)
	eventually(t, "the claim says why", func() bool { c := h.claim(t, "garage"); return !c.Connected && c.Error != "" })
	st, err := h.client.Status(t.Context())
	if err != nil || st.State != control.StateProblem || !slices.ContainsFunc(st.Findings, func(f control.Finding) bool { return f.Check == checkHistory }) {
		t.Errorf("%+v, %v", st, err)
	}
	if _, err := h.client.Retry(t.Context(), s.id); err != nil {
		t.Error(err) // it gets its place in line, and no turn
	}
	if _, err := h.client.Replay(t.Context(), s.id, control.Replay{}); err == nil {
		t.Error("a replay came into the history")
	}
	back()
	if rec := h.record(t, s.id, "succeeded"); !rec.Redacted || string(rec.Body) != `{"pin": "[redacted]"}` {
		t.Errorf("%+v", rec)
	}
	if seen := a.bodies(); len(seen) != 2 || seen[1] != s.body {
		t.Errorf("the app saw %v", seen)
	}
	eventually(t, "links", func() bool { return h.claim(t, "garage").Connected })
}

// TestLostSealOfTheHistory: a key that is spoiled for good stops what it is for,
// and a new one is made when it is removed.
func TestLostSealOfTheHistory(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, conf(r.addr, respondRoute)+"history: {redact: [json.pin]}\n")
	if err := h.client.SetCredential(t.Context(), sealName, "x"); !errors.Is(err, control.ErrInvalid) {
		t.Errorf("set by hand: %v", err)
	}
	if err := h.client.RotateCredential(t.Context(), sealName, "x", 0); !errors.Is(err, control.ErrInvalid) {
		t.Errorf("rotated by hand: %v", err)
	}
	if err := h.client.RemoveCredential(t.Context(), sealName); !errors.Is(err, control.ErrInvalid) {
		t.Errorf("removed while it is good: %v", err)
	}
	if err := h.opts.Credentials.Set(sealName, "no key"); err != nil {
		t.Fatal(err)
	}
	h = h.reopen(t)
	s, err := h.client.Status(t.Context())
	if err != nil || s.State != control.StateProblem || len(s.Findings) != 1 || !strings.Contains(s.Findings[0].Remedy, "homehook secret remove history/seal") {
		t.Errorf("%+v, %v", s, err)
	}
	if err := h.client.RemoveCredential(t.Context(), sealName); err != nil {
		t.Fatal(err)
	}
	eventually(t, "connected", func() bool { return h.claim(t, "garage").Connected })
	list, err := h.client.Credentials(t.Context())
	if err != nil || list[0].Name != sealName || list[0].NeededBy[0] != (control.Need{Kind: "history", Name: "redact"}) {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestRotationOfASecret: senders are checked with every value, and the newest one
// is what this machine says itself.
func TestRotationOfASecret(t *testing.T) {
	r, h, a := verifying(t, "")
	try := func(secret string) int {
		t.Helper()
		body := newID()
		return r.must(t, sent{line: "POST /github", body: body, fields: signedAt(t, "github", secret, body, time.Now())}).status
	}
	ctx := t.Context()
	if err := h.client.RotateCredential(ctx, "github", "second", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := h.client.RotateCredential(ctx, "github", "third", 0); err != nil {
		t.Fatal(err)
	}
	list, err := h.client.Credentials(ctx)
	if err != nil || len(list[0].Values) != 3 || !list[0].Values[1].Until.IsZero() || list[0].Values[2].Until.IsZero() || list[0].Fingerprint != list[0].Values[0].Fingerprint {
		t.Errorf("%+v, %v", list, err)
	}
	for secret, want := range map[string]int{"hush": 200, "second": 200, "third": 200, "fourth": 401} {
		if got := try(secret); got != want {
			t.Errorf("%s: %d", secret, got)
		}
	}
	if v, err := h.inbox.secret("github"); err != nil || string(v) != "third" {
		t.Errorf("%s, %v", v, err)
	}
	if err := h.client.RemoveOldValues(ctx, "github"); err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]int{"hush": 401, "second": 401, "third": 200} {
		if got := try(secret); got != want {
			t.Errorf("without the old ones, %s: %d", secret, got)
		}
	}
	if n := len(a.bodies()); n != 4 {
		t.Errorf("%d ran", n)
	}
	// The newest token is the one that the relay gets.
	if err := h.client.RotateCredential(ctx, "relay/test", "hh_other", 0); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new token is refused", func() bool { return strings.Contains(h.claim(t, "garage").Error, "the token is not known") })
	for _, err := range []error{h.client.RotateCredential(ctx, "none", "x", 0), h.client.RemoveOldValues(ctx, "none")} {
		if !errors.Is(err, control.ErrNotFound) {
			t.Errorf("%v", err)
		}
	}
}

// TestMoveOfTheRootKey: an agent goes on with it, and the next one finds it.
func TestMoveOfTheRootKey(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "homehook-root-key"), []byte("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	r, h, _ := verifying(t, "")
	links := r.count
	eventually(t, "all links are up", func() bool { return links() == idleDirect })
	for _, tt := range []struct {
		move control.MoveCredentials
		want error
		now  string
	}{
		{control.MoveCredentials{Place: "systemd"}, nil, "systemd"},
		{control.MoveCredentials{Place: "elsewhere"}, control.ErrInvalid, "systemd"},
		{control.MoveCredentials{Place: "plain"}, control.ErrInvalid, "systemd"},
		{control.MoveCredentials{Place: "passphrase"}, control.ErrInvalid, "systemd"},
		{control.MoveCredentials{Place: "file", Passphrase: "x"}, control.ErrInvalid, "systemd"},
		{control.MoveCredentials{Place: "file", Anew: true}, control.ErrConflict, "systemd"},
		{control.MoveCredentials{Place: "passphrase", Passphrase: "short"}, control.ErrInvalid, "systemd"},
		{control.MoveCredentials{Place: "passphrase", Passphrase: "correct horse"}, nil, "passphrase"},
		{control.MoveCredentials{Place: "file"}, nil, "file"},
	} {
		got, err := h.client.MoveCredentials(t.Context(), tt.move)
		if !errors.Is(err, tt.want) || err == nil && (got.Store != tt.now || got.State != control.CredentialsReady) {
			t.Errorf("%+v: %+v, %v", tt.move, got, err)
		}
		if s, err := h.client.Status(t.Context()); err != nil || s.Credentials.Store != tt.now {
			t.Errorf("%+v: %+v, %v", tt.move, s.Credentials, err)
		}
	}
	if links() != idleDirect {
		t.Error("links were given up for it")
	}
	h = h.reopen(t)
	if v, err := h.opts.Credentials.Get("github"); err != nil || v != "hush" {
		t.Errorf("%s, %v", v, err)
	}
}

// TestMoveWithItsPassphrase: an agent that nobody has given the passphrase, as one
// that a service manager starts, is given it with the move to another place.
func TestMoveWithItsPassphrase(t *testing.T) {
	_, h, _ := verifying(t, "")
	if _, err := h.client.MoveCredentials(t.Context(), control.MoveCredentials{Place: "passphrase", Passphrase: "correct horse"}); err != nil {
		t.Fatal(err)
	}
	h = h.reopen(t)
	for _, tt := range []struct {
		current, want string
	}{
		{"", "none was given"},
		{"wrong horse", "the passphrase is not that of"},
	} {
		_, err := h.client.MoveCredentials(t.Context(), control.MoveCredentials{Place: "file", Current: tt.current})
		if !errors.Is(err, control.ErrConflict) || !strings.Contains(err.Error(), tt.want) || tt.current != "" && strings.Contains(err.Error(), tt.current) {
			t.Errorf("with %q: %v", tt.current, err)
		}
	}
	got, err := h.client.MoveCredentials(t.Context(), control.MoveCredentials{Place: "file", Current: "correct horse"})
	if err != nil || got.Store != "file" || got.State != control.CredentialsReady {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestLostRootKey: begun anew, the names are there, and each is set again.
func TestLostRootKey(t *testing.T) {
	r, h, _ := verifying(t, "")
	h, _ = h.withoutKey(t)
	r.forget()
	got, err := h.client.MoveCredentials(t.Context(), control.MoveCredentials{Place: "file", Anew: true})
	if err != nil || got.State != control.CredentialsReady {
		t.Fatalf("%+v, %v", got, err)
	}
	list, err := h.client.Credentials(t.Context())
	if err != nil || len(list) != 3 || !list[0].Damaged || len(list[0].Values) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	for name, value := range map[string]string{"relay/test": "hh_secret", "github": "hush", "stripe": stripeSecret} {
		if err := h.client.SetCredential(context.Background(), name, value); err != nil {
			t.Error(err)
		}
	}
	if g := r.must(t, sent{line: "POST /github", body: "x", fields: signedAt(t, "github", "hush", "x", time.Now())}); g.status != 200 {
		t.Errorf("%+v", g)
	}
}
