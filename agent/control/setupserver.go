package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// SetupBackend is the part of a [Backend] that helps to set relays and routes up and
// to try them. Nothing of it changes the configuration or a credential.
type SetupBackend interface {
	// TestRelay tries a relay and calls each for every step as it ends, on the calling
	// goroutine. The test is checked.
	TestRelay(ctx context.Context, t RelayTest, each func(RelayStep)) (*RelayVerdict, error)
	Templates() ([]Template, error)
	// FillTemplate makes routes of a template. The error wraps ErrInvalid and names
	// the answer that is missing or wrong.
	FillTemplate(t TemplateAnswers) (*TemplateFilled, error)
	Senders() []Sender
	// SendTest sends a webhook to the public URL of a claim. The error wraps
	// ErrConflict where the claim cannot be reached.
	SendTest(ctx context.Context, t TestSend) (*TestSent, error)
}

// Limits of these requests.
const (
	maxTestSend = 4 << 20 // bytes of one with a body in base64 in it
	maxAnswers  = 1 << 20 // bytes of answers to a template's questions
	// setupTimeout is how long a Backend may take to try a relay or to send a
	// webhook. The client waits for callTimeout.
	setupTimeout = 50 * time.Second
)

// Answers of these operations, and one line of that of POST /v1/relays/test.
type (
	templatesAnswer struct {
		Templates []Template `json:"templates"`
	}
	sendersAnswer struct {
		Senders []Sender `json:"senders"`
	}
	relayLine struct {
		Step    *RelayStep    `json:"step,omitempty"`
		Verdict *RelayVerdict `json:"verdict,omitempty"`
	}
)

// testRelay answers with a line for every step as it ends, and one with the verdict.
func (s *Server) testRelay(w http.ResponseWriter, r *http.Request) error {
	var in RelayTest
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	out := &slowWriter{w: w, rc: http.NewResponseController(w), wait: s.writeWait}
	// The limit for reading a request would end a long answer with it.
	if err := out.rc.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("prepare test of relay: %w", err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), setupTimeout)
	defer cancel()
	w.Header().Set("Content-Type", "application/jsonl")
	verdict, err := s.backend.TestRelay(ctx, in, func(step RelayStep) {
		if out.line(relayLine{Step: &step}) != nil {
			cancel() // nobody reads it
		}
	})
	if err == nil {
		err = out.line(relayLine{Verdict: verdict})
	}
	if err != nil && out.begun {
		panic(http.ErrAbortHandler) // so that the answer is seen to be cut off
	}
	return err
}

// line writes a JSON value and sees to it that it goes out.
func (o *slowWriter) line(v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		_, err = o.Write(append(text, '\n'))
	}
	if err == nil {
		err = o.rc.Flush()
	}
	return err
}

// check finds what names no relay, or two.
func (t *RelayTest) check() error {
	switch {
	case t.Name == "" && t.URL == "":
		return fmt.Errorf("test of a relay is %w: give its \"name\", or the \"url\" of one that is not configured", ErrInvalid)
	case t.Name != "" && (t.URL != "" || t.Token != "" || t.CA != "" || t.Plain):
		return fmt.Errorf("test of a relay is %w: one that is configured has its \"name\" only", ErrInvalid)
	}
	return nil
}

func (s *Server) templates(w http.ResponseWriter, _ *http.Request) error {
	list, err := s.backend.Templates()
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Ask = orEmpty(list[i].Ask)
	}
	return writeJSON(w, templatesAnswer{orEmpty(list)})
}

func (s *Server) fillTemplate(w http.ResponseWriter, r *http.Request) error {
	var in TemplateAnswers
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if in.Template == "" {
		return fmt.Errorf("member \"template\" is %w: it is missing", ErrInvalid)
	}
	filled, err := s.backend.FillTemplate(in)
	if err != nil {
		return err
	}
	filled.Routes, filled.Names, filled.Missing = orEmpty(filled.Routes), orEmpty(filled.Names), orEmpty(filled.Missing)
	return writeJSON(w, filled)
}

func (s *Server) senders(w http.ResponseWriter, _ *http.Request) error {
	list := s.backend.Senders()
	for i := range list {
		list[i].Events = orEmpty(list[i].Events)
	}
	return writeJSON(w, sendersAnswer{orEmpty(list)})
}

func (s *Server) sendTest(w http.ResponseWriter, r *http.Request) error {
	var in TestSend
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	rc := http.NewResponseController(w)
	// The limit for reading a request is shorter than a sender may have to wait.
	if err := rc.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("prepare test: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), setupTimeout, errNoAnswer)
	defer cancel()
	sent, err := s.backend.SendTest(ctx, in)
	if errors.Is(err, context.DeadlineExceeded) && context.Cause(ctx) == errNoAnswer {
		return newProblem(http.StatusGatewayTimeout, codeFailed, "%v", errNoAnswer)
	}
	if err != nil {
		return err
	}
	return writeJSON(w, sent)
}

var errNoAnswer = fmt.Errorf("there was no answer within %s; the webhook may be home all the same: look into the history", setupTimeout)

// check finds what no webhook can be.
func (t *TestSend) check() error {
	switch {
	case t.Claim == "":
		return fmt.Errorf("member \"claim\" is %w: it is missing", ErrInvalid)
	case t.Path != "" && t.Path[0] != '/':
		return fmt.Errorf("member \"path\" is %w: it begins with a slash", ErrInvalid)
	case t.Credential != "" && t.Sender == "":
		return fmt.Errorf("member \"credential\" is %w: it is there without \"sender\", so nobody knows how to sign", ErrInvalid)
	}
	return nil
}

// readRelayLines calls each for every step in the answer to a test of a relay.
func readRelayLines(from io.Reader, each func(RelayStep)) (*RelayVerdict, error) {
	for lines := json.NewDecoder(io.LimitReader(from, maxAnswer)); ; {
		var line relayLine
		switch err := lines.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("read answer of agent: %w", io.ErrUnexpectedEOF)
		case err != nil:
			return nil, fmt.Errorf("read answer of agent: %w", err)
		case line.Step != nil:
			each(*line.Step)
		case line.Verdict != nil:
			return line.Verdict, nil
		}
	}
}
