package agent

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"homehook/agent/control"
	"homehook/ptth"
)

func TestExplained(t *testing.T) {
	lasting := &ptth.ConnectError{Detail: "the proxy wants a password", Remedy: "give it one", Lasting: true}
	passing := &ptth.ConnectError{Detail: "connect: refused", Remedy: "check the port"}
	for err, want := range map[error]string{
		fmt.Errorf("dial: %w", lasting): "dial: the proxy wants a password; give it one",
		passing:                         "connect: refused",
		io.EOF:                          "EOF",
	} {
		if got := explained(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestUnknownRootIsNamed dials a relay whose root nobody has been told of.
func TestUnknownRootIsNamed(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	h := startHome(t, strings.Replace(conf(server.Listener.Addr().String(), respondRoute), "http://", "https://", 1))
	eventually(t, "the status shows the remedy", func() bool {
		s, err := h.client.Status(t.Context())
		return err == nil && s.State == control.StateProblem && len(s.Relays) == 1 &&
			strings.HasSuffix(s.Relays[0].Error, "; set ca: of the relay to the PEM file of its root")
	})
}
