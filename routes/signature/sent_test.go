package signature

import (
	"slices"
	"testing"
)

func TestSendsSecret(t *testing.T) {
	sent := map[string][]string{
		"basic": {"Authorization"}, "bearer": {"Authorization"}, "gitlab": {"X-Gitlab-Token"}, "token": {"X-Signature"}, "graph": nil,
	}
	for _, name := range Names() {
		s := schemeFor(t, name)
		fields, sends := sent[name]
		if s.SendsSecret() != sends || !slices.Equal(s.SecretFields(), fields) {
			t.Errorf("%s: sends %t, in %q", name, s.SendsSecret(), s.SecretFields())
		}
	}
}
