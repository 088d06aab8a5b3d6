package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/config"
	"homehook/agent/control"
)

func TestNewer(t *testing.T) {
	for _, tt := range []struct {
		version, mine string
		want          bool
	}{
		{"v1.2.3", "v1.2.2", true},
		{"1.2.3", "v1.2.2", true},
		{"v1.10.0", "v1.9.9", true},
		{"v2.0.0", "v1.99.99", true},
		{"v1.2.3+linux", "v1.2.2", true},
		{"v1.2.3", "v1.2.3", false},
		{"v1.2.2", "v1.2.3", false},
		{"v1.2.3", "v1.2.3-rc.1", true},
		{"v1.2.3-rc.1", "v1.2.2", false},
		{"v0.1.0", "v0.0.0-20260131080000-0123456789ab", true},
		{"v0.0.0", "v0.0.0-20260131080000-0123456789ab+dirty", true},
		{"v1.2.3", "(devel)", false},
		{"v1.2.3", "", false},
		{"", "v1.2.3", false},
		{"v1.2", "v1.1.0", false},
		{"v1.2.3.4", "v1.1.0", false},
		{"v1.02.3", "v1.1.0", false},
		{"v1.2.3-", "v1.1.0", false},
		{"v1.-2.3", "v1.1.0", false},
		{"v1.2.99999999999", "v1.1.0", false},
		{"v9.9.9+\x1b[31m", "v1.1.0", false},
		{"v9.9.9+" + strings.Repeat("x", 64), "v1.1.0", false},
	} {
		if got := newer(tt.version, tt.mine); got != tt.want {
			t.Errorf("newer(%q, %q) = %v", tt.version, tt.mine, got)
		}
	}
}

func TestParseFeed(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       control.Update // zero for an error
	}{
		{"as GitHub says it", `{"url": "https://api.example.com/1", "html_url": "https://example.com/v1.2.3", "tag_name": "v1.2.3", "name": "x"}`, control.Update{Version: "v1.2.3", URL: "https://example.com/v1.2.3"}},
		{"as a person writes it", `{"version": "1.2.3", "url": "https://example.com/new"}`, control.Update{Version: "1.2.3", URL: "https://example.com/new"}},
		{"without a page", `{"version": "1.2.3"}`, control.Update{Version: "1.2.3"}},
		{"a page that is no page", `{"version": "1.2.3", "html_url": "javascript:alert(1)", "url": "http://example.com/"}`, control.Update{Version: "1.2.3"}},
		{"a page that would write to a terminal", `{"version": "1.2.3", "url": "https://example.com/\u001b[31m"}`, control.Update{Version: "1.2.3"}},
		{"a page too long", `{"version": "1.2.3", "url": "https://example.com/` + strings.Repeat("x", 500) + `"}`, control.Update{Version: "1.2.3"}},
		{"no version", `{"version": "new"}`, control.Update{}},
		{"a version that would write to a terminal", `{"version": "1.2.3-\u001b[31m"}`, control.Update{}},
		{"a list", `[{"version": "1.2.3"}]`, control.Update{}},
		{"no JSON", `<html>`, control.Update{}},
		{"nothing", ``, control.Update{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseFeed([]byte(tt.text))
			if diff := cmp.Diff(tt.want, got); diff != "" || (err == nil) != (tt.want.Version != "") {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// FuzzParseFeed reads any answer.
func FuzzParseFeed(f *testing.F) {
	f.Add([]byte(`{"tag_name": "v1.2.3", "html_url": "https://example.com/v1.2.3"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		said, err := parseFeed(text)
		if strings.IndexFunc(said.Version+said.URL, unprintable) >= 0 || err == nil && said.Version == "" {
			t.Errorf("%+v", said)
		}
	})
}

func TestUpdates(t *testing.T) {
	conf := func(off bool, feed string, relays ...string) *config.Config {
		c := &config.Config{Updates: config.Updates{Off: off, Feed: feed}}
		for _, r := range relays {
			c.Relays = append(c.Relays, config.Relay{Name: r})
		}
		return c
	}
	u := updates{mine: "v1.0.0"}
	newest := func(want string) {
		t.Helper()
		got := ""
		if n := u.newest(); n != nil {
			got = strings.TrimSpace(n.Version + " " + n.URL)
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	u.configure(conf(false, "f", "a", "b"))
	newest("")
	if u.heard("a", "v0.9.0") || u.heard("a", "v1.0.0") || u.heard("b", "(devel)") {
		t.Error("nothing newer is news")
	}
	newest("")
	if !u.heard("a", "v1.1.0") || u.heard("a", "v1.1.0") {
		t.Error("a newer relay is news once")
	}
	newest("v1.1.0")
	if !u.read(control.Update{Version: "v1.2.0", URL: "https://example.com/"}) {
		t.Error("a feed with a newer one is news")
	}
	newest("v1.2.0 https://example.com/")
	u.read(control.Update{Version: "v1.1.0", URL: "https://example.com/"})
	newest("v1.1.0 https://example.com/") // with a page about it rather than without
	u.configure(conf(false, "", "a", "b"))
	newest("v1.1.0")
	u.configure(conf(true, "f", "a", "b"))
	newest("")
	if u.heard("b", "v9.0.0") {
		t.Error("news although nobody wants to know")
	}
	u.configure(conf(false, "", "b"))
	newest("v9.0.0")
	u.heard("b", "")
	newest("")
}

// feedServer answers with what it is told to, and counts.
func feedServer(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) (*httptest.Server, func() int) {
	var mu sync.Mutex
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s, func() int { mu.Lock(); defer mu.Unlock(); return n }
}

func TestReadFeed(t *testing.T) {
	s, _ := feedServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/latest", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/latest":
			if a := r.UserAgent(); a != "Homehook" || r.Header.Get("Cookie") != "" || r.URL.RawQuery != "" {
				t.Errorf("the feed learns %v", r.Header)
			}
			fmt.Fprint(w, `{"version": "v1.2.3"}`)
		case "/long":
			fmt.Fprintf(w, `{"version": "v1.2.3", "x": %q}`, strings.Repeat("x", feedMost))
		default:
			http.NotFound(w, r)
		}
	})
	for path, want := range map[string]string{
		"/latest": "", "/moved": "", "/round": "the feed answered 302", "/none": "the feed answered 404", "/long": "not JSON",
	} {
		said, err := readFeed(t.Context(), newFeedClient(), s.URL+path)
		if want == "" && (err != nil || said.Version != "v1.2.3") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, %v", path, said, err)
		}
	}
}

// roundTrip is a transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestFeedOnceADay follows a feed for days, over a restart and another address.
func TestFeedOnceADay(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		var said []control.Update
		begin := func() (*feed, func()) {
			f := newFeed(filepath.Join(dir, "updates.json"))
			f.soon = func(d time.Duration) time.Duration { return d / 2 }
			f.client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Round(time.Minute).String()+" "+r.URL.Host)
				w := httptest.NewRecorder()
				w.Write([]byte(`{"version": "v1.2.3"}`))
				return w.Result(), nil
			})}
			f.said, f.failed = func(u control.Update) { said = append(said, u) }, func(err error) { t.Error(err) }
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); f.run(ctx) }()
			return f, func() { cancel(); <-done }
		}
		f, stop := begin()
		f.follow("https://old.example")
		f.follow("https://one.example") // the last one counts
		time.Sleep(60 * time.Hour)
		stop()
		said = nil
		f, stop = begin()
		f.follow("https://one.example")
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(said) != 1 || said[0].Version != "v1.2.3" {
			t.Errorf("after a restart it knows %v", said)
		}
		f.follow("")
		time.Sleep(100 * time.Hour)
		f.follow("https://two.example")
		time.Sleep(time.Hour)
		stop()
		want := []string{"5m0s one.example", "26h5m0s one.example", "52h5m0s one.example", "161h5m0s two.example"}
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
	})
}

func TestFeedFails(t *testing.T) {
	f := newFeed(filepath.Join(t.TempDir(), "none", "updates.json"))
	failed := make(chan error, 2)
	f.failed, f.said = func(err error) { failed <- err }, func(control.Update) {}
	f.url = "http://127.0.0.1:1/"
	f.ask(t.Context())
	if err := <-failed; !strings.Contains(err.Error(), "ask for the newest version") || f.last.Asked.IsZero() {
		t.Errorf("%v, asked %v", err, f.last.Asked)
	}
	s, _ := feedServer(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"version": "v1.2.3"}`) })
	f.url = s.URL
	f.ask(t.Context())
	if err := <-failed; !strings.Contains(err.Error(), "keep what the feed said") {
		t.Error(err)
	}
	now := time.Now()
	f.soon = func(time.Duration) time.Duration { return 0 }
	for name, tt := range map[string]struct {
		asked time.Time
		want  time.Duration
	}{
		"just now": {now, feedEvery}, "long ago": {now.Add(-time.Hour * 100), 0}, "in the future": {now.Add(time.Hour), 0}, "never": {time.Time{}, 0},
	} {
		if f.last.Asked = tt.asked; f.delay(now) != tt.want {
			t.Errorf("%s: %v", name, f.delay(now))
		}
	}
}

// TestUpdateIsInTheStatus has an agent hear of a newer version.
func TestUpdateIsInTheStatus(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	s, asked := feedServer(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"version": "v9.9.9"}`) })
	h := startHome(t, conf(r.addr, respondRoute))
	h.stop()
	// What it knew before it ended.
	text, err := json.Marshal(feedFile{Feed: s.URL, Asked: time.Now(), Said: control.Update{Version: "v2.0.0", URL: "https://example.com/"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(feedPath(h.history()), text, 0o600); err != nil {
		t.Fatal(err)
	}
	h.write(t, conf(r.addr, respondRoute)+"updates: {feed: \""+s.URL+"\"}\n")
	h = openHome(t, h.dir)
	h.updates.mu.Lock()
	h.updates.mine = "v1.0.0"
	h.updates.mu.Unlock()
	eventually(t, "the status has it", func() bool {
		st, err := h.client.Status(t.Context())
		return err == nil && st.Update != nil && *st.Update == control.Update{Version: "v2.0.0", URL: "https://example.com/"}
	})
	h.noteRelay("test", "v3.0.0")
	if st, err := h.client.Status(t.Context()); err != nil || st.Update == nil || st.Update.Version != "v3.0.0" {
		t.Errorf("%+v, %v", st, err)
	}
	h.write(t, conf(r.addr, respondRoute)+"updates: {off: true}\n")
	eventually(t, "nothing is said any more", func() bool {
		st, err := h.client.Status(t.Context())
		return err == nil && st.Update == nil
	})
	if n := asked(); n != 0 {
		t.Errorf("the feed was asked %d times within a day", n)
	}
}
