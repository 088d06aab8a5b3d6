package ptth

import (
	"errors"
	"net/url"
	"strings"

	"homehook/http1"
)

var errForeignLink = &AnswerError{errors.New("relay names a URL that is not its own")}

// webLinks reads the fields Link of an answer (RFC 8288): where each relation
// leads, in small letters. The first link of a relation counts.
func webLinks(h *http1.Head) map[string]string {
	found := map[string]string{}
	for v := range h.Values("Link") {
		parseLinks(string(v), found)
	}
	return found
}

// parseLinks adds the links of one field to found. What is malformed is left
// out, up to the next comma.
func parseLinks(v string, found map[string]string) {
	for v != "" {
		v = strings.TrimLeft(v, " \t,")
		var target string
		if rest, ok := strings.CutPrefix(v, "<"); ok {
			if target, v, ok = strings.Cut(rest, ">"); !ok {
				return
			}
		}
		var rels string
		rels, v = linkParams(v)
		for rel := range strings.FieldsSeq(strings.ToLower(rels)) {
			if _, ok := found[rel]; !ok && target != "" {
				found[rel] = target
			}
		}
	}
}

// linkParams reads the parameters of one link and returns the relations and
// what follows the link.
func linkParams(v string) (rels, rest string) {
	for v != "" {
		end := endOfParam(v)
		name, value, _ := strings.Cut(v[:end], "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") && rels == "" {
			rels = strings.Trim(strings.TrimSpace(value), `"`)
		}
		if end == len(v) || v[end] == ',' {
			return rels, v[end:]
		}
		v = v[end+1:]
	}
	return rels, ""
}

// endOfParam returns the place of the semicolon or comma that ends a
// parameter, which may be in quotes.
func endOfParam(v string) int {
	quoted := false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ';' || c == ','):
			return i
		}
	}
	return len(v)
}

// ownURL resolves what a relay has named against where it was asked. It must
// lead back to the same host: the result goes there whatever scheme and port
// the relay thinks it has, which it often gets wrong behind a proxy.
func ownURL(base *url.URL, ref string) (*url.URL, error) {
	u, err := base.Parse(ref)
	if err != nil || ref == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errForeignLink
	}
	if !strings.EqualFold(u.Hostname(), base.Hostname()) || u.Port() != "" && hostPort(u) != hostPort(base) {
		return nil, errForeignLink
	}
	u.Scheme, u.Host, u.Fragment = base.Scheme, base.Host, ""
	if !isVisible(u.RequestURI()) {
		return nil, errForeignLink
	}
	return u, nil
}

// publicURL is a URL to show, "" when it is none that a sender could use.
func publicURL(base *url.URL, ref string) string {
	u, err := base.Parse(ref)
	if err != nil || ref == "" || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	if s := u.String(); s == printable(s) && len(s) <= 2048 {
		return s
	}
	return ""
}
