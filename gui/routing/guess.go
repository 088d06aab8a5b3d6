package routing

import (
	"strings"

	"homehook/agent/control"
	"homehook/gui/part"
)

// mark is a header field by which a sender is known.
type mark struct {
	field, scheme string
	// in is the field of the secret, for schemes that must be told.
	in string
}

// marks are asked in this order: some senders send the fields of others, too.
var marks = [...]mark{
	{field: "X-Gitea-Event", scheme: "gitea"},
	{field: "X-Gogs-Event", scheme: "gogs"},
	{field: "X-GitHub-Event", scheme: "github"},
	{field: "X-Gitlab-Event", scheme: "gitlab"},
	{field: "X-Atlassian-Webhook-Identifier", scheme: "jira"},
	{field: "X-Event-Key", scheme: "bitbucket"},
	{field: "Stripe-Signature", scheme: "stripe"},
	{field: "X-Slack-Signature", scheme: "slack"},
	{field: "Svix-Signature", scheme: "svix"},
	{field: "Webhook-Signature", scheme: "standard"},
	{field: "X-Shopify-Hmac-Sha256", scheme: "shopify"},
	{field: "X-Square-HmacSha256-Signature", scheme: "square"},
	{field: "X-Signature-Ed25519", scheme: "discord"},
	{field: "Twitch-Eventsub-Message-Signature", scheme: "twitch"},
	{field: "X-Twilio-Signature", scheme: "twilio"},
	{field: "X-Twilio-Email-Event-Webhook-Signature", scheme: "sendgrid"},
	{field: "Linear-Signature", scheme: "linear"},
	{field: "Paddle-Signature", scheme: "paddle"},
	{field: "X-PagerDuty-Signature", scheme: "pagerduty"},
	{field: "X-Zm-Signature", scheme: "zoom"},
	{field: "X-Xero-Signature", scheme: "xero"},
	{field: "X-HubSpot-Signature-v3", scheme: "hubspot"},
	{field: "X-HubSpot-Signature", scheme: "hubspot"},
	{field: "X-Dropbox-Signature", scheme: "dropbox"},
	{field: "X-Telegram-Bot-Api-Secret-Token", scheme: "token", in: "X-Telegram-Bot-Api-Secret-Token"},
	{field: "Signature-Input", scheme: "rfc9421"},
	{field: "X-Hub-Signature-256", scheme: "meta"},
	{field: "X-Webhook-Signature", scheme: "hmac", in: "X-Webhook-Signature"},
	{field: "X-Signature", scheme: "hmac", in: "X-Signature"},
}

// guess says from the head of a delivery by which scheme its sender can be checked,
// and in which field the signature is, where the scheme has to be told. Both are
// empty where nothing looks like a signature.
func guess(head []byte) (scheme, field string) {
	fields := map[string]string{}
	for i, line := range strings.Split(string(head), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && i > 0 {
			fields[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	for _, m := range marks {
		if _, ok := fields[strings.ToLower(m.field)]; ok {
			return m.scheme, m.in
		}
	}
	switch kind, _, _ := strings.Cut(fields["authorization"], " "); strings.ToLower(kind) {
	case "basic":
		return "basic", ""
	case "bearer":
		return "bearer", ""
	}
	return "", ""
}

// draftFrom begins a route for deliveries like this one. stored are the names of the
// credentials that there are.
func draftFrom(r *control.Record, stored []string) *draft {
	d := newDraft(map[string]any{"claim": r.Claim, "match": r.Method + " " + patternOf(r.Path)})
	d.setKind("forward")
	scheme, field := guess(r.Head)
	d.setScheme(scheme)
	if scheme == "" {
		return d
	}
	d.setText("verify.header", field)
	d.set("verify.secret", scheme)
	for _, name := range stored {
		if name == scheme || strings.Contains(name, scheme) {
			d.set("verify.secret", name)
			break
		}
	}
	return d
}

// nameFor is a name for a route for deliveries like this one.
func nameFor(r *control.Record) string {
	const most = 60
	return part.Cut(part.Visible(r.Method+" "+r.Path), most)
}

// patternOf is a pattern that takes a path and no other. What a pattern cannot say
// is left to a wildcard.
func patternOf(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.ContainsAny(s, "{}% \t") {
			segments[i] = "{any" + strings.Repeat("x", i) + "}"
		}
	}
	path = strings.Join(segments, "/")
	if strings.HasSuffix(path, "/") && path != "/" {
		path += "{$}"
	}
	return path
}
