package wizard

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"homehook/gui/look"
	"homehook/gui/part"
)

// fieldNames are what the page of a sender calls what is to be entered there, in its
// own words. What is empty it does not ask for.
type fieldNames struct{ url, content, secret string }

// namesOf are those of a sender; known is false for one whose page nobody knows.
func namesOf(sender string) (names fieldNames, known bool) {
	switch sender {
	case "github":
		return fieldNames{"Payload URL", "Content type", "Secret"}, true
	case "gitea", "gogs":
		return fieldNames{"Target URL", "POST Content Type", "Secret"}, true
	case "gitlab":
		return fieldNames{"URL", "", "Secret token"}, true
	case "bitbucket", "jira":
		return fieldNames{"URL", "", "Secret"}, true
	case "stripe":
		return fieldNames{"Endpoint URL", "", "Signing secret"}, true
	case "svix", "standard":
		return fieldNames{"Endpoint URL", "", "Signing secret"}, true
	case "slack":
		return fieldNames{"Request URL", "", "Signing Secret"}, true
	case "discord":
		return fieldNames{"Interactions Endpoint URL", "", "Public Key"}, true
	case "discord-events":
		return fieldNames{"Endpoint URL", "", "Public Key"}, true
	case "shopify", "paddle", "linear", "square", "twilio", "zoom", "xero", "meta", "dropbox", "twitch", "hubspot", "sendgrid", "pagerduty", "adyen", "scalr", "graph":
		return fieldNames{"URL", "", look.T("Secret")}, true
	}
	return fieldNames{"URL", look.T("Content type"), look.T("Secret")}, false
}

// enter lists what the sender wants to know.
func (p *addressPage) enter() []fyne.CanvasObject {
	form := container.NewVBox()
	line := func(name, value string) {
		key := part.Wrapped(name)
		key.TextStyle.Bold = true
		form.Add(container.NewBorder(nil, nil, container.NewVBox(part.Wide(130, key)), nil, part.Wrapped(value)))
	}
	s := &p.plan.sender
	names, known := namesOf(s.Name)
	if s.Name == homeAssistant {
		line(names.url, look.T("the one above with {{.Path}} and the id of a webhook of Home Assistant behind it", look.V{"Path": "api/webhook/"}))
		return []fyne.CanvasObject{form}
	}
	line(names.url, look.T("the one above"))
	switch {
	case names.content != "" && known:
		line(names.content, "application/json")
	case names.content != "":
		line(names.content, look.T("application/json, if it asks"))
	}
	switch {
	case s.Scheme == "":
		line(names.secret, look.T("none"))
	case s.Generate:
		line(names.secret, look.T("the next step makes one"))
	default:
		line(names.secret, look.T("it shows you one, for the next step"))
	}
	if len(s.Events) > 0 {
		line(look.T("Events"), look.T("as you need, such as {{.Events}}", look.V{"Events": part.Visible(strings.Join(s.Events, ", "))}))
	}
	return []fyne.CanvasObject{form}
}

// link is a URL in large letters that a tap copies.
type link struct {
	widget.BaseWidget
	text   *widget.RichText
	tapped func()
}

func newLink(address string, tapped func()) *link {
	l := &link{tapped: tapped, text: widget.NewRichText(&widget.TextSegment{Text: part.Visible(address), Style: widget.RichTextStyle{
		SizeName: theme.SizeNameHeadingText, ColorName: theme.ColorNamePrimary, TextStyle: fyne.TextStyle{Monospace: true, Bold: true},
	}})}
	l.text.Wrapping = fyne.TextWrapBreak
	l.ExtendBaseWidget(l)
	return l
}

// Tapped copies it.
func (l *link) Tapped(*fyne.PointEvent) { l.tapped() }

// Cursor shows that a tap does something.
func (l *link) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer shows the letters.
func (l *link) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(l.text) }
