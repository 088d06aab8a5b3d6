package routing_test

import (
	"os"
	"strings"
	"testing"

	"homehook/gui/stage"
)

func TestDbg(t *testing.T) {
	s := stage.New(t, many)
	broken := strings.ReplaceAll(strings.ReplaceAll(many, "RELAY", s.Relay), "notify: {title", "notfy: {title")
	os.WriteFile(s.Config, []byte(broken), 0o600)
	c, err := s.Client().Configuration(t.Context())
	t.Log(err)
	t.Logf("%+v", c.Problems)
	t.Logf("%+v", c.Warnings)
	t.Logf("%+v", c.Routes[1])
}
