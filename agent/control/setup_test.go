package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeSetup is the part of a fakeBackend that helps to set things up.
type fakeSetup struct {
	steps    []RelayStep
	relayErr error
	gone     chan struct{} // TestRelay waits for the end of its context and closes it, if set
	relay    RelayTest     // the last one
	filled   TemplateAnswers
	sent     TestSend
}

var _ SetupBackend = (*fakeSetup)(nil)

func (f *fakeSetup) TestRelay(ctx context.Context, t RelayTest, each func(RelayStep)) (*RelayVerdict, error) {
	f.relay = t
	for _, s := range f.steps {
		each(s)
	}
	if f.gone != nil {
		<-ctx.Done()
		close(f.gone)
		return nil, ctx.Err()
	}
	return &RelayVerdict{OK: true, Dialect: "ptth/1.0", RoundTripMS: 1.5}, f.relayErr
}

func (f *fakeSetup) Templates() ([]Template, error) {
	return []Template{{Name: "forward", Handler: "forward", Ask: []Question{{Key: "to", Kind: "url"}}}, {Name: "bare"}}, nil
}

func (f *fakeSetup) FillTemplate(t TemplateAnswers) (*TemplateFilled, error) {
	f.filled = t
	if t.Answers["to"] == "" {
		return nil, fmt.Errorf("answer \"to\" is %w: it is missing", ErrInvalid)
	}
	return &TemplateFilled{Routes: []string{"name: x\n"}, Names: []string{"x"}, After: "nothing"}, nil
}

func (f *fakeSetup) Senders() []Sender { return []Sender{{Name: "github", Title: "GitHub"}} }

func (f *fakeSetup) SendTest(ctx context.Context, t TestSend) (*TestSent, error) {
	f.sent = t
	switch t.Claim {
	case "garage":
		return &TestSent{Delivery: "id", Status: 202, Sent: time.Unix(1, 0).UTC(), DurationMS: 2}, nil
	case "late":
		return nil, fmt.Errorf("send: %w", context.DeadlineExceeded)
	}
	return nil, fmt.Errorf("claim is not linked: %w", ErrConflict)
}

func TestRelayTestStreams(t *testing.T) {
	b := newFakeBackend()
	b.steps = []RelayStep{{Step: "dns", State: "ok", Text: "it is there", MS: 1}, {Step: "tls", State: "problem", Remedy: "renew it"}}
	c := startServer(t, b, nil).client
	var got []RelayStep
	each := func(s RelayStep) { got = append(got, s) }
	in := RelayTest{URL: "https://relay.example", Token: "hh_token", CA: "/ca.pem"}
	verdict, err := c.TestRelay(t.Context(), in, each)
	if err != nil || !verdict.OK || verdict.Dialect != "ptth/1.0" || !cmp.Equal(got, b.steps) || b.relay != in {
		t.Errorf("%+v, %v, %v, of %+v", verdict, err, got, b.relay)
	}
	b.steps, b.relayErr = nil, fmt.Errorf("relay \"none\": %w", ErrNotFound)
	if _, err := c.TestRelay(t.Context(), RelayTest{Name: "none"}, each); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such relay: %v", err)
	}
	b.steps, b.relayErr = []RelayStep{{Step: "dns"}}, errors.New("it broke")
	if _, err := c.TestRelay(t.Context(), RelayTest{Name: "mine"}, each); err == nil || !strings.Contains(err.Error(), "read answer of agent") {
		t.Errorf("an answer that is cut off: %v", err)
	}
	for _, in := range []RelayTest{{}, {Name: "mine", URL: "https://x.example"}, {Name: "mine", Token: "hh_secret"}} {
		if _, err := c.TestRelay(t.Context(), in, each); !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), "hh_secret") {
			t.Errorf("%+v: %v", in, err)
		}
	}
}

// TestRelayTestEndsWithItsClient: nobody tries a relay for a client that has gone.
func TestRelayTestEndsWithItsClient(t *testing.T) {
	b := newFakeBackend()
	b.steps, b.gone = []RelayStep{{Step: "dns"}}, make(chan struct{})
	c := startServer(t, b, nil).client
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := c.TestRelay(ctx, RelayTest{Name: "mine"}, func(RelayStep) { cancel() }); err == nil {
		t.Error("it has a verdict")
	}
	waitFor(t, "the end of the test", func() bool {
		select {
		case <-b.gone:
			return true
		default:
			return false
		}
	})
}

func TestTemplatesAndSenders(t *testing.T) {
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	all, err := c.Templates(t.Context())
	if err != nil || len(all) != 2 || all[0].Ask[0].Kind != "url" || all[1].Ask == nil {
		t.Errorf("%+v, %v", all, err)
	}
	in := TemplateAnswers{Template: "forward", Claim: "garage", Answers: map[string]string{"to": "http://127.0.0.1:1"}}
	filled, err := c.FillTemplate(t.Context(), in)
	if err != nil || filled.Names[0] != "x" || filled.Missing == nil || !cmp.Equal(b.filled, in) {
		t.Errorf("%+v, %v", filled, err)
	}
	for _, in := range []TemplateAnswers{{}, {Template: "forward"}} {
		if _, err := c.FillTemplate(t.Context(), in); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", in, err)
		}
	}
	senders, err := c.Senders(t.Context())
	if err != nil || len(senders) != 1 || senders[0].Events == nil {
		t.Errorf("%+v, %v", senders, err)
	}
}

func TestSendOfATest(t *testing.T) {
	b := newFakeBackend()
	c := startServer(t, b, nil).client
	in := TestSend{Claim: "garage", Path: "/x?a=1", Sender: "github", Credential: "gh", Fields: []Field{{"A", "b"}}, Body: []byte("{}")}
	sent, err := c.SendTest(t.Context(), in)
	if err != nil || sent.Delivery != "id" || sent.Status != 202 || !cmp.Equal(b.sent, in) {
		t.Errorf("%+v, %v", sent, err)
	}
	for _, tt := range []struct {
		in     TestSend
		status int
		want   string
	}{
		{TestSend{}, http.StatusBadRequest, `"claim"`},
		{TestSend{Claim: "garage", Path: "x"}, http.StatusBadRequest, `"path"`},
		{TestSend{Claim: "garage", Credential: "gh"}, http.StatusBadRequest, `"sender"`},
		{TestSend{Claim: "attic"}, http.StatusConflict, "not linked"},
		{TestSend{Claim: "late"}, http.StatusGatewayTimeout, "in time"},
	} {
		_, err := c.SendTest(t.Context(), tt.in)
		if p := asProblem(t, err); p.Status != tt.status || !strings.Contains(p.Detail, tt.want) {
			t.Errorf("%+v: %d %s", tt.in, p.Status, p.Detail)
		}
	}
}
