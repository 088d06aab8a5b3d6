package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"homehook/agent/control"
	"homehook/routes"
)

const (
	feedEvery   = 24 * time.Hour
	feedJitter  = 4 * time.Hour    // so that not all homes ask at the same time
	feedFirst   = 10 * time.Minute // how soon one is asked that never was, at most
	feedTimeout = 30 * time.Second
	feedMost    = 1 << 20 // bytes of an answer
)

// feed asks one address for the newest version. Its run method owns it.
type feed struct {
	path   string       // of the file that keeps what was asked and said
	client *http.Client // nil for the usual
	said   func(control.Update)
	failed func(error)
	wake   chan string // the address to ask from now on; "" asks none
	soon   func(time.Duration) time.Duration

	url  string
	last feedFile
}

// feedFile is what is kept over a restart: an agent that is started all the time
// does not ask more often for that.
type feedFile struct {
	Feed  string         `json:"feed"`
	Asked time.Time      `json:"asked"`
	Said  control.Update `json:"said"`
}

// feedPath is where an agent with that history keeps what its feed said.
func feedPath(history string) string { return filepath.Join(filepath.Dir(history), "updates.json") }

// newFeed recalls what was asked before. A file that cannot be read is none.
func newFeed(path string) *feed {
	f := &feed{path: path, wake: make(chan string, 1), soon: rand.N[time.Duration]}
	text, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(text, &f.last) != nil {
		f.last = feedFile{}
	}
	return f
}

// follow names the address to ask. The last one named counts.
func (f *feed) follow(address string) {
	for {
		select {
		case f.wake <- address:
			return
		default:
		}
		select {
		case <-f.wake:
		default:
		}
	}
}

// run asks the feed once a day until ctx ends.
func (f *feed) run(ctx context.Context) {
	t := time.NewTimer(time.Hour)
	defer t.Stop()
	t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case address := <-f.wake:
			if address == f.url {
				continue
			}
			f.begin(address)
		case <-t.C:
			f.ask(ctx)
		}
		t.Stop()
		if f.url != "" {
			t.Reset(f.delay(time.Now()))
		}
	}
}

// begin follows another address.
func (f *feed) begin(address string) {
	f.url = address
	if address == "" {
		return
	}
	if f.last.Feed != address {
		f.last = feedFile{Feed: address}
	}
	if f.last.Said.Version != "" {
		f.said(f.last.Said)
	}
}

// delay is how long to wait before the feed is asked. A clock that was set back
// does not put it off for ever.
func (f *feed) delay(now time.Time) time.Duration {
	since := now.Sub(f.last.Asked)
	if f.last.Asked.IsZero() || since < 0 || since >= feedEvery {
		return f.soon(feedFirst)
	}
	return feedEvery - since + f.soon(feedJitter)
}

// ask asks the feed, and notes that whatever came of it.
func (f *feed) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, feedTimeout)
	defer cancel()
	client := f.client
	if client == nil {
		client = newFeedClient()
		defer client.CloseIdleConnections()
	}
	said, err := readFeed(ctx, client, f.url)
	if context.Cause(ctx) == context.Canceled {
		return
	}
	f.last.Asked = time.Now()
	if err == nil {
		f.last.Said = said
	}
	text, jsonErr := json.Marshal(f.last)
	if jsonErr == nil {
		jsonErr = putInPlace(f.path, append(text, '\n'))
	}
	switch {
	case err != nil:
		f.failed(err)
	case jsonErr != nil:
		f.failed(fmt.Errorf("keep what the feed said: %w", jsonErr))
	}
	if err == nil {
		f.said(said)
	}
}

// errHomely reports a feed that leads where its host has no business.
var errHomely = errors.New("the feed leads to an address of this machine or its network")

// feedHop is one request that a feed led to from another host.
type feedHop struct{}

// newFeedClient asks hosts that nobody else has to do with. A feed that is elsewhere
// may lead to other hosts, though not to this machine or its network.
func newFeedClient() *http.Client {
	open := &net.Dialer{}
	guarded := &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err == nil && routes.Homely(to.Addr()) {
			err = errHomely
		}
		return err
	}}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if led, _ := ctx.Value(feedHop{}).(string); led == addr {
			return guarded.DialContext(ctx, network, addr)
		}
		return open.DialContext(ctx, network, addr) // the feed itself, or a proxy
	}
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: dial, ForceAttemptHTTP2: true, DisableKeepAlives: true},
		CheckRedirect: followFeed,
	}
}

// followFeed allows what a feed may lead to. Nobody learns from where.
func followFeed(next *http.Request, via []*http.Request) error {
	if len(via) > 5 || via[0].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	next.Header.Del("Referer")
	if next.URL.Host == via[0].URL.Host {
		return nil
	}
	// Behind a proxy nothing but the name is seen here.
	host := plainHost(next.URL.Hostname())
	if host == "localhost" || routes.HomelyName(host) && !isPublic(host) {
		return errHomely
	}
	led := context.WithValue(next.Context(), feedHop{}, net.JoinHostPort(next.URL.Hostname(), portOf(next.URL.String())))
	*next = *next.WithContext(led)
	return nil
}

// readFeed asks an address for the newest version. The host learns from where,
// and nothing else.
func readFeed(ctx context.Context, client *http.Client, address string) (said control.Update, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return said, err
	}
	req.Header.Set("User-Agent", "Homehook")
	req.Header.Set("Accept", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return said, fmt.Errorf("ask for the newest version: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return said, fmt.Errorf("ask for the newest version: the feed answered %d", res.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, feedMost))
	if err != nil {
		return said, fmt.Errorf("ask for the newest version: %w", err)
	}
	return parseFeed(text)
}

// errNoVersion reports a feed that is none.
var errNoVersion = errors.New("the feed is not JSON with a tag_name or version such as v1.2.3")

// parseFeed reads what a feed says: of a version, and of a page about it. An
// address that is none for a browser is left out.
func parseFeed(text []byte) (said control.Update, err error) {
	var f struct {
		TagName string `json:"tag_name"`
		Version string `json:"version"`
		HTMLURL string `json:"html_url"`
		URL     string `json:"url"`
	}
	if json.Unmarshal(text, &f) != nil {
		return said, errNoVersion
	}
	said.Version = f.TagName
	if said.Version == "" {
		said.Version = f.Version
	}
	if _, _, ok := releaseOf(said.Version); !ok {
		return control.Update{}, errNoVersion
	}
	for _, page := range []string{f.HTMLURL, f.URL} {
		u, err := url.Parse(page)
		if err == nil && u.Scheme == "https" && u.Host != "" && len(page) <= 500 && strings.IndexFunc(page, unprintable) < 0 {
			said.URL = page
			break
		}
	}
	return said, nil
}
