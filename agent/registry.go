package agent

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"homehook/agent/control"
	"homehook/ptth"
)

// registry speaks the claims API of one relay: settings of claims go there,
// and their public URLs come from there. Relays of other makes have none.
type registry struct {
	dialer *ptth.Dialer
	client *http.Client
	// version, if set, is told which version an answer says that the relay runs.
	version func(string)
}

// errForeign reports a relay without a claims API.
var errForeign = errors.New("relay has no claims API")

const registryTimeout = 10 * time.Second

// newRegistry makes a registry that reaches the relay as links do.
func newRegistry(d *ptth.Dialer) *registry {
	open := func(scheme string) func(context.Context, string, string) (net.Conn, error) {
		return func(ctx context.Context, _, addr string) (net.Conn, error) {
			return d.Connect(ctx, &url.URL{Scheme: scheme, Host: addr})
		}
	}
	t := &http.Transport{DialContext: open("http"), DialTLSContext: open("https"), DisableKeepAlives: true}
	return &registry{dialer: d, client: &http.Client{Transport: t, Timeout: registryTimeout, CheckRedirect: follow}}
}

// follow allows what keeps method, body and host: nobody else is to see the
// token.
func follow(next *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	status := next.Response.StatusCode
	if status != 307 && status != 308 || len(via) > 5 || next.URL.Host != from.Host || next.URL.Scheme != from.Scheme {
		return http.ErrUseLastResponse
	}
	return nil
}

// ours reports whether the relay has a claims API. It asks without the token:
// on a relay of another make the path may be somebody's claim.
func (r *registry) ours(ctx context.Context) (bool, error) {
	res, err := r.ask(ctx, http.MethodGet, r.dialer.Relay.JoinPath("api", "claims"), "", nil)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	known := res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusOK
	return known && strings.Contains(res.Header.Get("Content-Type"), "json"), nil
}

// told is what a relay says of a claim.
type told struct {
	URL    string `json:"url"`
	Queued int    `json:"queued"` // deliveries that it keeps
}

// put states the settings of a claim and returns what the relay says of it.
func (r *registry) put(ctx context.Context, name string, s *settings) (told, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return told{}, err
	}
	var t told
	if err := r.do(ctx, http.MethodPut, r.dialer.Relay.JoinPath("api", "claims", name), body, &t); err != nil {
		return told{}, err
	}
	if u, err := url.Parse(t.URL); err != nil || u.Host == "" {
		return told{}, errForeign
	}
	return t, nil
}

// guess is the public URL of a claim at a relay that cannot tell.
func (r *registry) guess(name string, about ptth.About) string {
	if strings.Contains(r.dialer.Relay.Path, "{name}") {
		u := *r.dialer.Relay
		u.Path, u.RawPath, u.RawQuery = strings.ReplaceAll(u.Path, "{name}", name), "", ""
		return u.JoinPath("/").String()
	}
	if about.Parked {
		return r.dialer.Relay.JoinPath(name, "/").String()
	}
	return r.dialer.Relay.JoinPath("~"+name, "/").String()
}

// remove releases a claim. A claim that the relay does not know is released. With
// discard the relay forgets the deliveries that it keeps for it; without, it
// refuses while there are any.
func (r *registry) remove(ctx context.Context, name string, discard bool) error {
	u := r.dialer.Relay.JoinPath("api", "claims", name)
	if discard {
		u.RawQuery = "discard=true"
	}
	return r.do(ctx, http.MethodDelete, u, nil, nil)
}

func (r *registry) do(ctx context.Context, method string, u *url.URL, body []byte, into any) error {
	res, err := r.ask(ctx, method, u, r.dialer.Token, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if v := res.Header.Get("Homehook-Relay-Version"); v != "" && r.version != nil {
		r.version(v)
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("read relay's answer: %w", err)
	}
	return judge(res, answer, into)
}

// ask sends one request. The caller closes the body of the answer.
func (r *registry) ask(ctx context.Context, method string, u *url.URL, token string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if r.dialer.Agent != "" {
		req.Header.Set("User-Agent", r.dialer.Agent)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := r.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask relay: %w", err)
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		// Its body is the connection, whose reading neither time nor context
		// would end.
		res.Body.Close()
		res.Body = http.NoBody
	}
	return res, nil
}

// judge turns an answer of the claims API into a result. What is not JSON does
// not come from that API.
func judge(res *http.Response, answer []byte, into any) error {
	if res.StatusCode == http.StatusNoContent {
		return nil
	}
	var problem struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if json.Unmarshal(answer, &problem) != nil {
		return errForeign
	}
	switch {
	case res.StatusCode < 300 && into != nil:
		return json.Unmarshal(answer, into)
	case res.StatusCode < 300:
		return nil
	case res.StatusCode == http.StatusNotFound && res.Request.Method == http.MethodDelete:
		return nil
	case res.StatusCode == http.StatusConflict && res.Request.Method == http.MethodDelete:
		return marked{fmt.Errorf("relay says: %s (%d)", cmp.Or(problem.Detail, problem.Title), res.StatusCode), control.ErrQueued}
	case problem.Detail != "":
		return fmt.Errorf("relay says: %s (%d)", problem.Detail, res.StatusCode)
	}
	return fmt.Errorf("relay says: %s (%d)", problem.Title, res.StatusCode)
}
