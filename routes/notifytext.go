package routes

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxTitle = 250      // bytes of a title; screens show fewer
	maxText  = 4 << 10  // bytes of a text, which is what ntfy takes
	maxLink  = 2 << 10  // bytes of a link
	ellipsis = "\u2026" // where something was cut off
)

// fill makes the notification of a delivery. note says what was left out of it.
func (h *notifier) fill(d *Delivery) (n *Notification, note string, err error) {
	r := d.Request
	path, _ := r.PathQuery()
	n = &Notification{Delivery: d.ID, Claim: d.Claim, Route: d.Route, Title: d.Route, Urgent: h.urgent}
	n.Text = fmt.Sprintf("%s %s", r.Method, path)
	if d.Remote != "" {
		n.Text += " from " + d.Remote
	}
	for _, t := range []struct {
		from *text
		to   *string
	}{{h.title, &n.Title}, {h.text, &n.Text}, {h.link, &n.Link}} {
		if t.from == nil {
			continue
		}
		value, missing, err := t.from.fill(d)
		if err != nil {
			return nil, "", fmt.Errorf("make the notification: %w", err)
		}
		if !missing {
			*t.to = value
		}
	}
	if n.Title = legible(n.Title, maxTitle, false); n.Title == "" {
		n.Title = legible(d.Route, maxTitle, false)
	}
	n.Text = legible(n.Text, maxText, true)
	if n.Link != "" && !isLink(n.Link) {
		note, n.Link = "the link was left out: it is no address of http or https\n", ""
	}
	return n, note, nil
}

// isLink reports whether a text is an address that may be opened by a click:
// nothing that runs a program or reads a file.
func isLink(s string) bool {
	if len(s) > maxLink || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || isHidden(r) || unicode.Is(unicode.Cf, r) }) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil
}

// legible makes a text one for a screen: valid, without characters that are not
// seen or turn others around, and not too long. lines keeps its lines.
func legible(s string, most int, lines bool) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case lines && (r == '\n' || r == '\t'):
			return r
		case r == '\r' && lines:
			return -1
		case unicode.IsSpace(r), r == 0:
			return ' '
		case isHidden(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = strings.TrimSpace(s)
	if len(s) <= most {
		return s
	}
	cut := most - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + ellipsis
}

// isHidden reports whether a character controls a screen rather than shows, or is
// not seen at all, as are tags and spaces without a width. The joiners stay: emoji
// and several scripts are spelled with them.
func isHidden(r rune) bool {
	switch r {
	case '\u200c', '\u200d':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}
