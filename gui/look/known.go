package look

import (
	"strings"

	"fyne.io/fyne/v2/lang"
)

// Known returns a text that the agent has of ours, such as the title of a template,
// in the language of the user. Whatever else it is stays as it is.
func Known(text string) string {
	if text == "" || strings.Contains(text, "{{") {
		return text // nothing is filled in where the agent speaks
	}
	return lang.Localize(text)
}

// Stage is the word for a step by which a relay is tested.
func Stage(step string) string {
	switch step {
	case "dns":
		return T("Name")
	case "tcp":
		return T("Connection")
	case "tls":
		return T("Encryption")
	case "proxy":
		return T("Proxy")
	case "answer":
		return T("Answer")
	case "clock":
		return T("Clock")
	case "token":
		return T("Token")
	case "dialect":
		return T("Dialect")
	case "link":
		return T("Link")
	}
	return step
}

// Check is the word for what the agent looks at when it looks for problems.
func Check(check string) string {
	switch check {
	case "agent":
		return T("Agent")
	case "configuration":
		return T("Configuration")
	case "permissions":
		return T("Permissions")
	case "credentials":
		return T("Credentials")
	case "keyring":
		return T("Keyring")
	case "scripts":
		return T("Scripts")
	case "history":
		return T("History")
	case "disk":
		return T("Disk")
	case "network":
		return T("Network")
	case "relay":
		return T("Relay")
	case "claim":
		return T("Claim")
	case "canary":
		return T("Test request")
	case "updates":
		return T("Updates")
	case "silence":
		return T("Silence")
	case "service":
		return T("Service")
	case "notifications":
		return T("Notifications")
	}
	return Stage(check)
}
