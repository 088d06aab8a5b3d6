package routes

import "testing"

func TestEventField(t *testing.T) {
	for scheme, want := range map[string]string{
		"github": "X-GitHub-Event", "gitlab": "X-Gitlab-Event", "shopify": "X-Shopify-Topic", "stripe": "", "bearer": "", "none": "",
	} {
		if got := EventField(scheme); got != want {
			t.Errorf("%s: %q, want %q", scheme, got, want)
		}
	}
}
