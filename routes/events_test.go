package routes

import (
	"slices"
	"testing"

	"homehook/routes/signature"
)

func TestTakesEvent(t *testing.T) {
	for _, tt := range []struct {
		pattern, event string
		want           bool
	}{
		{"push", "push", true},
		{"push", "pushed", false},
		{"push", "pus", false},
		{"push", "Push", false},
		{"issues", "issues.opened", true},
		{"issues.opened", "issues", false},
		{"issues.opened", "issues.closed", false},
		{"charge.*", "charge.succeeded", true},
		{"charge.*", "charge", false},
		{"charge.*", "recharge.x", false},
		{"charge.*", "charge.dispute.created", true},
		{"*", "x", true},
		{"*.opened", "issues.opened", true},
		{"*.opened", "issues.opened.x", false},
		{"a*b*c", "a1b2c", true},
		{"a*b*c", "acb", false},
		{"a*a", "a", false},
		{"a**c", "abc", true},
		{"orders/*", "orders/create", true},
		{"*aab", "aaab", true},
		{"a*ab*b", "aab", false},
	} {
		if got := takesEvent(tt.pattern, tt.event); got != tt.want {
			t.Errorf("%q takes %q: %v", tt.pattern, tt.event, got)
		}
	}
}

func TestEventsOfSenders(t *testing.T) {
	const form = "Content-Type: application/x-www-form-urlencoded\r\n"
	seen := map[string]bool{}
	for _, tt := range []struct{ scheme, fields, body, want string }{
		{"adyen", "", `{"notificationItems":[{"NotificationRequestItem":{"eventCode":"AUTHORISATION"}}]}`, "AUTHORISATION"},
		{"bitbucket", "X-Event-Key: repo:push\r\n", "{}", "repo:push"},
		{"discord", "", `{"type":1,"event":{"type":"APPLICATION_AUTHORIZED"}}`, "APPLICATION_AUTHORIZED"},
		{"discord", "", `{"type":2,"data":{}}`, "2"},
		{"gitea", "X-Gitea-Event: issues\r\n", `{"action":"opened"}`, "issues.opened"},
		{"github", "X-GitHub-Event: push\r\n", `{"ref":"x"}`, "push"},
		{"github", "x-github-event: pull_request\r\n", `{"action":"opened"}`, "pull_request.opened"},
		{"gitlab", "X-Gitlab-Event: Merge Request Hook\r\n", `{"object_attributes":{"action":"merge"}}`, "merge_request_hook.merge"},
		{"gogs", "X-Gogs-Event: create\r\n", "{}", "create"},
		{"hubspot", "", `[{"subscriptionType":"contact.creation"}]`, "contact.creation"},
		{"jira", "", `{"webhookEvent":"jira:issue_created"}`, "jira:issue_created"},
		{"linear", "", `{"type":"Issue","action":"create"}`, "Issue.create"},
		{"meta", "", `{"object":"page","entry":[{"changes":[{"field":"feed"}]}]}`, "page.feed"},
		{"paddle", "", `{"event_type":"transaction.completed"}`, "transaction.completed"},
		{"pagerduty", "", `{"event":{"event_type":"incident.triggered"}}`, "incident.triggered"},
		{"scalr", "", `{"eventName":"X"}`, "X"},
		{"sendgrid", "", `[{"event":"delivered"}]`, "delivered"},
		{"shopify", "X-Shopify-Topic: orders/create\r\n", "{}", "orders/create"},
		{"slack", "", `{"type":"event_callback","event":{"type":"app_mention"}}`, "app_mention"},
		{"slack", form, "command=%2Fdeploy&text=x", "/deploy"},
		{"square", "", `{"type":"payment.created"}`, "payment.created"},
		{"standard", "", `{"type":"a.b"}`, "a.b"},
		{"stripe", "", `{"type":"charge.succeeded"}`, "charge.succeeded"},
		{"svix", "", `{"type":"a"}`, "a"},
		{"twitch", "Twitch-Eventsub-Subscription-Type: stream.online\r\n", "{}", "stream.online"},
		{"xero", "", `{"events":[{"eventCategory":"INVOICE","eventType":"UPDATE"}]}`, "INVOICE.UPDATE"},
		{"zoom", "", `{"event":"meeting.started"}`, "meeting.started"},
		{"github", "", "not json", ""},
	} {
		seen[tt.scheme] = true
		c := &compiler{}
		e := c.newEvents("x", &Spec{Verify: &VerifySpec{Scheme: tt.scheme}, Events: []string{"x"}}, &Route{})
		d := sent{fields: tt.fields, body: tt.body}.delivery(t)
		new(Route).Input(d)
		if got := e.of(d.Input); len(c.problems) > 0 || got != tt.want {
			t.Errorf("%s: got %q, want %q; %v", tt.scheme, got, tt.want, c.problems)
		}
	}
	for scheme := range eventTexts() {
		if _, known := signature.Find(scheme); !known || !seen[scheme] {
			t.Errorf("the scheme %s: known %v, tested %v", scheme, known, seen[scheme])
		}
	}
}

func TestEventsReports(t *testing.T) {
	for name, s := range map[string]Spec{
		"general scheme": {Verify: &VerifySpec{Scheme: "hmac"}, Events: []string{"push"}},
		"nobody":         {Events: []string{"push"}},
		"empty":          {Verify: &VerifySpec{Scheme: "github"}, Events: []string{""}},
		"space":          {Verify: &VerifySpec{Scheme: "github"}, Events: []string{" push"}},
	} {
		c := &compiler{}
		c.newEvents("x", &s, &Route{})
		if len(c.problems) != 1 || c.problems[0].Remedy == "" {
			t.Errorf("%s: %+v", name, c.problems)
		}
	}
}

// TestEventIsBounded has a sender name an event that is a book.
func TestEventIsBounded(t *testing.T) {
	c := &compiler{}
	e := c.newEvents("x", &Spec{Verify: &VerifySpec{Scheme: "stripe"}, Events: []string{"x"}}, &Route{})
	d := sent{body: `{"type":"` + string(slices.Repeat([]byte("ä"), 5000)) + `"}`}.delivery(t)
	new(Route).Input(d)
	if got := e.of(d.Input); len(got) > maxEvent+2 {
		t.Errorf("%d bytes", len(got))
	}
}
