package routes

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"
	"unicode/utf8"

	"homehook/http1"
)

// page is what would call home from wherever it is rendered.
const page = `<html><script src="CANARY/s.js"></script><img src="CANARY/i.png"><b onmouseover="fetch('CANARY')">hi</b></html> ![x](CANARY/m.png) <a href="javascript:x">y</a>`

// TestRow88Desktop: what a sender writes into a notification is text of one place:
// no control, formatting or bidirectional character, no second line in the title,
// no link but an address of the web that the route begins, and an end.
func TestRow88Desktop(t *testing.T) {
	r := compileOne(t, Spec{Notify: &NotifySpec{Title: "{json.p}", Text: "{json.p}", Link: "https://a.example.com/{json.p}", Desktop: true}})
	texts, _ := injections(t)
	texts = append(texts, "\u202egnp.exe", "\u2066x\u2069", "a\u200b\u200db\ufeff", "\x1b]0;x\x07\x9b2J", "\U000e0041", "a\u2028b\u2029c", strings.Repeat("long ", 100_000), page)
	for _, text := range texts {
		b, _ := json.Marshal(map[string]string{"p": text})
		d := sent{body: string(b)}.delivery(t)
		w := &witness{}
		d.Host = w
		var out bytes.Buffer
		r.Serve(t.Context(), d, http1.NewExchange(d.Request, &out))
		for _, n := range w.seen {
			if strings.ContainsFunc(n.Title, unshown) || strings.ContainsFunc(strings.ReplaceAll(n.Text, "\n", ""), unshown) || !utf8.ValidString(n.Title+n.Text) {
				t.Errorf("%.100q: shown as %.100q, %.100q", text, n.Title, n.Text)
			}
			if len(n.Title) > 4<<10 || len(n.Text) > 64<<10 || n.Link != "" && !strings.HasPrefix(n.Link, "https://a.example.com/") || strings.ContainsFunc(n.Link, unshown) || strings.ContainsAny(n.Link, "\u200c\u200d") {
				t.Errorf("%.100q: %d and %d bytes, link %.100q", text, len(n.Title), len(n.Text), n.Link)
			}
		}
	}
}

// unshown is what no screen shows as a character, but for the joiners that are
// part of others.
func unshown(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != '\u200c' && r != '\u200d'
}

// TestRow97Elsewhere: what leaves for somebody's mailbox or telephone is text, in
// parts that nobody renders as a page: nothing is fetched for it.
func TestRow97Elsewhere(t *testing.T) {
	var asked atomic.Int64
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer canary.Close()
	text := strings.ReplaceAll(page, "CANARY", canary.URL)
	body, _ := json.Marshal(map[string]string{"x": text + "\r\nContent-Type: text/html\r\n\r\n<p>\r\n.\r\nQUIT\r\n"})
	var published map[string]any
	ntfy := serverFor(t, func(_ http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		if published = nil; json.Unmarshal(b, &published) != nil || q.Header.Get("Content-Type") == "text/html" {
			t.Errorf("published %q", b)
		}
	})
	s := newSMTP(t, &smtpServer{})
	n := NotifySpec{Title: "{json.x}", Text: "{json.x}"}
	n.Mail = &MailSpec{From: "a@example.com", To: []string{"b@example.com"}, Plain: true}
	byMail := mailRoute(t, n, s, nil)
	n.Mail, n.NTFY = nil, &NTFYSpec{URL: ntfy + "/topic"}
	for _, r := range []*Route{byMail, compileOne(t, Spec{Notify: &n})} {
		if status, res := sendMail(t, r, string(body)); status != 204 {
			t.Fatalf("%d, %+v", status, res)
		}
	}
	if len(s.mails) != 1 || strings.Count(strings.Join(s.lines, "\n"), "QUIT") > 1 {
		t.Fatalf("%d mails after\n%s", len(s.mails), strings.Join(s.lines, "\n"))
	}
	m, err := mail.ReadMessage(strings.NewReader(s.mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	if kind, _, err := mime.ParseMediaType(m.Header.Get("Content-Type")); err != nil || kind != "text/plain" || len(m.Header["Content-Type"]) != 1 {
		t.Errorf("the mail is %v", m.Header["Content-Type"])
	}
	if published["message"] == nil {
		t.Errorf("published %v", published)
	}
	for _, member := range []string{"markdown", "actions", "attach", "icon", "email", "call", "click"} {
		if published[member] != nil && published[member] != false {
			t.Errorf("published with %s: %v", member, published[member])
		}
	}
	if asked.Load() > 0 {
		t.Error("something was fetched")
	}
}
