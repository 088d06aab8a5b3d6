package control

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// hasty makes a client of a server that finds out soon whether it hangs.
func hasty(t *testing.T, f http.HandlerFunc) *Client {
	c := oddServer(t, f)
	c.patience, c.proof = 10*time.Millisecond, 50*time.Millisecond
	return c
}

// TestHungAgent: one that takes connections and answers nothing is not waited for,
// whatever it is asked.
func TestHungAgent(t *testing.T) {
	release := make(chan struct{})
	c := hasty(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	for name, call := range map[string]func() error{
		"status":  func() error { _, err := c.Status(t.Context()); return err },
		"set":     func() error { return c.SetCredential(t.Context(), "x", "y") },
		"doctor":  func() error { _, err := c.Doctor(t.Context(), Examination{}); return err },
		"export":  func() error { return c.Export(t.Context(), io.Discard, Export{Format: FormatHAR}) },
		"events":  func() error { return c.Events(t.Context(), 0, func(Event) error { return nil }) },
		"release": func() error { return c.ReleaseClaim(t.Context(), "x", false) },
	} {
		if err := call(); !errors.Is(err, ErrHung) || !strings.Contains(err.Error(), "homehook service restart") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSlowAgent: work may take its time if the agent answers.
func TestSlowAgent(t *testing.T) {
	proofs := make(chan struct{})
	c := hasty(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/openapi.json" {
			proofs <- struct{}{}
			return
		}
		for range 3 {
			<-proofs
		}
		_, _ = io.WriteString(w, `{"pid":7}`)
	})
	c.proof = time.Minute
	s, err := c.Status(t.Context())
	if err != nil || s.PID != 7 {
		t.Errorf("%+v, %v", s, err)
	}
}
