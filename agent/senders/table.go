package senders

// Other is the name of a sender that is none of those known.
const Other = "other"

// Sentences that several have.
const (
	enterAsSecret = "Have one made here, or choose one, and enter it as the secret of the webhook."
	giveToSender  = "Have one made here, or choose one, and give it to the sender."
)

// table has every sender, by name: each scheme of package signature, each name that
// a claim's sender may have, and those that sign nothing. $ID and $NOW in fields and
// bodies stand for an id of the delivery and for the time in seconds.
var table = []Sender{
	{
		Name: "adyen", Title: "Adyen", Scheme: "adyen", Signs: true,
		SecretFrom: "In the Customer Area, Developers, Webhooks, generate an HMAC key for the webhook. It is shown once.",
		Events:     []string{"AUTHORISATION", "CAPTURE", "REFUND"},
		body:       `{"live":"false","notificationItems":[{"NotificationRequestItem":{"eventCode":"AUTHORISATION","success":"true","pspReference":"$ID","merchantReference":"test","amount":{"currency":"EUR","value":1000}}}]}`,
	},
	{
		Name: "basic", Title: "User name and password", Scheme: "basic", Signs: true, Generate: true,
		SecretFrom: "Have a password made here, or choose one, and give it to the sender with the user name.",
		body:       generalBody,
	},
	{Name: "bearer", Title: "Bearer token", Scheme: "bearer", Signs: true, Generate: true, SecretFrom: giveToSender, body: generalBody},
	{
		Name: "bitbucket", Title: "Bitbucket", Scheme: "bitbucket", Signs: true, Generate: true, SecretFrom: enterAsSecret,
		Events: []string{"repo:push", "pullrequest:created", "pullrequest:fulfilled"},
		fields: []field{{"X-Event-Key", "repo:push"}, {"X-Request-UUID", "$ID"}},
		body:   `{"repository":{"full_name":"you/test"},"actor":{"display_name":"You"},"push":{"changes":[{"new":{"type":"branch","name":"main"}}]}}`,
	},
	{
		Name: "discord", Title: "Discord interactions", Scheme: "discord", Settings: "https://discord.com/developers/applications",
		SecretFrom: "In the Developer Portal, General Information of the app shows its public key.",
		body:       `{"id":"$ID","type":2,"data":{"name":"test"}}`,
	},
	{
		Name: "discord-events", Title: "Discord webhook events", Scheme: "discord", Settings: "https://discord.com/developers/applications",
		SecretFrom: "In the Developer Portal, General Information of the app shows its public key.",
		Events:     []string{"APPLICATION_AUTHORIZED", "ENTITLEMENT_CREATE"},
		body:       `{"version":1,"type":1,"event":{"type":"APPLICATION_AUTHORIZED","timestamp":"$ID"}}`,
	},
	{
		Name: "dropbox", Title: "Dropbox", Scheme: "dropbox", Signs: true, Settings: "https://www.dropbox.com/developers/apps",
		SecretFrom: "In the App Console, the settings of the app show its app secret.",
		body:       `{"list_folder":{"accounts":["dbid:$ID"]}}`,
	},
	{
		Name: "gitea", Title: "Gitea or Forgejo", Scheme: "gitea", Signs: true, Generate: true, SecretFrom: enterAsSecret,
		Events: []string{"push", "pull_request", "issues", "release"},
		fields: []field{{"X-Gitea-Event", "push"}, {"X-Gitea-Delivery", "$ID"}},
		body:   gitBody,
	},
	{
		Name: "github", Title: "GitHub", Scheme: "github", Signs: true, Generate: true, SecretFrom: enterAsSecret,
		Settings: "https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks",
		Events:   []string{"push", "pull_request", "issues", "release", "workflow_run"},
		fields:   []field{{"X-GitHub-Event", "push"}, {"X-GitHub-Delivery", "$ID"}},
		body:     gitBody,
	},
	{
		Name: "gitlab", Title: "GitLab", Scheme: "gitlab", Signs: true, Generate: true,
		SecretFrom: "Have one made here, or choose one, and enter it as the secret token of the webhook.",
		Settings:   "https://docs.gitlab.com/user/project/integrations/webhooks/",
		Events:     []string{"push_hook", "merge_request_hook", "tag_push_hook", "pipeline_hook", "issue_hook"},
		fields:     []field{{"X-Gitlab-Event", "Push Hook"}, {"Idempotency-Key", "$ID"}},
		body:       `{"object_kind":"push","ref":"refs/heads/main","checkout_sha":"0123456789abcdef0123456789abcdef01234567","user_name":"You","project":{"path_with_namespace":"you/test"},"commits":[]}`,
	},
	{
		Name: "gogs", Title: "Gogs", Scheme: "gogs", Signs: true, Generate: true, SecretFrom: enterAsSecret,
		Events: []string{"push", "pull_request", "issues"},
		fields: []field{{"X-Gogs-Event", "push"}, {"X-Gogs-Delivery", "$ID"}},
		body:   gitBody,
	},
	{
		Name: "graph", Title: "Microsoft Graph", Scheme: "graph", Generate: true,
		SecretFrom: "Have one made here, or choose one, and give it as clientState when the subscription is created.",
		body:       `{"value":[{"subscriptionId":"$ID","changeType":"created","resource":"me/messages","clientState":""}]}`,
	},
	{
		Name: "hmac", Title: "HMAC signature in a header", Scheme: "hmac", Signs: true, Generate: true,
		SecretFrom: "The sender shows it, or takes one that is made here.", body: generalBody,
	},
	{
		Name: "home-assistant", Title: "Home Assistant",
		Settings: "https://www.home-assistant.io/docs/automation/trigger/#webhook-trigger",
		body:     generalBody,
	},
	{
		Name: "hubspot", Title: "HubSpot", Scheme: "hubspot", Signs: true, SecretFrom: "The settings of the app show its client secret.",
		Events: []string{"contact.creation", "contact.propertyChange", "deal.creation"},
		body:   `[{"eventId":1,"subscriptionType":"contact.creation","objectId":1,"occurredAt":$NOW000,"sourceId":"$ID"}]`,
	},
	{Name: "ip", Title: "Known addresses only", Scheme: "ip", body: generalBody},
	{
		Name: "jira", Title: "Jira", Scheme: "jira", Signs: true, Generate: true, SecretFrom: enterAsSecret,
		Events: []string{"jira:issue_created", "jira:issue_updated", "comment_created"},
		fields: []field{{"X-Atlassian-Webhook-Identifier", "$ID"}},
		body:   `{"timestamp":$NOW000,"webhookEvent":"jira:issue_created","issue":{"key":"TEST-1","fields":{"summary":"A test"}}}`,
	},
	{
		Name: "linear", Title: "Linear", Scheme: "linear", Signs: true, Settings: "https://linear.app/settings/api",
		SecretFrom: "The page of the webhook shows its signing secret.",
		Events:     []string{"Issue.create", "Issue.update", "Comment.create"},
		fields:     []field{{"Linear-Delivery", "$ID"}, {"Linear-Event", "Issue"}},
		body:       `{"action":"create","type":"Issue","data":{"id":"$ID","title":"A test"},"webhookTimestamp":$NOW000}`,
	},
	{
		Name: "meta", Title: "Meta (Facebook, Instagram, WhatsApp)", Scheme: "meta", Signs: true, Settings: "https://developers.facebook.com/apps/",
		SecretFrom: "In the app's dashboard, App settings, Basic, shows its app secret.",
		Events:     []string{"page.feed", "instagram.comments", "whatsapp_business_account.messages"},
		body:       `{"object":"page","entry":[{"id":"$ID","time":$NOW,"changes":[{"field":"feed","value":{"item":"post","message":"a test"}}]}]}`,
	},
	{Name: Other, Title: "Another service", body: generalBody},
	{
		Name: "paddle", Title: "Paddle", Scheme: "paddle", Signs: true,
		SecretFrom: "In the dashboard, Developer Tools, Notifications, the destination shows its secret key.",
		Events:     []string{"transaction.completed", "subscription.created", "subscription.canceled"},
		body:       `{"event_id":"evt_$ID","notification_id":"ntf_$ID","event_type":"transaction.completed","data":{"id":"txn_test","status":"completed"}}`,
	},
	{
		Name: "pagerduty", Title: "PagerDuty", Scheme: "pagerduty", Signs: true,
		SecretFrom: "It is shown once, when the webhook subscription is created.",
		Events:     []string{"incident.triggered", "incident.acknowledged", "incident.resolved"},
		body:       `{"event":{"id":"$ID","event_type":"incident.triggered","resource_type":"incident","data":{"title":"A test","status":"triggered"}}}`,
	},
	{
		Name: "rfc9421", Title: "HTTP message signatures (RFC 9421)", Scheme: "rfc9421", Signs: true,
		SecretFrom: "The sender publishes its public key, or has a secret for both sides.", body: generalBody,
	},
	{
		Name: "scalr", Title: "Scalr", Scheme: "scalr", Signs: true, SecretFrom: "The endpoint of the webhook shows its signing key.",
		Events: []string{"HostUp", "HostDown"},
		fields: []field{{"X-Scalr-Webhook-Id", "$ID"}},
		body:   `{"eventName":"HostUp","eventId":"$ID","data":{}}`,
	},
	{
		Name: "sendgrid", Title: "Twilio SendGrid", Scheme: "sendgrid", Settings: "https://app.sendgrid.com/settings/mail_settings",
		SecretFrom: "In the settings of the event webhook, the security features show the verification key, which is public.",
		Events:     []string{"delivered", "bounce", "open", "click"},
		body:       `[{"event":"delivered","email":"you@example.com","timestamp":$NOW,"sg_event_id":"$ID"}]`,
	},
	{
		Name: "shopify", Title: "Shopify", Scheme: "shopify", Signs: true, Settings: "https://shopify.dev/docs/apps/build/webhooks",
		SecretFrom: "For webhooks of a store, Settings, Notifications, Webhooks shows it; for those of an app, it is the app's client secret.",
		Events:     []string{"orders/create", "orders/paid", "products/update", "app/uninstalled"},
		fields:     []field{{"X-Shopify-Topic", "orders/create"}, {"X-Shopify-Webhook-Id", "$ID"}},
		body:       `{"id":1001,"name":"#1001","test":true,"total_price":"10.00","currency":"EUR","line_items":[]}`,
	},
	{
		Name: "slack", Title: "Slack", Scheme: "slack", Signs: true, Settings: "https://api.slack.com/apps",
		SecretFrom: "Basic Information of the app shows its signing secret.",
		Events:     []string{"app_mention", "message", "reaction_added"},
		body:       `{"type":"event_callback","event_id":"Ev$ID","event_time":$NOW,"event":{"type":"app_mention","user":"U0TEST","text":"a test","channel":"C0TEST"}}`,
	},
	{
		Name: "square", Title: "Square", Scheme: "square", Signs: true, Settings: "https://developer.squareup.com/apps",
		SecretFrom: "The webhook subscription of the app shows its signature key.",
		Events:     []string{"payment.created", "payment.updated", "order.created"},
		body:       `{"event_id":"$ID","type":"payment.created","data":{"type":"payment","id":"test","object":{}}}`,
	},
	{
		Name: "standard", Title: "Standard Webhooks", Scheme: "standard", Signs: true,
		SecretFrom: "The sender shows it; it begins with whsec_.",
		body:       `{"type":"test.sent","data":{"id":"$ID","message":"a test"}}`,
	},
	{
		Name: "stripe", Title: "Stripe", Scheme: "stripe", Signs: true, Settings: "https://dashboard.stripe.com/webhooks",
		SecretFrom: "The page of the endpoint shows its signing secret, which begins with whsec_.",
		Events:     []string{"checkout.session.completed", "payment_intent.succeeded", "invoice.paid", "customer.subscription.deleted"},
		body:       `{"id":"evt_$ID","object":"event","type":"payment_intent.succeeded","created":$NOW,"livemode":false,"data":{"object":{"id":"pi_test","object":"payment_intent","amount":1000,"currency":"eur"}}}`,
	},
	{
		Name: "svix", Title: "Svix", Scheme: "svix", Signs: true, SecretFrom: "The page of the endpoint shows its signing secret, which begins with whsec_.",
		body: `{"type":"test.sent","data":{"id":"$ID","message":"a test"}}`,
	},
	{Name: "token", Title: "Token in a header", Scheme: "token", Signs: true, Generate: true, SecretFrom: giveToSender, body: generalBody},
	{
		Name: "twilio", Title: "Twilio", Scheme: "twilio", Signs: true, Settings: "https://console.twilio.com/",
		SecretFrom: "The console shows it as the auth token of the account.",
		kind:       "application/x-www-form-urlencoded",
		fields:     []field{{"I-Twilio-Idempotency-Token", "$ID"}},
		body:       "MessageSid=SM$ID&From=%2B15005550006&To=%2B15005550001&Body=a+test",
	},
	{
		Name: "twitch", Title: "Twitch", Scheme: "twitch", Signs: true, Generate: true, Settings: "https://dev.twitch.tv/console/apps",
		SecretFrom: "Have one made here, or choose one of 10 to 100 characters, and give it when the subscription is created.",
		Events:     []string{"stream.online", "stream.offline", "channel.follow"},
		fields:     []field{{"Twitch-Eventsub-Message-Type", "notification"}, {"Twitch-Eventsub-Subscription-Type", "stream.online"}},
		body:       `{"subscription":{"id":"$ID","type":"stream.online","version":"1","status":"enabled"},"event":{"broadcaster_user_name":"You","type":"live"}}`,
	},
	{
		Name: "xero", Title: "Xero", Scheme: "xero", Signs: true, Settings: "https://developer.xero.com/app/manage",
		SecretFrom: "Webhooks of the app show its signing key.",
		Events:     []string{"INVOICE.CREATE", "INVOICE.UPDATE", "CONTACT.UPDATE"},
		body:       `{"events":[{"resourceId":"$ID","eventCategory":"INVOICE","eventType":"CREATE"}],"firstEventSequence":1,"lastEventSequence":1}`,
	},
	{
		Name: "zoom", Title: "Zoom", Scheme: "zoom", Signs: true, Settings: "https://marketplace.zoom.us/",
		SecretFrom: "The features of the app show its secret token.",
		Events:     []string{"meeting.started", "meeting.ended", "recording.completed"},
		body:       `{"event":"meeting.started","event_ts":$NOW000,"payload":{"object":{"id":"$ID","topic":"A test"}}}`,
	},
}

// Bodies that several have.
const (
	generalBody = `{"message":"a test","id":"$ID"}`
	gitBody     = `{"ref":"refs/heads/main","after":"0123456789abcdef0123456789abcdef01234567","repository":{"full_name":"you/test"},"pusher":{"name":"you"},"commits":[]}`
)
