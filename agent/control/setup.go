package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// RelayTest says which relay to try: a configured one by its name, or one that is
// not configured yet by its URL.
type RelayTest struct {
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
	// Token is the token itself, for a relay that is not configured yet. It is kept
	// nowhere.
	Token string `json:"token,omitempty"`
	// CA and Plain are those of such a relay, as the configuration has them: a PEM
	// file with roots to trust besides the system's, and that http:// may lead to
	// another machine.
	CA    string `json:"ca,omitempty"`
	Plain bool   `json:"plain,omitempty"`
}

// RelayStep is one step of a test: DNS, TCP, TLS and so on.
type RelayStep struct {
	Step string `json:"step"`
	// State is one of those of a Finding, or "no" for what is not offered and need
	// not be.
	State  string  `json:"state"`
	Text   string  `json:"text"`
	Remedy string  `json:"remedy"`
	MS     float64 `json:"ms"`
}

// RelayVerdict is what a test came to.
type RelayVerdict struct {
	OK          bool    `json:"ok"`
	Dialect     string  `json:"dialect"` // that links would use; empty if none was tried
	RoundTripMS float64 `json:"round_trip_ms"`
}

// TestRelay has the agent try a relay and calls each for every step as it ends,
// on the calling goroutine.
func (c *Client) TestRelay(ctx context.Context, t RelayTest, each func(RelayStep)) (*RelayVerdict, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("make request to agent: %w", err)
	}
	resp, err := c.send(ctx, http.MethodPost, "/v1/relays/test", nil, body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return readRelayLines(resp.Body, each)
}

// Template is a tested route with blanks to fill in.
type Template struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	About string `json:"about"`
	// Sender is who sends what the template is for, one of the names of Senders;
	// empty for any.
	Sender string `json:"sender"`
	// Handler is the kind of its first handler: "forward", "script" and so on.
	Handler string     `json:"handler"`
	Ask     []Question `json:"ask"`
}

// Question is one blank of a template.
type Question struct {
	Key     string `json:"key"`
	Text    string `json:"text"`
	Default string `json:"default"` // empty: it has to be answered, unless it is optional
	// Kind is "text", "file", "folder", "url" or "credential".
	Kind string `json:"kind"`
	// Optional says that the answer may be empty. In a template for any sender,
	// "scheme" and "credential" are: without them the route checks nobody.
	Optional bool `json:"optional"`
}

// TemplateAnswers fill a template in.
type TemplateAnswers struct {
	Template string            `json:"template"`
	Claim    string            `json:"claim"`
	Answers  map[string]string `json:"answers"`
}

// TemplateFilled is what came of it; nothing is written.
type TemplateFilled struct {
	// Routes are the entries to add to the configuration, as YAML of one each, which
	// begins with its first key.
	Routes []string `json:"routes"`
	Names  []string `json:"names"`
	// Missing are the credentials that they need and that are not stored.
	Missing []string `json:"missing"`
	// After is what is left to do outside of Homehook.
	After string `json:"after"`
}

// Templates returns the templates of routes.
func (c *Client) Templates(ctx context.Context) ([]Template, error) {
	a, err := get[struct {
		Templates []Template `json:"templates"`
	}](ctx, c, "/v1/templates", nil)
	if err != nil {
		return nil, err
	}
	return a.Templates, nil
}

// FillTemplate makes routes of a template. The error wraps ErrInvalid and names
// the answer that is missing or wrong.
func (c *Client) FillTemplate(ctx context.Context, t TemplateAnswers) (*TemplateFilled, error) {
	return post[TemplateFilled](ctx, c, callTimeout, "/v1/templates/fill", t)
}

// Sender is a service that sends webhooks, as Homehook knows it.
type Sender struct {
	Name  string `json:"name"`  // as in a claim's sender or a route's verify scheme
	Title string `json:"title"` // as people write it
	// Scheme is that of a route's verify; empty if it signs nothing.
	Scheme string `json:"scheme"`
	// SecretFrom says where its secret is to be had, Generate that one may be made
	// here and given to it.
	SecretFrom string `json:"secret_from"`
	Generate   bool   `json:"generate"`
	// Settings is the page where its webhooks are set up or, where everybody has
	// another one, a page that says how; empty for neither. Events are kinds of
	// events worth choosing.
	Settings string   `json:"settings"`
	Events   []string `json:"events"`
	// Claimable says that the name may stand in a claim's sender, Signs that
	// SendTest can sign as it does.
	Claimable bool `json:"claimable"`
	Signs     bool `json:"signs"`
}

// Senders returns the senders that are known, by title; those that are no certain
// service come last, such as "hmac" and "other".
func (c *Client) Senders(ctx context.Context) ([]Sender, error) {
	a, err := get[struct {
		Senders []Sender `json:"senders"`
	}](ctx, c, "/v1/senders", nil)
	if err != nil {
		return nil, err
	}
	return a.Senders, nil
}

// TestSend is a webhook to send to the public URL of a claim.
type TestSend struct {
	Claim string `json:"claim"`
	Path  string `json:"path,omitempty"` // with its query; "/" by default
	// Method is POST by default.
	Method string `json:"method,omitempty"`
	// Sender is whose webhook it looks like. With Credential, the name of one that
	// is stored, it is signed as they do, or for a sender without a scheme as the
	// route says that checks with the same one.
	Sender     string  `json:"sender,omitempty"`
	Credential string  `json:"credential,omitempty"`
	Fields     []Field `json:"fields,omitempty"`
	// Body is base64 in JSON; a sample of the sender's by default.
	Body []byte `json:"body,omitempty"`
}

// TestSent is what came back.
type TestSent struct {
	Delivery   string    `json:"delivery"` // id at home; empty if it did not get there yet
	Status     int       `json:"status"`
	Body       []byte    `json:"body"` // at most its first 64 KiB
	Sent       time.Time `json:"sent"`
	DurationMS float64   `json:"duration_ms"`
}

// SendTest sends a webhook through the relay as its sender would, and returns
// what a sender would see.
func (c *Client) SendTest(ctx context.Context, t TestSend) (*TestSent, error) {
	return post[TestSent](ctx, c, callTimeout, "/v1/send", t)
}
