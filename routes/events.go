package routes

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"homehook/routes/expression"
)

// eventTexts are where a sender says what its delivery is about, by the scheme by
// which it signs: alternatives, of which the first counts that names anything.
// Its pieces are joined with a dot.
var eventTexts = sync.OnceValue(func() map[string][][]string {
	return map[string][][]string{
		"adyen":     {{"{json.notificationItems[0].NotificationRequestItem.eventCode}"}},
		"bitbucket": {{`{header["X-Event-Key"]}`}},
		"discord":   {{"{json.event.type}"}, {"{json.type}"}},
		"gitea":     {{`{header["X-Gitea-Event"]}`, "{json.action}"}},
		"github":    {{`{header["X-GitHub-Event"]}`, "{json.action}"}},
		"gitlab":    {{`{header["X-Gitlab-Event"]}`, "{json.object_attributes.action}"}},
		"gogs":      {{`{header["X-Gogs-Event"]}`, "{json.action}"}},
		"hubspot":   {{"{json[0].subscriptionType}"}},
		"jira":      {{"{json.webhookEvent}"}},
		"linear":    {{"{json.type}", "{json.action}"}},
		"meta":      {{"{json.object}", "{json.entry[0].changes[0].field}"}},
		"paddle":    {{"{json.event_type}"}},
		"pagerduty": {{"{json.event.event_type}"}},
		"scalr":     {{"{json.eventName}"}},
		"sendgrid":  {{"{json[0].event}"}},
		"shopify":   {{`{header["X-Shopify-Topic"]}`}},
		"slack":     {{"{json.event.type}"}, {"{json.type}"}, {"{form.command}"}},
		"square":    {{"{json.type}"}},
		"standard":  {{"{json.type}"}},
		"stripe":    {{"{json.type}"}},
		"svix":      {{"{json.type}"}},
		"twitch":    {{`{header["Twitch-Eventsub-Subscription-Type"]}`}},
		"xero":      {{"{json.events[0].eventCategory}", "{json.events[0].eventType}"}},
		"zoom":      {{"{json.event}"}},
	}
})

// events are the types of events that a route takes.
type events struct {
	patterns []string
	texts    [][]*expression.Template
	plain    bool // the sender writes them as words: "Push Hook"
}

// newEvents checks the events of a route, and finds where its sender names them.
func (c *compiler) newEvents(path string, s *Spec, r *Route) *events {
	e := &events{patterns: slices.Clone(s.Events)}
	for i, p := range e.patterns {
		if strings.TrimSpace(p) != p || p == "" {
			c.report(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%q is no type of event", p), "write it as the sender does, such as push or charge.*")
		}
	}
	if s.Verify == nil {
		c.report(path, "the sender is not known, so nor is where it says what its deliveries are about", `add verify:, or write a condition such as when: header["X-Event"] == "push"`)
		return e
	}
	alternatives, known := eventTexts()[s.Verify.Scheme]
	if !known && s.Verify.Scheme != "" {
		c.report(path, fmt.Sprintf("a sender that is checked by the scheme %s has no types of events that are known here", s.Verify.Scheme),
			`write a condition such as when: json.type == "order", or use one of the schemes `+strings.Join(slices.Sorted(maps.Keys(eventTexts())), ", "))
	}
	e.plain = s.Verify.Scheme == "gitlab"
	for _, texts := range alternatives {
		var list []*expression.Template
		for _, text := range texts {
			if t := c.template(path, text, &Route{}); t != nil {
				list = append(list, t)
			}
		}
		e.texts = append(e.texts, list)
	}
	return e
}

// maxEvent is how much of a type of event is looked at, in bytes.
const maxEvent = 200

// of returns the type of event that a delivery is about, empty when it does not
// say.
func (e *events) of(in *expression.Input) string {
	for _, texts := range e.texts {
		var pieces []string
		for _, t := range texts {
			if s, _, err := t.Text(in); err == nil && s != "" {
				pieces = append(pieces, s)
			}
		}
		if len(pieces) == 0 {
			continue
		}
		event := strings.Join(pieces, ".")
		if e.plain {
			event = strings.ReplaceAll(strings.ToLower(event), " ", "_")
		}
		return strings.ToValidUTF8(event[:min(len(event), maxEvent)], "?")
	}
	return ""
}

// wants reports whether the route takes a delivery, and what that is about.
func (e *events) wants(in *expression.Input) (event string, ok bool) {
	event = e.of(in)
	return event, event != "" && slices.ContainsFunc(e.patterns, func(p string) bool { return takesEvent(p, event) })
}

// takesEvent reports whether a pattern takes a type of event: the same one, one
// of those below it ("issues" takes "issues.opened"), or what its asterisks stand
// for.
func takesEvent(pattern, event string) bool {
	first, rest, globs := strings.Cut(pattern, "*")
	if !globs {
		below, ok := strings.CutPrefix(event, pattern)
		return ok && (below == "" || below[0] == '.')
	}
	event, ok := strings.CutPrefix(event, first)
	if !ok {
		return false
	}
	for {
		middle, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(event, middle)
		}
		i := strings.Index(event, middle)
		if i < 0 {
			return false
		}
		event, rest = event[i+len(middle):], after
	}
}
