package wizard

// plainMessage is the text of a notification of a sender that nothing is known of.
const plainMessage = "{json.message ?? json.text ?? body}"

// messageOf is the text of a notification that says in a line what a sender's webhook
// tells. What an event does not have is left out.
func messageOf(sender string) string {
	switch sender {
	case "github":
		return `{header["X-GitHub-Event"]} {json.action ?? ""}: {json.repository.full_name ?? ""} {json.head_commit.message ?? json.pull_request.title ?? json.issue.title ?? json.ref ?? ""}`
	case "gitea":
		return `{header["X-Gitea-Event"]} {json.action ?? ""}: {json.repository.full_name ?? ""} {json.pull_request.title ?? json.issue.title ?? json.ref ?? ""}`
	case "gogs":
		return `{header["X-Gogs-Event"]}: {json.repository.full_name ?? ""} {json.ref ?? ""}`
	case "gitlab":
		return `{json.object_kind ?? json.event_name ?? ""}: {json.project.path_with_namespace ?? ""} {json.object_attributes.title ?? json.ref ?? ""}`
	case "bitbucket":
		return `{header["X-Event-Key"]}: {json.repository.full_name ?? ""} {json.pullrequest.title ?? ""}`
	case "stripe":
		return `{json.type ?? ""}: {json.data.object.amount ?? json.data.object.id ?? ""} {json.data.object.currency ?? ""}`
	case "shopify":
		return `{header["X-Shopify-Topic"]}: {json.name ?? json.title ?? json.id ?? ""}`
	case "jira":
		return `{json.webhookEvent ?? ""}: {json.issue.key ?? ""} {json.issue.fields.summary ?? ""}`
	case "linear":
		return `{json.type ?? ""} {json.action ?? ""}: {json.data.title ?? json.data.body ?? ""}`
	case "slack":
		return `{json.event.type ?? json.type ?? ""}: {json.event.text ?? ""}`
	case "pagerduty":
		return `{json.event.event_type ?? ""}: {json.event.data.title ?? ""}`
	case "paddle", "square":
		return `{json.event_type ?? json.type ?? ""}: {json.data.id ?? ""} {json.data.status ?? ""}`
	case "standard", "svix":
		return `{json.type ?? ""}: {json.data.message ?? json.data.id ?? ""}`
	case "twilio":
		return `{form.From ?? ""}: {form.Body ?? ""}`
	case "twitch":
		return `{json.subscription.type ?? ""}: {json.event.broadcaster_user_name ?? ""}`
	case "zoom":
		return `{json.event ?? ""}: {json.payload.object.topic ?? ""}`
	case "discord-events":
		return `{json.event.type ?? ""}`
	}
	return plainMessage
}
