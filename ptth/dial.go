package ptth

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"homehook/http1"
)

// agentLimits are those of the agent's end: the relay paces its senders, so a
// request body may pause; the time between requests is bounded by pings. A head
// may be larger than at the relay's edge, since the relay adds to it.
var agentLimits = http1.Limits{Target: 34 << 10, Head: 80 << 10, Fields: 160, HeadTimeout: 10 * time.Second, IdleTimeout: -1, BodyRate: -1, BodyWindow: 2 * time.Minute}

// dialLimits hold until the roles have turned: the relay is a stranger then.
var dialLimits = http1.Limits{HeadTimeout: 10 * time.Second}

const (
	defaultDialTimeout = 10 * time.Second
	maxRedirects       = 5

	// silence is how many ping intervals may pass without one.
	silence = 2.25
)

// Dialer opens links from an agent to one relay. Its fields must not change
// while it is in use; Dial may be called by several goroutines.
type Dialer struct {
	// Relay is the relay's address, http or https. Links are asked for at
	// /ptth/{name} below its path; a path with "{name}" in it is used as it
	// is, with the name filled in.
	Relay *url.URL

	// Token is sent as a bearer token, to this host only; "" sends none.
	Token string

	// TLS is the configuration for https; nil means the system's roots.
	TLS *tls.Config

	// Ping is the interval to ask for, whole seconds; 0 asks for none.
	Ping time.Duration

	// MaxLinks is the number of links wished for; 0 leaves it unsaid.
	MaxLinks int

	// Agent is the User-Agent to send; "" sends none.
	Agent string

	// Timeout bounds a Dial as a whole; default 10 s.
	Timeout time.Duration
}

// RefusedError is a relay's answer other than 101.
type RefusedError struct {
	Status     int
	Detail     string        // first line of the answer's text, at most 200 bytes
	RetryAfter time.Duration // 0 when not stated
}

// Error says that the relay did not switch, and what it said.
func (e *RefusedError) Error() string {
	s := fmt.Sprintf("relay did not switch to %s (%d)", Version, e.Status)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

var errPlainRedirect = errors.New("relay redirects from https to http")

// Dial opens a link for a name. It returns a [*RefusedError] when the relay
// answers anything but a switch to PTTH/1.0.
func (d *Dialer) Dial(ctx context.Context, name string) (AgentLink, error) {
	timeout := d.Timeout
	if timeout <= 0 {
		timeout = defaultDialTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	target, token := d.linkURL(name), d.Token
	for range maxRedirects + 1 {
		link, next, err := d.dialOnce(ctx, target, token)
		if err != nil || link != nil {
			return link, err
		}
		if target.Scheme == "https" && next.Scheme != "https" {
			return nil, errPlainRedirect
		}
		if next.Host != target.Host {
			token = ""
		}
		target = next
	}
	return nil, errors.New("relay redirects too often")
}

func (d *Dialer) linkURL(name string) *url.URL {
	u := *d.Relay
	if strings.Contains(u.Path, "{name}") {
		u.Path, u.RawPath = strings.ReplaceAll(u.Path, "{name}", name), ""
		return &u
	}
	if u.Path == "" {
		u.Path = "/" // JoinPath makes a relative path of an empty one
	}
	return u.JoinPath("ptth", name)
}

// dialOnce returns a link, or where a redirect leads.
func (d *Dialer) dialOnce(ctx context.Context, target *url.URL, token string) (AgentLink, *url.URL, error) {
	nc, err := d.connect(ctx, target)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() }) // a deadline could be set anew
	c := http1.NewConn(nc, dialLimits)
	link, next, err := d.upgrade(c, target, token)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil || link == nil {
		c.Close()
	}
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("relay did not answer in time: %w", ctx.Err())
		}
		return nil, nil, err
	}
	return link, next, nil
}

// connect opens the connection below a link.
func (d *Dialer) connect(ctx context.Context, target *url.URL) (net.Conn, error) {
	nd := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second, Count: 3}}
	addr := hostPort(target)
	if target.Scheme != "https" {
		return nd.DialContext(ctx, "tcp", addr)
	}
	conf := &tls.Config{}
	if d.TLS != nil {
		conf = d.TLS.Clone()
	}
	conf.NextProtos = []string{"http/1.1"} // HTTP/2 has no Upgrade
	td := tls.Dialer{NetDialer: &nd, Config: conf}
	return td.DialContext(ctx, "tcp", addr)
}

func hostPort(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// upgrade asks for the switch on a fresh connection.
func (d *Dialer) upgrade(c *http1.Conn, target *url.URL, token string) (AgentLink, *url.URL, error) {
	w := c.Writer()
	w.StartRequest([]byte("POST"), []byte(target.RequestURI()))
	w.Field("Host", target.Host)
	if token != "" {
		w.Field("Authorization", "Bearer "+token)
	}
	if d.Agent != "" {
		w.Field("User-Agent", d.Agent)
	}
	w.Field("Upgrade", Version)
	w.Field("Connection", "Upgrade")
	if d.Ping > 0 {
		w.Field("PTTH-Ping", strconv.Itoa(int(d.Ping/time.Second)))
	}
	if d.MaxLinks > 0 {
		w.Field("PTTH-Max-Conns", strconv.Itoa(d.MaxLinks))
	}
	w.EndLength(0)
	asked := time.Now()
	if err := w.Finish(); err != nil {
		return nil, nil, fmt.Errorf("send upgrade request: %w", err)
	}
	res, err := readSwitch(c)
	if err != nil {
		return nil, nil, fmt.Errorf("read answer to upgrade request: %w", err)
	}
	if res.Status == 307 || res.Status == 308 {
		next, err := redirect(res, target)
		return nil, next, err
	}
	if res.Status != 101 || !switched(res) {
		return nil, nil, refused(res)
	}
	return newDirectLink(c, res, Dialect10, time.Since(asked)), nil, nil
}

// readSwitch skips informational answers but the switch itself.
func readSwitch(c *http1.Conn) (*http1.Response, error) {
	for range 10 {
		res, err := c.ReadResponse([]byte("POST"))
		if err != nil || res.Status == 101 || res.Status >= 200 {
			return res, err
		}
	}
	return nil, errors.New("too many informational answers")
}

func switched(res *http1.Response) bool {
	v, _ := res.Get("Upgrade")
	name, version, _ := strings.Cut(string(v), "/")
	return strings.EqualFold(name, "PTTH") && version == "1.0"
}

func redirect(res *http1.Response, from *url.URL) (*url.URL, error) {
	v, _ := res.Get("Location")
	next, err := from.Parse(string(v))
	if err != nil || len(v) == 0 || next.Host == "" || next.Scheme != "http" && next.Scheme != "https" {
		return nil, fmt.Errorf("relay redirects (%d) without a usable Location", res.Status)
	}
	return next, nil
}

func refused(res *http1.Response) *RefusedError {
	e := &RefusedError{Status: res.Status}
	if v, ok := res.Get("Retry-After"); ok {
		if s, err := strconv.Atoi(string(v)); err == nil && s > 0 && s <= 3600 {
			e.RetryAfter = time.Duration(s) * time.Second
		}
	}
	if res.Status == 101 {
		e.Detail = "the answer names another protocol"
		return e
	}
	if kind, _ := res.Get("Content-Type"); !strings.HasPrefix(string(kind), "text/plain") {
		return e
	}
	text := make([]byte, 200)
	n, _ := res.Body.Read(text)
	line, _, _ := strings.Cut(string(text[:n]), "\n")
	e.Detail = printable(line)
	return e
}

// printable drops what must not reach a terminal or a log.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return -1
		}
		return r
	}, s))
}
