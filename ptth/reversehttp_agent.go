package ptth

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"homehook/http1"
)

const (
	// lease is how long the relay is to keep the name for an agent that does
	// not poll, in seconds.
	lease = 300

	// maxDrain is how much of an answer is read that says nothing.
	maxDrain = 64 << 10
)

// secret is what an agent without a token shows, so that its own later claims
// are not taken for a stranger's.
type secret struct {
	once sync.Once
	text string
}

func (s *secret) get() string {
	s.once.Do(func() { s.text = rand.Text() })
	return s.text
}

// reverseLink polls at the URLs that a claim and the answers to polls name.
// The reply to a request is posted to the URL on which it came.
type reverseLink struct {
	d     *Dialer
	name  string
	about atomic.Pointer[About]
	line  line
	at    *url.URL // to poll next; nil when none was named
	fresh bool     // the claim was made since the last good poll
}

var _ AgentLink = (*reverseLink)(nil)

// dialReverseHTTP claims the name. Polls begin with Serve.
func (d *Dialer) dialReverseHTTP(ctx context.Context, name string) (AgentLink, error) {
	l := &reverseLink{d: d, name: name}
	c, err := l.claim(ctx)
	if err != nil {
		return nil, err
	}
	l.line.conn = c
	return l, nil
}

// claim asks for the name and learns where to poll.
func (l *reverseLink) claim(ctx context.Context) (*http1.Conn, error) {
	q := l.d.claimOf(l.name)
	a, err := l.d.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	err = guard(ctx, a.conn, func() error {
		links := webLinks(&a.res.Head)
		if a.res.Status != 200 && a.res.Status != 201 && a.res.Status != 204 || links["first"] == "" {
			return refused(a.res, DialectReverseHTTP)
		}
		return l.claimed(a, links)
	})
	if err != nil {
		a.conn.Close()
		return nil, err
	}
	return a.conn, nil
}

// claimed takes in the answer to a claim.
func (l *reverseLink) claimed(a *answered, links map[string]string) error {
	first, err := ownURL(a.target, links["first"])
	if err != nil {
		return err
	}
	if private, ok := a.res.Get("Location"); ok {
		if _, err := ownURL(a.target, string(private)); err != nil {
			return err
		}
	}
	about := About{Dialect: DialectReverseHTTP, RoundTrip: a.took, Whole: true, Public: publicURL(a.target, links["related"])}
	if old := l.about.Load(); old != nil {
		about.Note = old.Note
	}
	about.granted(&a.res.Head)
	about.Ping = 0 // polls need none
	l.about.Store(&about)
	l.at, l.fresh = first, true
	a.res.Body.Drain(maxDrain)
	a.conn.SetLimits(pollLimits)
	return nil
}

// claimOf is the question that claims a name. The relays that others wrote
// know the token as a part of the form only.
func (d *Dialer) claimOf(name string) question {
	target := *d.Relay
	switch {
	case strings.Contains(target.Path, "{name}"):
		target = *d.endpoint("", name)
	case path.Base(target.Path) != "reversehttp":
		target = *d.endpoint("reversehttp", "")
		target.Path = strings.TrimSuffix(target.Path, "/")
	}
	token := d.Token
	if token == "" {
		token = d.secret.get()
	}
	q := question{
		method: "POST", target: &target, fields: d.wishes,
		form: "name=" + url.QueryEscape(name) + "&token=" + url.QueryEscape(token) + "&lease=" + strconv.Itoa(lease),
	}
	if target.Scheme == "https" || isLoopback(target.Hostname()) {
		q.token = d.Token
	}
	return q
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// About tells what is known of the link.
func (l *reverseLink) About() About { return *l.about.Load() }

func (l *reverseLink) setNote(note string) {
	about := *l.about.Load()
	about.Note = note
	l.about.Store(&about)
}

// Leave gives the link up behind the poll that is under way.
func (l *reverseLink) Leave() { l.line.leave.Store(true) }

// Close closes the link at once.
func (l *reverseLink) Close() error { return l.line.close() }

// Serve polls and calls handle for each request that comes. It returns nil
// when the relay ended the link or fell silent, or ctx ended, and a
// [*RefusedError] when the relay grants the name no more.
func (l *reverseLink) Serve(ctx context.Context, handle func(context.Context, *http1.Exchange)) error {
	defer l.Close()
	defer context.AfterFunc(ctx, l.line.end)()
	for !l.line.ended() && !l.line.leave.Load() {
		if err := l.turn(ctx, handle); err != nil {
			return ordinary(err)
		}
	}
	return nil
}

// turn is one poll, and the exchange that came of it.
func (l *reverseLink) turn(ctx context.Context, handle func(context.Context, *http1.Exchange)) error {
	if l.at == nil {
		if err := l.claimAnew(ctx); err != nil {
			return err
		}
	}
	res, err := l.poll(ctx)
	if err != nil {
		return err
	}
	switch {
	case res.Status == 200 && hasType(res, messageType):
		l.fresh = false
		return l.exchange(ctx, res, handle)
	case res.Status == 204:
		l.fresh = false
		if next, ok := webLinks(&res.Head)["next"]; ok {
			l.at, err = ownURL(l.at, next)
		}
		return err
	case (res.Status == 403 || res.Status == 404 || res.Status == 410) && !l.fresh:
		l.at = nil
		res.Body.Drain(maxDrain)
		return nil
	}
	return refused(res, DialectReverseHTTP)
}

// claimAnew asks for the name again, because the relay has forgotten it.
func (l *reverseLink) claimAnew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, defaultDialTimeout)
	defer cancel()
	c, err := l.claim(ctx)
	if err != nil {
		return err
	}
	return l.line.replace(c)
}

// poll asks at the current URL for a request.
func (l *reverseLink) poll(ctx context.Context) (*http1.Response, error) {
	l.line.pace(ctx)
	q := question{method: "GET", target: l.at, fields: func(w *http1.Writer) { w.Field("Accept", messageType) }}
	if l.line.stale() {
		if err := l.line.reopen(ctx, l.d, &q); err != nil {
			return nil, err
		}
	}
	l.line.conn.SetLimits(pollLimits)
	if err := l.d.send(l.line.conn, &q); err != nil {
		return nil, err
	}
	silence := pollSilence
	if l.about.Load().Negotiated {
		silence = oursSilence
	}
	return l.line.await("GET", silence)
}

// exchange carries out the request in the answer to a poll.
func (l *reverseLink) exchange(ctx context.Context, res *http1.Response, handle func(context.Context, *http1.Exchange)) error {
	e := &envelope{d: l.d, line: &l.line, at: l.at}
	l.at = nil
	var err error
	if next, ok := webLinks(&res.Head)["next"]; ok {
		if l.at, err = ownURL(e.at, next); err != nil {
			return err
		}
	}
	r, whole, err := l.request(ctx, res)
	var bad *http1.Error
	switch {
	case errors.As(err, &bad):
		if _, broken := res.Body.Read(make([]byte, 1)); broken != nil && broken != io.EOF {
			return broken
		}
		err = e.refuse(ctx, statusOf(bad), bad.Detail)
	case err != nil:
		return err
	default:
		l.line.quick = 0 // unlike one that makes no sense, which is no reason to hurry
		if whole {
			e.conn = l.line.conn
		}
		err = e.carryOut(ctx, r, handle)
	}
	if errors.Is(err, errBrokeOff) || errors.Is(err, errUnwanted) { // which does not touch the next request
		e.conn.Close()
		return l.line.reopen(ctx, l.d, &question{target: e.at})
	}
	if e.conn != nil {
		return errors.Join(err, l.line.replace(e.conn))
	}
	return err
}

// request reads the request in the answer to a poll. It is whole when nothing
// of it is left on the connection.
func (l *reverseLink) request(ctx context.Context, res *http1.Response) (r *http1.Request, whole bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	err = guard(ctx, l.line.conn, func() error {
		if r, err = readRequest(res.Body, res.Body.Length()); err != nil {
			return err
		}
		whole, err = r.Body.Fill(smallBody)
		whole = whole && l.line.conn.Reusable()
		return err
	})
	return r, whole, err
}

// replyTimeout bounds the wait for what a relay says to a reply.
const replyTimeout = 10 * time.Second
