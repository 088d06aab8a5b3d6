package activity

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// grouped writes a count with its thousands apart.
func grouped(n int) string {
	digits, mark := strconv.Itoa(n), ","
	if look.T("decimal point") == "," {
		mark = "."
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + mark + digits[i:]
	}
	return digits
}

// counted says how many deliveries there are, as far as it is known.
func counted(m *model) string {
	n := m.total()
	count := look.V{"Count": grouped(n)}
	switch {
	case !m.ready, n == 0 && !m.filtered():
		return ""
	case m.query.Search != "" && m.more():
		return look.T("{{.Count}} found so far", count)
	case m.query.Search != "":
		return look.N("{{.Count}} found", n, count)
	case m.more():
		return look.T("More than {{.Count}} deliveries", count)
	}
	return look.N("{{.Count}} deliveries", n, count)
}

// states are those that a filter offers, in the order of a delivery's life.
var states = []string{
	control.Received, control.Running, control.Waiting, control.Succeeded,
	control.Rejected, control.Duplicate, control.Dead, control.Expired,
}

// methods are those that a filter offers.
var methods = []string{
	http.MethodPost, http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions,
}

// statuses are those that a filter offers.
var statuses = []int{200, 202, 204, 400, 401, 403, 404, 429, 500, 502, 503, 504}

// period is a time to look at, as a filter offers it.
type period struct {
	name  string
	since func(now time.Time) time.Time
	until func(now time.Time) time.Time // nil is now
}

// periods are those that a filter offers.
func periods() []period {
	ago := func(d time.Duration) func(time.Time) time.Time {
		return func(now time.Time) time.Time { return now.Add(-d) }
	}
	midnight := func(days int) func(time.Time) time.Time {
		return func(now time.Time) time.Time {
			y, m, d := now.Local().Date()
			return time.Date(y, m, d+days, 0, 0, 0, 0, time.Local)
		}
	}
	return []period{
		{look.T("Last 15 minutes"), ago(15 * time.Minute), nil},
		{look.T("Last hour"), ago(time.Hour), nil},
		{look.T("Today"), midnight(0), nil},
		{look.T("Yesterday"), midnight(-1), midnight(0)},
		{look.T("Last 7 days"), ago(7 * 24 * time.Hour), nil},
		{look.T("Last 30 days"), ago(30 * 24 * time.Hour), nil},
	}
}

// word is a filter that is in force, and how it is taken off.
type word struct {
	text string
	off  func(*control.Query)
}

// words are the filters of a query; span is how its time was chosen.
func words(q *control.Query, span string) []word {
	var all []word
	add := func(there bool, name, value string, off func(*control.Query)) {
		if there {
			all = append(all, word{name + ": " + part.Visible(part.Cut(value, 40)), off})
		}
	}
	add(q.Claim != "", look.T("Claim"), q.Claim, func(q *control.Query) { q.Claim = "" })
	add(q.Route != "", look.T("Route"), q.Route, func(q *control.Query) { q.Route = "" })
	add(q.State != "", look.T("State"), look.DeliverySign(q.State).Word, func(q *control.Query) { q.State = "" })
	add(q.Method != "", look.T("Method"), q.Method, func(q *control.Query) { q.Method = "" })
	add(q.Status != 0, look.T("Status"), strconv.Itoa(q.Status), func(q *control.Query) { q.Status = 0 })
	add(!q.Since.IsZero() || !q.Until.IsZero(), look.T("Time"), spanText(q, span), func(q *control.Query) { q.Since, q.Until = time.Time{}, time.Time{} })
	return all
}

// spanText says which time a query looks at.
func spanText(q *control.Query, span string) string {
	const layout = "2006-01-02 15:04"
	switch {
	case span != "":
		return span
	case q.Until.IsZero():
		return look.T("since {{.Time}}", look.V{"Time": q.Since.Local().Format(layout)})
	case q.Since.IsZero():
		return look.T("until {{.Time}}", look.V{"Time": q.Until.Local().Format(layout)})
	}
	return q.Since.Local().Format(layout) + " – " + q.Until.Local().Format(layout)
}

// moment reads a time as people write it, in the time of this machine: with a date,
// or of today; nothing is no time, and well.
func moment(text string, now time.Time) (at time.Time, ok bool) {
	if text = strings.TrimSpace(text); text == "" {
		return time.Time{}, true
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02", "2006-01-02 15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, true
		}
	}
	if t, err := time.ParseInLocation("15:04", text, time.Local); err == nil {
		y, m, d := now.Local().Date()
		return time.Date(y, m, d, t.Hour(), t.Minute(), 0, 0, time.Local), true
	}
	return time.Time{}, false
}
