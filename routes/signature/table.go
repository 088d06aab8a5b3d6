package signature

import (
	"crypto/sha256"
	"time"
)

// Ways in which the signature field is written, beside those that only one
// scheme has.
var (
	bareHex      = format{encoding: hexadecimal, bare: "sha256"}                   // 7571…
	bareSHA1     = format{encoding: hexadecimal, bare: "sha1"}                     // 48e3…
	prefixedHex  = format{encoding: hexadecimal, tag: "="}                         // sha256=7571…
	bareBase64   = format{encoding: base64Text, bare: "sha256"}                    // B23t…=
	base64SHA1   = format{encoding: base64Text, bare: "sha1"}                      // RSOY…=
	base64EC     = format{encoding: base64Text, bare: "ecdsa"}                     // MEUC…=
	listOfBase64 = format{encoding: base64Text, list: " ", tag: ","}               // v1,g0hM… v1,Ceo5…
	bareEd25519  = format{encoding: hexadecimal, bare: "ed25519"}                  // b6f6…
	plainToken   = format{encoding: plain, bare: "token"}                          // the secret itself
	userPassword = format{encoding: base64Text, tag: " ", fold: true}              // Basic dXNl…=
	bearerToken  = format{encoding: plain, tag: " ", fold: true}                   // Bearer 8f74…
	listOfHex    = format{encoding: hexadecimal, list: ",", tag: "="}              // v1=0c0b…,v1=7020…
	stripeList   = format{encoding: hexadecimal, list: ",", tag: "=", stamp: "t"}  // t=1533…,v1=2220…
	paddleList   = format{encoding: hexadecimal, list: ";", tag: "=", stamp: "ts"} // ts=1710…;h1=6c05…
)

// Fields that several schemes have.
var (
	hub256  = layout{signature: "X-Hub-Signature-256", format: prefixedHex, tags: sha256Tag}
	hub     = layout{signature: "X-Hub-Signature", format: prefixedHex, tags: []string{"sha1", "sha256", "sha512"}}
	hubOnly = layout{signature: "X-Hub-Signature", format: prefixedHex, tags: sha256Tag}
	gogs    = layout{signature: "X-Gogs-Signature", format: bareHex, tags: sha256Tag}
	webhook = layout{signature: "webhook-signature", time: "webhook-timestamp", id: "webhook-id", format: listOfBase64, tags: standardTags}
	svix    = layout{signature: "svix-signature", time: "svix-timestamp", id: "svix-id", format: listOfBase64, tags: standardTags}

	sha256Tag    = []string{"sha256"}
	standardTags = []string{"v1", "v1a"}
)

// Recipes that several schemes have.
var (
	ofBody      = recipe{signed: "{body}", key: hmacKey}
	ofSecret    = recipe{key: tokenKey}
	ofStandard  = recipe{signed: "{id}.{time}.{body}", key: standardKey, window: both}
	ofSlackKind = recipe{signed: "v0:{time}:{body}", key: versioned(sha256.New), window: both}
)

// schemes is the table, ordered by name.
var schemes = []Scheme{
	{
		name: "adyen", title: "Adyen", recipe: recipe{signed: "{body}", key: hexKey},
		layouts: []layout{
			{signature: "HmacSignature", format: bareBase64, tags: sha256Tag},
			{signature: "additionalData.hmacSignature", format: bareBase64, tags: sha256Tag, custom: &custom{there: hasItems, read: readItems}},
		},
	},
	{
		name: "basic", vague: true, title: "the sender", takes: "user", open: openBasic, recipe: ofSecret,
		layouts: []layout{{signature: "Authorization", format: userPassword, tags: []string{"Basic"}}},
	},
	{
		name: "bearer", vague: true, title: "the sender", recipe: ofSecret,
		layouts: []layout{{signature: "Authorization", format: bearerToken, tags: []string{"Bearer"}}},
	},
	{name: "bitbucket", title: "Bitbucket", mark: "X-Event-Key", recipe: ofBody, layouts: []layout{hubOnly}},
	{
		name: "discord", title: "Discord", recipe: recipe{signed: "{time}{body}", key: ed25519Key},
		layouts: []layout{{signature: "X-Signature-Ed25519", time: "X-Signature-Timestamp", format: bareEd25519, tags: []string{"ed25519"}}},
	},
	{
		name: "dropbox", title: "Dropbox", recipe: ofBody,
		layouts: []layout{{signature: "X-Dropbox-Signature", format: bareHex, tags: sha256Tag}},
	},
	{
		name: "gitea", title: "Gitea", mark: "X-Gitea-Event", recipe: ofBody,
		layouts: []layout{
			{signature: "X-Gitea-Signature", format: bareHex, tags: sha256Tag},
			{signature: "X-Forgejo-Signature", format: bareHex, tags: sha256Tag},
			gogs, hub256, hub,
		},
	},
	{name: "github", title: "GitHub", mark: "X-GitHub-Event", recipe: ofBody, layouts: []layout{hub256, hub}},
	{
		name: "gitlab", title: "GitLab", mark: "X-Gitlab-Event", recipe: ofSecret,
		layouts: []layout{
			{signature: "X-Gitlab-Token", format: plainToken, tags: []string{"token"}, own: &recipe{key: unsignedKey}},
			{
				signature: "webhook-signature", time: "webhook-timestamp", id: "webhook-id", format: listOfBase64, tags: []string{"v1"},
				own: &recipe{signed: "{id}.{time}.{body}", key: signingKey, window: both},
			},
		},
	},
	{name: "gogs", title: "Gogs", mark: "X-Gogs-Event", recipe: ofBody, layouts: []layout{gogs}},
	{
		name: "graph", title: "Microsoft Graph", recipe: ofSecret,
		layouts: []layout{{signature: "clientState", format: plainToken, tags: []string{"token"}, custom: &custom{there: hasStates, read: readStates}}},
	},
	{name: "hmac", title: "the sender", takes: "header hash encoding prefix signed time url", open: openHmac, recipe: ofBody},
	{
		name: "hubspot", title: "HubSpot", takes: "url",
		recipe: recipe{signed: "{method}{url}{body}{time}", key: versioned(sha256.New), window: both, clock: millis},
		layouts: []layout{
			{signature: "X-HubSpot-Signature-v3", time: "X-HubSpot-Request-Timestamp", format: bareBase64, tags: sha256Tag},
			{signature: "X-HubSpot-Signature", where: &Header{"X-HubSpot-Signature-Version", "v2"}, format: bareHex, tags: sha256Tag, own: &recipe{signed: "{method}{url}{body}", key: digestKey}},
			{signature: "X-HubSpot-Signature", where: &Header{"X-HubSpot-Signature-Version", "v1"}, format: bareHex, tags: sha256Tag, own: &recipe{signed: "{body}", key: digestKey}},
			{signature: "X-HubSpot-Signature", format: bareHex, tags: sha256Tag, own: &recipe{signed: "{body}", key: digestKey}},
		},
	},
	{name: "ip", title: "the sender", keyless: true, open: openIP},
	{name: "jira", title: "Jira", mark: "X-Atlassian-Webhook-Identifier", recipe: ofBody, layouts: []layout{hubOnly}},
	{
		name: "linear", title: "Linear", mark: "Linear-Delivery", recipe: ofBody,
		layouts: []layout{{signature: "Linear-Signature", format: bareHex, tags: sha256Tag}},
	},
	{name: "meta", title: "Meta", recipe: ofBody, layouts: []layout{hub256, hub}},
	{
		name: "paddle", title: "Paddle", recipe: recipe{signed: "{time}:{body}", key: versioned(sha256.New), window: both},
		layouts: []layout{{signature: "Paddle-Signature", format: paddleList, tags: []string{"h1"}}},
	},
	{
		name: "pagerduty", title: "PagerDuty", recipe: recipe{signed: "{body}", key: versioned(sha256.New)},
		layouts: []layout{{signature: "X-PagerDuty-Signature", format: listOfHex, tags: []string{"v1"}}},
	},
	{
		name: "rfc9421", title: "a sender of HTTP message signatures", takes: "url covers hash", open: openShared, ready: true, recipe: recipe{signed: "{base}", key: messageKey, window: both},
		layouts: []layout{{
			signature: "Signature", format: format{encoding: base64Text}, tags: algorithms,
			custom: &custom{there: hasMessageSignature, read: readMessageSignatures, sign: signMessage},
		}},
	},
	{
		name: "scalr", vague: true, title: "Scalr", recipe: recipe{signed: "{body}{time}", key: hmacKey, window: both, clock: dates},
		layouts: []layout{{signature: "X-Signature", time: "Date", format: bareSHA1, tags: []string{"sha1"}}},
	},
	{
		name: "sendgrid", title: "SendGrid", recipe: recipe{signed: "{time}{body}", key: ecKey},
		layouts: []layout{{signature: "X-Twilio-Email-Event-Webhook-Signature", time: "X-Twilio-Email-Event-Webhook-Timestamp", format: base64EC, tags: []string{"ecdsa"}}},
	},
	{
		name: "shopify", title: "Shopify", mark: "X-Shopify-Topic", recipe: ofBody,
		layouts: []layout{
			{signature: "X-Shopify-Hmac-SHA256", format: bareBase64, tags: sha256Tag},
			{signature: "shopify-hmac-sha256", format: bareBase64, tags: sha256Tag},
		},
	},
	{
		name: "slack", title: "Slack", recipe: ofSlackKind,
		layouts: []layout{{signature: "X-Slack-Signature", time: "X-Slack-Request-Timestamp", format: prefixedHex, tags: []string{"v0"}}},
	},
	{
		name: "square", title: "Square", takes: "url", recipe: recipe{signed: "{url}{body}", key: hmacKey},
		layouts: []layout{{signature: "x-square-hmacsha256-signature", format: bareBase64, tags: sha256Tag}},
	},
	{name: "standard", title: "a sender of Standard Webhooks", recipe: ofStandard, layouts: []layout{webhook, svix}},
	{
		name: "stripe", title: "Stripe", recipe: recipe{signed: "{time}.{body}", key: versioned(sha256.New), window: past},
		layouts: []layout{{signature: "Stripe-Signature", format: stripeList, tags: []string{"v1"}}},
	},
	{name: "svix", title: "Svix", recipe: ofStandard, layouts: []layout{svix, webhook}},
	{name: "token", title: "the sender", takes: "header", open: openToken, recipe: ofSecret},
	{
		name: "twilio", title: "Twilio", mark: "I-Twilio-Idempotency-Token", takes: "url",
		recipe:  recipe{signed: "{url}{content}", key: hmacKey, content: twilioContent, urls: withPorts},
		layouts: []layout{{signature: "X-Twilio-Signature", format: base64SHA1, tags: []string{"sha1"}}},
	},
	{
		name: "twitch", title: "Twitch", recipe: recipe{signed: "{id}{time}{body}", key: hmacKey, window: both, clock: rfc3339, within: 10 * time.Minute},
		layouts: []layout{{
			signature: "Twitch-Eventsub-Message-Signature", time: "Twitch-Eventsub-Message-Timestamp", id: "Twitch-Eventsub-Message-Id",
			format: prefixedHex, tags: sha256Tag,
		}},
	},
	{
		name: "xero", title: "Xero", recipe: ofBody,
		layouts: []layout{{signature: "x-xero-signature", format: bareBase64, tags: sha256Tag}},
	},
	{
		name: "zoom", title: "Zoom", recipe: ofSlackKind,
		layouts: []layout{{signature: "x-zm-signature", time: "x-zm-request-timestamp", format: prefixedHex, tags: []string{"v0"}}},
	},
}
