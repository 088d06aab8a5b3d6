package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// source is where a sender says which event a request is about.
type source struct {
	presets []string // names of schemes and of relay presets

	// mark is a field by which requests of the sender are recognised; empty
	// where the field with the id is mark enough.
	mark string

	field  string // the field with the id, or else
	member string // the member of the body's JSON object with it, two names with a dot for one within

	// part is a field that tells requests apart which are about one event and
	// carry one id, but are no repeats; empty where there is none.
	part string

	digest bool // the sender gives no id, but sends the same bytes again
}

// sources are tried from the top. Senders that imitate others come first.
var sources = []source{
	{presets: []string{"gitea"}, field: "X-Gitea-Delivery"},
	{presets: []string{"gitea"}, field: "X-Forgejo-Delivery"},
	{presets: []string{"gogs"}, field: "X-Gogs-Delivery"},
	{presets: []string{"github"}, field: "X-GitHub-Delivery", part: "X-GitHub-Hook-ID"},
	{presets: []string{"standard", "svix", "gitlab"}, field: "webhook-id"},
	{presets: []string{"standard", "svix"}, field: "svix-id"},
	{presets: []string{"gitlab"}, mark: "X-Gitlab-Event", field: "Idempotency-Key"},
	{presets: []string{"stripe"}, mark: "Stripe-Signature", member: "id"},
	{presets: []string{"slack"}, mark: "X-Slack-Signature", member: "event_id"},
	{presets: []string{"shopify"}, mark: "X-Shopify-Topic", field: "X-Shopify-Event-Id", part: "X-Shopify-Topic"},
	{presets: []string{"shopify"}, field: "X-Shopify-Webhook-Id"},
	{presets: []string{"bitbucket"}, mark: "X-Event-Key", field: "X-Request-UUID"},
	{presets: []string{"bitbucket"}, mark: "X-Event-Key", field: "X-Request-Id"},
	{presets: []string{"jira"}, field: "X-Atlassian-Webhook-Identifier"},
	{presets: []string{"twilio"}, field: "I-Twilio-Idempotency-Token"},
	{presets: []string{"paddle"}, mark: "Paddle-Signature", member: "notification_id"},
	{presets: []string{"pagerduty"}, mark: "X-PagerDuty-Signature", member: "event.id"},
	{presets: []string{"square"}, mark: "x-square-hmacsha256-signature", member: "event_id"},
	{presets: []string{"twitch"}, field: "Twitch-Eventsub-Message-Id"},
	{presets: []string{"linear"}, field: "Linear-Delivery"},
	{presets: []string{"scalr"}, mark: "X-Scalr-Webhook-Id", member: "eventId"},
	{presets: []string{"zoom"}, mark: "x-zm-signature", member: "event", digest: true},
	{presets: []string{"adyen"}, mark: "HmacSignature", member: "live", digest: true},
	{presets: []string{"meta"}, mark: "X-Hub-Signature-256", member: "object", digest: true},
	{presets: []string{"discord"}, mark: "X-Signature-Ed25519", member: "id"},
	{presets: []string{"discord", "discord-events"}, mark: "X-Signature-Ed25519", member: "event.timestamp", digest: true},
}

// SenderID returns the id that the sender gave an event and gives it again
// when it sends it again, or "" when it gave none that is fit. The preset is a
// scheme's name or a relay preset's; "", and one that is not known here,
// recognise senders by their fields.
//
// One event that a sender sends to two of its endpoints has the same id at
// both: only deliveries to the same path are twins.
func SenderID(preset string, header Lookup, body []byte) string {
	m := &Message{Header: header, Body: body}
	known := false
	for i := range sources {
		for _, p := range sources[i].presets {
			known = known || p == preset
		}
	}
	for i := range sources {
		if s := &sources[i]; s.suits(preset, known, m) {
			if id := s.id(m); id != "" {
				return id
			}
		}
	}
	return ""
}

// suits reports whether a request may be the source's.
func (s *source) suits(preset string, known bool, m *Message) bool {
	if !known {
		return s.mark == "" || m.has(s.mark)
	}
	for _, p := range s.presets {
		if p == preset {
			return true
		}
	}
	return false
}

func (s *source) id(m *Message) string {
	if s.field == "" {
		id := member(m.Body, s.member)
		if id != "" && s.digest {
			sum := sha256.Sum256(m.Body)
			return "sha256:" + hex.EncodeToString(sum[:])
		}
		return fit(id)
	}
	id := single(m, s.field)
	if part := single(m, s.part); id != "" && part != "" {
		id = fit(id + "/" + part)
	}
	return id
}

// single returns a field's value if it is there once.
func single(m *Message, name string) string {
	if list := m.values(name); len(list) == 1 {
		return fit(list[0])
	}
	return ""
}

// maxID is the longest id that is taken, in bytes.
const maxID = 200

// fit returns an id that is short and printable, "" for any other.
func fit(id string) string {
	if len(id) > maxID || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return id
}

// maxJSON is the longest body that is searched for an id.
const maxJSON = 4 << 20

// member returns a string member of a JSON object, or of an object in it.
func member(body []byte, path string) string {
	body = bytes.TrimLeft(body, " \t\r\n")
	if len(body) > maxJSON || len(body) == 0 || body[0] != '{' {
		return ""
	}
	name, rest, within := strings.Cut(path, ".")
	value := valueOf(body, name)
	if within {
		return member(value, rest)
	}
	var text string
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &text) != nil {
		return ""
	}
	return text
}

// valueOf returns the first member of that name, raw, without reading what
// comes behind it.
func valueOf(object []byte, name string) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil
		}
		if key == name {
			return value
		}
	}
	return nil
}
