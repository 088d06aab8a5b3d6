package signature

import (
	"net/url"
	"strings"
)

// wrongURL looks for the URL that a sender has signed in place of the one that
// is known here.
func wrongURL(t *trial) string {
	if !t.signs("{url}") && t.s.name != "rfc9421" {
		return ""
	}
	known := t.s.urlOf(t.m)
	if len(known) > maxField {
		return ""
	}
	one := *t
	s, m := *t.s, *t.m
	s.url = ""
	one.s, one.m = &s, &m
	for _, u := range append(urlSpellings(known), spelling{t.m.URL, "the one that it used, not the one under url"}) {
		if m.URL = u.text; u.text != known && one.passes() {
			return "the URL differs: the sender signed " + u.what + "; write the one that it has under url"
		}
	}
	return ""
}

// urlSpellings lists URLs that may be meant by one, each with what the sender
// has then.
func urlSpellings(known string) (list []spelling) {
	scheme, rest, ok := strings.Cut(known, "://")
	if !ok {
		return nil
	}
	host, path := rest, ""
	if at := strings.IndexAny(rest, "/?"); at >= 0 {
		host, path = rest[:at], rest[at:]
	}
	path, query, hasQuery := strings.Cut(path, "?")
	if hasQuery {
		query = "?" + query
	}
	other := map[string]string{"https": "http", "http": "https"}[scheme]
	schemes := []spelling{{scheme, ""}, {other, "with " + other + "://"}}
	for _, s := range schemes {
		for _, h := range hostSpellings(host) {
			for _, p := range pathSpellings(path) {
				for _, q := range []spelling{{query, ""}, {"", "without the query"}, {decoded(query), "with its query decoded"}} {
					list = append(list, spelling{s.text + "://" + h.text + p.text + q.text, joined(s.what, h.what, p.what, q.what)})
				}
			}
		}
	}
	return list
}

func hostSpellings(host string) []spelling {
	name, port, found := strings.Cut(host, ":")
	if found {
		return []spelling{{host, ""}, {name, "without the port " + port}}
	}
	return []spelling{{host, ""}, {host + ":443", "with the port 443"}, {host + ":80", "with the port 80"}, {host + ":8443", "with the port 8443"}, {host + ":8080", "with the port 8080"}}
}

func pathSpellings(path string) []spelling {
	list := []spelling{{path, ""}, {decoded(path), "with its path decoded"}}
	if cut := strings.TrimSuffix(path, "/"); cut != path {
		list = append(list, spelling{cut, "without the slash at the end"})
	} else {
		list = append(list, spelling{path + "/", "with a slash at the end"})
	}
	if first, after, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/"); ok {
		list = append(list, spelling{"/" + after, "without /" + first})
	}
	if strings.Contains(path, "//") {
		list = append(list, spelling{strings.ReplaceAll(path, "//", "/"), "without the double slash"})
	}
	return list
}

func decoded(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// joined joins what differs to a sentence's end.
func joined(parts ...string) string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	return "it " + strings.Join(list, " and ")
}
