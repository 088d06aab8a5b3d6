package routes

import (
	"bytes"
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
)

// notifyTimeout bounds the telling in one place.
const notifyTimeout = 10 * time.Second

// ntfy publishes to a topic of an ntfy server.
type ntfy struct {
	server string // URL of the server, with a slash at its end
	topic  string
	token  string // name of the credential; empty for none
	tags   []string
	client *http.Client
}

var _ teller = (*ntfy)(nil)

func (c *compiler) ntfy(path string, s *NTFYSpec) *ntfy {
	p := &ntfy{token: s.Token, tags: s.Tags, client: plainClient()}
	const remedy = "write it like https://ntfy.sh/mytopic"
	u, err := url.Parse(s.URL)
	switch {
	case s.URL == "":
		c.report(path+".url", "the topic is missing", remedy)
		return p
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		c.report(path+".url", fmt.Sprintf("%q is not the URL of a topic", shownAddress(s.URL)), remedy)
		return p
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		c.report(path+".url", "a topic has no user, query or fragment", "name the credential with an access token under token")
		return p
	}
	if err := checkHost(u.Hostname()); err != nil {
		c.report(path+".url", fmt.Sprintf("the server of %q cannot be used: %s", shownAddress(s.URL), err), remedyOf(err))
	}
	at := strings.LastIndexByte(u.Path, '/')
	if p.topic = u.Path[at+1:]; p.topic == "" {
		c.report(path+".url", fmt.Sprintf("%q names no topic", shownAddress(s.URL)), remedy)
	}
	if s.Token != "" && u.Scheme == "http" && !isHomelyName(u.Hostname()) {
		c.report(path+".url", "the token would be sent for everyone to read", "use https://")
	}
	p.server = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path[:at+1]}).String()
	return p
}

// plainClient makes a client that goes to the server it is told, by no proxy
// and to no other place, and keeps no connection.
func plainClient() *http.Client {
	dialer := &net.Dialer{Timeout: notifyTimeout, Control: guard}
	return &http.Client{
		Timeout:       notifyTimeout,
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (p *ntfy) String() string { return "ntfy at " + p.server + p.topic }

// published is a message as ntfy takes it as JSON, in which any text is safe.
type published struct {
	Topic    string   `json:"topic"`
	Title    string   `json:"title"`
	Message  string   `json:"message"`
	Tags     []string `json:"tags,omitempty"`
	Priority int      `json:"priority,omitempty"`
	Click    string   `json:"click,omitempty"`
}

// urgentPriority is "high": 5 would get past a phone that is told to be quiet.
const urgentPriority = 4

func (p *ntfy) tell(ctx context.Context, n *Notification, host Host) notified {
	m := published{Topic: p.topic, Title: n.Title, Message: n.Text, Tags: p.tags, Click: n.Link}
	if n.Urgent {
		m.Priority = urgentPriority
	}
	body, err := json.Marshal(m)
	if err != nil {
		return notified{err: err, kind: FailedFault}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.server, bytes.NewReader(body))
	if err != nil {
		return notified{err: err, kind: FailedFault}
	}
	req.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		token, err := secretOf(host, p.token)
		if err != nil {
			return notified{err: err, kind: FailedUnreachable, retry: true}
		}
		req.Header.Set("Authorization", "Bearer "+string(token))
	}
	res, err := p.client.Do(req)
	if err != nil {
		return notified{err: requestCause(err), kind: FailedUnreachable, retry: true}
	}
	defer res.Body.Close()
	return p.answer(res)
}

// answer reads what the server made of a message.
func (p *ntfy) answer(res *http.Response) notified {
	text, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if res.StatusCode/100 == 2 {
		return notified{}
	}
	said := struct {
		Error string `json:"error"`
	}{}
	json.Unmarshal(text, &said)
	t := notified{err: fmt.Errorf("it answered %d", res.StatusCode), kind: FailedStatus, retry: retryable(res.StatusCode)}
	if said.Error != "" {
		t.err = fmt.Errorf("it answered %d: %s", res.StatusCode, legible(said.Error, maxTitle, false))
	}
	if t.retry {
		t.after = readRetryAfter(res.Header.Get("Retry-After"), time.Now())
	}
	return t
}

// secretOf returns the value of a credential of the host, without the line's
// end that may have come in with it.
func secretOf(host Host, name string) ([]byte, error) {
	if host == nil {
		return nil, &SecretError{name, errors.New("there are no credentials here")}
	}
	value, err := host.Secret(name)
	if err == nil {
		if value = bytes.TrimSpace(value); len(value) == 0 || bytes.ContainsFunc(value, isHidden) {
			err = errors.New("it is empty, or more than one line")
		}
	}
	if err != nil {
		return nil, &SecretError{name, err}
	}
	return value, nil
}

// requestCause peels off what a client says about its request.
func requestCause(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		if u.Timeout() {
			return fmt.Errorf("no answer within %s", Duration(notifyTimeout))
		}
		err = u.Err
	}
	return cause(err)
}
