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
	m, of := &Message{Header: header, Body: body}, newMembers(body)
	known := false
	for i := range sources {
		for _, p := range sources[i].presets {
			known = known || p == preset
		}
	}
	for i := range sources {
		if s := &sources[i]; s.suits(preset, known, m) {
			if id := s.id(m, of); id != "" {
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

func (s *source) id(m *Message, of *firstMembers) string {
	if s.field == "" {
		id := of.text(s.member)
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

// firstMembers looks members of one JSON object up. It reads the object once
// whatever is asked, and no more of it than it takes.
type firstMembers struct {
	from  *json.Decoder // nil when there is nothing more
	found map[string]json.RawMessage
}

func newMembers(object []byte) *firstMembers {
	f := &firstMembers{found: map[string]json.RawMessage{}}
	object = bytes.TrimLeft(object, " \t\r\n")
	if len(object) > maxJSON || len(object) == 0 || object[0] != '{' {
		return f
	}
	f.from = json.NewDecoder(bytes.NewReader(object))
	if _, err := f.from.Token(); err != nil {
		f.from = nil
	}
	return f
}

// value returns the first member of that name, raw, nil if there is none.
func (f *firstMembers) value(name string) json.RawMessage {
	for f.found[name] == nil && f.from != nil {
		if !f.next() {
			f.from = nil
		}
	}
	return f.found[name]
}

// next reads one more member.
func (f *firstMembers) next() bool {
	if !f.from.More() || len(f.found) == maxNames {
		return false
	}
	key, err := f.from.Token()
	if err != nil {
		return false
	}
	var value json.RawMessage
	if f.from.Decode(&value) != nil {
		return false
	}
	if name, _ := key.(string); f.found[name] == nil {
		f.found[name] = value
	}
	return true
}

// text returns a string member, or one of an object in it: "event.id".
func (f *firstMembers) text(path string) string {
	name, rest, within := strings.Cut(path, ".")
	value := f.value(name)
	if within {
		return newMembers(value).text(rest)
	}
	var text string
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &text) != nil {
		return ""
	}
	return text
}

// member returns a string member of a JSON object, or of an object in it.
func member(body []byte, path string) string { return newMembers(body).text(path) }
