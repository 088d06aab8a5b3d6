package agent

import (
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"homehook/agent/control"
)

func TestExplained(t *testing.T) {
	const remedy = "; set ca: of the relay to the PEM file of its root"
	unknown := fmt.Errorf("dial: %w", x509.UnknownAuthorityError{})
	if got := explained(unknown); got != unknown.Error()+remedy {
		t.Errorf("got %q", got)
	}
	if got := explained(io.EOF); got != io.EOF.Error() {
		t.Errorf("got %q", got)
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
		return err == nil && s.State == control.StateConnecting && len(s.Relays) == 1 &&
			strings.HasSuffix(s.Relays[0].Error, "; set ca: of the relay to the PEM file of its root")
	})
}
