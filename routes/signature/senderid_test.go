package signature

import (
	"strings"
	"testing"
)

func TestSenderID(t *testing.T) {
	h := func(pairs ...string) (list []Header) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, Header{pairs[i], pairs[i+1]})
		}
		return list
	}
	const event = `{"type":1,"event":{"type":"E","timestamp":"2026-01-01T00:00:00"}}`
	for _, tt := range []struct {
		name, preset string
		fields       []Header
		body, want   string
	}{
		{"github", "github", h("X-GitHub-Delivery", "72d3162e"), "", "72d3162e"},
		{"github hook", "github", h("X-GitHub-Delivery", "72d3162e", "X-GitHub-Hook-ID", "9"), "", "72d3162e/9"},
		{"github seen", "", h("x-github-delivery", "72d3162e"), "", "72d3162e"},
		{"github with two", "github", h("X-GitHub-Delivery", "a", "X-GitHub-Delivery", "b"), "", ""},
		{"standard", "standard", h("webhook-id", "msg_1"), "", "msg_1"},
		{"svix", "standard", h("svix-id", "msg_2"), "", "msg_2"},
		{"gitea imitates github", "", h("X-GitHub-Delivery", "g", "X-Gitea-Delivery", "t"), "", "t"},
		{"gogs", "gogs", h("X-Gogs-Delivery", "f6266f16"), "", "f6266f16"},
		{"gitlab", "gitlab", h("X-Gitlab-Event", "Push Hook", "Idempotency-Key", "k1"), "", "k1"},
		{"idempotency key of anybody", "", h("Idempotency-Key", "k1"), "", ""},
		{"stripe", "stripe", nil, `{"object":"event","id":"evt_1"}`, "evt_1"},
		{"stripe seen", "", h("Stripe-Signature", "x"), `{"id":"evt_1"}`, "evt_1"},
		{"an id of anybody", "", nil, `{"id":"evt_1"}`, ""},
		{"square", "square", nil, `{"event_id":"ac3ac95b"}`, "ac3ac95b"},
		{"square seen", "", h("x-square-hmacsha256-signature", "x"), `{"event_id":"ac3ac95b"}`, "ac3ac95b"},
		{"twitch", "", h("Twitch-Eventsub-Message-Id", "e76c6bd4"), "", "e76c6bd4"},
		{"linear", "linear", h("Linear-Delivery", "234d1a4e"), "", "234d1a4e"},
		{"scalr", "scalr", nil, `{"eventId":"e1"}`, "e1"},
		{"zoom", "zoom", nil, `{"event":"meeting.started","event_ts":1}`, "sha256:32001b2892ba52d477b306d70e04675d7f6e9599b91191120961b415f27f4038"},
		{"zoom without an event", "zoom", nil, `{"event_ts":1}`, ""},
		{"adyen", "adyen", nil, `{"notificationItems":[]}`, ""},
		{"unknown preset", "graph", h("webhook-id", "msg_1"), "", "msg_1"},
		{"slack", "slack", nil, `{"token":"x","event":{"event_id":"no"},"event_id":"Ev1"}`, "Ev1"},
		{"slack command", "slack", nil, "token=x&event_id=1", ""},
		{"shopify", "shopify", h("X-Shopify-Event-Id", "e", "X-Shopify-Topic", "orders/create", "X-Shopify-Webhook-Id", "w"), "", "e/orders/create"},
		{"shopify without", "shopify", h("X-Shopify-Webhook-Id", "w"), "", "w"},
		{"jira", "jira", h("X-Atlassian-Webhook-Identifier", "i"), "", "i"},
		{"bitbucket", "", h("X-Event-Key", "repo:push", "X-Request-UUID", "u"), "", "u"},
		{"a request id of anybody", "", h("X-Request-Id", "u"), "", ""},
		{"pagerduty", "pagerduty", nil, `{"event":{"id":"01B"}}`, "01B"},
		{"paddle", "paddle", nil, `{"notification_id":"ntf_1"}`, "ntf_1"},
		{"discord interaction", "discord", nil, `{"type":2,"id":"123"}`, "123"},
		{"discord event", "discord-events", nil, event, "sha256:f68a808601484f499bf3405f243c9d5825d2dc10e3596ac04e9451b80344dce4"},
		{"discord ping", "discord", nil, `{"type":0}`, ""},
		{"not text", "stripe", nil, `{"id":5}`, ""},
		{"no object", "stripe", nil, `[{"id":"x"}]`, ""},
		{"broken before it", "stripe", nil, `{"a":,"id":"x"}`, ""},
		{"broken behind it", "stripe", nil, `{"id":"x","a":`, "x"},
		{"space in it", "github", h("X-GitHub-Delivery", "a b"), "", ""},
		{"long", "github", h("X-GitHub-Delivery", strings.Repeat("x", 201)), "", ""},
		{"not printable", "stripe", nil, `{"id":"a\u0000b"}`, ""},
		{"nothing", "", nil, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := SenderID(tt.preset, Fields(tt.fields), []byte(tt.body))
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if SenderID("discord", nil, []byte(event)) != SenderID("discord-events", nil, []byte(event)) {
		t.Error("one event has two ids")
	}
	if SenderID("discord", nil, []byte(event)) == SenderID("discord", nil, []byte(event+" ")) {
		t.Error("two events have one id")
	}
}
