package agent

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// form is one way to write a text that is taken out.
type form struct {
	text    string // in lower case
	instead string
	rank    int
	word    bool // only where no letter or digit is beside it
	run     bool // with the letters and digits beside it
}

const (
	// shortestKnown is how short a text may be, in bytes, that is taken out at all.
	shortestKnown = 3
	// shortestSecret is how short a credential is taken out within words. A shorter
	// one may be part of any word.
	shortestSecret = 5
	// shortestSetting is the same for what the configuration hides.
	shortestSetting = 8
)

// secret has the value of a credential taken out, however it is written.
func (m *mask) secret(value, instead string) {
	for _, part := range linesOf(value) {
		for _, text := range append(writings(part), hex.EncodeToString([]byte(part))) {
			m.add(form{text: lower(text), instead: instead, rank: rankCredential, word: len(part) < shortestSecret})
		}
		for _, text := range base64Of(part) {
			m.add(form{text: lower(text), instead: instead, rank: rankCredential, run: true})
		}
	}
}

// setting has a text taken out that the configuration hides.
func (m *mask) setting(value, instead string) {
	for _, part := range linesOf(value) {
		if m.plain[part] || isOrdinary(part) {
			continue
		}
		for _, text := range writings(part) {
			m.add(form{text: lower(text), instead: instead, rank: rankConfigured, word: len(part) < shortestSetting})
		}
	}
}

// add takes a form in, once.
func (m *mask) add(f form) {
	if len(f.text) >= shortestKnown && !m.has[f.text] {
		m.has[f.text] = true
		m.known = append(m.known, f)
	}
}

// linesOf are a text and, where it has several, its lines.
func linesOf(value string) []string {
	all := []string{value}
	for line := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.TrimSpace(line); line != value {
			all = append(all, line)
		}
	}
	return all
}

// writings are the ways in which logs, URLs and JSON write a text.
func writings(s string) []string {
	inner := func(s string) string { return s[1 : len(s)-1] }
	quoted := inner(strconv.Quote(s))
	all := []string{s, url.QueryEscape(s), url.PathEscape(s), quoted, inner(strconv.QuoteToASCII(s)), inner(strconv.Quote(quoted)), html.EscapeString(s)}
	if text, err := json.Marshal(s); err == nil {
		all = append(all, inner(string(text)), inner(strconv.Quote(inner(string(text)))))
	}
	return all
}

// base64Of are the parts of base64 that do not depend on what is around a text.
func base64Of(s string) []string {
	var all []string
	for off := range 3 {
		raw := append(make([]byte, off), s...)
		from, to := (off*8+5)/6, len(raw)*8/6
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if to-from >= 5 { // less is in many words
				all = append(all, enc.EncodeToString(raw)[from:to])
			}
		}
	}
	return all
}

// found is where the known texts are in s.
func (m *mask) found(s string) []span {
	var all []span
	low := lower(s)
	for _, f := range m.known {
		for at := 0; ; {
			i := strings.Index(low[at:], f.text)
			if i < 0 {
				break
			}
			from, to := at+i, at+i+len(f.text)
			at = from + 1
			if f.word && (wordBefore(s, from) || wordBehind(s, to)) {
				continue
			}
			for f.run && from > 0 && isBase64(s[from-1]) {
				from--
			}
			for f.run && to < len(s) && isBase64(s[to]) {
				to++
			}
			all = append(all, span{from, to, f.instead, f.rank})
			at = max(at, to)
		}
	}
	return all
}

// lower is s with A to Z in lower case, as long as s.
func lower(s string) string {
	out := []byte(s)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return string(out)
}

func isBase64(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+/-_=", c) >= 0
}

func isWordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func wordBefore(s string, at int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:at])
	return at > 0 && isWordRune(r)
}

func wordBehind(s string, at int) bool {
	r, _ := utf8.DecodeRuneInString(s[at:])
	return at < len(s) && isWordRune(r)
}

// ordinary are words that the agent, its findings and its log use themselves. To
// take them out would tell what is behind them, and spoil the rest.
var ordinary = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsSeq(`true false yes none null auto default post get put delete patch head options
		private hidden user users machine credential credentials agent relays route delivery deliveries error warn
		info debug level msg localhost local ok problem warning skipped service configuration permissions keyring
		network dns tls clock canary disk webhook webhooks hooks hook api bin usr etc var opt home tmp srv echo
		/bin/sh /bin/bash /usr/bin/env bash http https json xml form x-forwarded-for content-type
		application/json text/plain 100 200 201 202 204 400 401 403 404 500 502 503 443 homehook version linux
		windows darwin the and not for has with from this that`) {
		words[w] = true
	}
	for key, k := range configKeys {
		words[key] = true
		for _, w := range k.words {
			words[w] = true
		}
	}
	return words
})

// isOrdinary reports whether a text is a word of the agent's own.
func isOrdinary(s string) bool { return ordinary()[lower(s)] }
