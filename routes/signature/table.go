package signature

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"slices"
)

// Scheme is one way in which senders sign. It is immutable and safe for
// concurrent use.
type Scheme struct {
	name  string
	title string // of the sender, in a sentence

	// layouts are where a message can carry its signature. The first one
	// whose field is there is verified; signing makes those that are there,
	// or else the first.
	layouts []layout

	// signed is the text that is signed, with {id}, {time} and {body} in it.
	signed string

	// key reads a secret for signatures with a tag. It returns nil where
	// signatures of that tag are made with another kind of key.
	key func(tag string, secret []byte) (signer, error)

	window window
	open   bool // needs options
}

// layout says where the parts of a signature stand, and how it is written.
type layout struct {
	signature, time, id string // names of fields; empty where there is none
	format
	tags []string // that are taken, best for signing first
}

// window is which signed times are refused.
type window uint8

const (
	untimed window = iota // no time is signed, or the sender promises none
	past                  // too old
	both                  // too old, or too far in the future
)

// hashes are those that signatures name.
var hashes = map[string]func() hash.Hash{
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"sha512": sha512.New,
}

// Ways in which the signature field is written, beside those that only one
// scheme has.
var (
	bareHex      = format{encoding: hexadecimal, bare: "sha256"}                   // 7571…
	prefixedHex  = format{encoding: hexadecimal, tag: "="}                         // sha256=7571…
	bareBase64   = format{encoding: base64Text, bare: "sha256"}                    // B23t…=
	listOfBase64 = format{encoding: base64Text, list: " ", tag: ","}               // v1,g0hM… v1,Ceo5…
	bareEd25519  = format{encoding: hexadecimal, bare: "ed25519"}                  // b6f6…
	plainToken   = format{encoding: plain, bare: "token"}                          // the secret itself
	listOfHex    = format{encoding: hexadecimal, list: ",", tag: "="}              // v1=0c0b…,v1=7020…
	stripeList   = format{encoding: hexadecimal, list: ",", tag: "=", stamp: "t"}  // t=1533…,v1=2220…
	paddleList   = format{encoding: hexadecimal, list: ";", tag: "=", stamp: "ts"} // ts=1710…;h1=6c05…
)

// Fields that several schemes have.
var (
	hub256  = layout{signature: "X-Hub-Signature-256", format: prefixedHex, tags: []string{"sha256"}}
	hub     = layout{signature: "X-Hub-Signature", format: prefixedHex, tags: []string{"sha1", "sha256", "sha512"}}
	gogs    = layout{signature: "X-Gogs-Signature", format: bareHex, tags: []string{"sha256"}}
	webhook = layout{signature: "webhook-signature", time: "webhook-timestamp", id: "webhook-id", format: listOfBase64, tags: []string{"v1", "v1a"}}
	svix    = layout{signature: "svix-signature", time: "svix-timestamp", id: "svix-id", format: listOfBase64, tags: []string{"v1", "v1a"}}
)

// schemes is the table, ordered by name.
var schemes = []Scheme{
	{
		name: "bitbucket", title: "Bitbucket", signed: "{body}", key: hmacKey,
		layouts: []layout{{signature: "X-Hub-Signature", format: prefixedHex, tags: []string{"sha256"}}},
	},
	{
		name: "discord", title: "Discord", signed: "{time}{body}", key: ed25519Key,
		layouts: []layout{{signature: "X-Signature-Ed25519", time: "X-Signature-Timestamp", format: bareEd25519, tags: []string{"ed25519"}}},
	},
	{
		name: "gitea", title: "Gitea", signed: "{body}", key: hmacKey,
		layouts: []layout{
			{signature: "X-Gitea-Signature", format: bareHex, tags: []string{"sha256"}},
			{signature: "X-Forgejo-Signature", format: bareHex, tags: []string{"sha256"}},
			gogs, hub256, hub,
		},
	},
	{
		name: "github", title: "GitHub", signed: "{body}", key: hmacKey,
		layouts: []layout{hub256, hub},
	},
	{
		name: "gitlab", title: "GitLab", signed: "", key: tokenKey,
		layouts: []layout{{signature: "X-Gitlab-Token", format: plainToken, tags: []string{"token"}}},
	},
	{name: "gogs", title: "Gogs", signed: "{body}", key: hmacKey, layouts: []layout{gogs}},
	{name: "hmac", title: "the sender", signed: "{body}", key: hmacKey, open: true},
	{
		name: "jira", title: "Jira", signed: "{body}", key: hmacKey,
		layouts: []layout{{signature: "X-Hub-Signature", format: prefixedHex, tags: []string{"sha256"}}},
	},
	{
		name: "paddle", title: "Paddle", signed: "{time}:{body}", key: versioned(sha256.New), window: both,
		layouts: []layout{{signature: "Paddle-Signature", format: paddleList, tags: []string{"h1"}}},
	},
	{
		name: "pagerduty", title: "PagerDuty", signed: "{body}", key: versioned(sha256.New),
		layouts: []layout{{signature: "X-PagerDuty-Signature", format: listOfHex, tags: []string{"v1"}}},
	},
	{
		name: "shopify", title: "Shopify", signed: "{body}", key: hmacKey,
		layouts: []layout{
			{signature: "X-Shopify-Hmac-SHA256", format: bareBase64, tags: []string{"sha256"}},
			{signature: "shopify-hmac-sha256", format: bareBase64, tags: []string{"sha256"}},
		},
	},
	{
		name: "slack", title: "Slack", signed: "v0:{time}:{body}", key: versioned(sha256.New), window: both,
		layouts: []layout{{signature: "X-Slack-Signature", time: "X-Slack-Request-Timestamp", format: prefixedHex, tags: []string{"v0"}}},
	},
	{
		name: "standard", title: "a sender of Standard Webhooks", signed: "{id}.{time}.{body}", key: standardKey, window: both,
		layouts: []layout{webhook, svix},
	},
	{
		name: "stripe", title: "Stripe", signed: "{time}.{body}", key: versioned(sha256.New), window: past,
		layouts: []layout{{signature: "Stripe-Signature", format: stripeList, tags: []string{"v1"}}},
	},
	{
		name: "svix", title: "Svix", signed: "{id}.{time}.{body}", key: standardKey, window: both,
		layouts: []layout{svix, webhook},
	},
}

// Find returns the scheme of that name; names are in lower case.
func Find(name string) (*Scheme, bool) {
	for i := range schemes {
		if schemes[i].name == name {
			return &schemes[i], true
		}
	}
	return nil, false
}

// Names lists the schemes by name, sorted.
func Names() []string {
	var names []string
	for _, s := range schemes {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

// Name returns the name by which Find knows the scheme.
func (s *Scheme) Name() string { return s.name }

// Timed reports whether signed times are checked, so that a tolerance counts.
func (s *Scheme) Timed() bool { return s.window != untimed }
