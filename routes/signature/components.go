package signature

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// base is the text that is signed (section 2.5).
func base(in dictMember, m *Message, target string) ([]byte, error) {
	var b strings.Builder
	seen := map[string]bool{}
	for _, c := range in.list {
		if c.kind != 's' || seen[c.String()] {
			return nil, failf(StepFormat, "%s lists a component twice, or none that could be", inputField)
		}
		seen[c.String()] = true
		value, err := component(c, m, target)
		if err != nil {
			return nil, err
		}
		b.WriteString(c.String() + ": " + value + "\n")
	}
	b.WriteString(`"@signature-params": ` + in.String())
	return []byte(b.String()), nil
}

// component returns the value of one component of a request.
func component(c item, m *Message, target string) (string, error) {
	if strings.HasPrefix(c.text, "@") {
		return derived(c, m, target)
	}
	if c.text != strings.ToLower(c.text) || !isToken(c.text) {
		return "", failf(StepFormat, "%s lists a component that is no field", inputField)
	}
	values := m.values(c.text)
	if len(values) == 0 {
		return "", failf(StepHeader, "the signature covers the header %s, which is not there", c.text)
	}
	switch {
	case len(c.params) == 0:
		return strings.Join(values, ", "), nil
	case len(c.params) > 1:
	case c.params[0].name == "bs":
		for i, v := range values {
			values[i] = ":" + base64.StdEncoding.EncodeToString([]byte(v)) + ":"
		}
		return strings.Join(values, ", "), nil
	case c.params[0].name == "key":
		key, _ := c.params.get("key", 's')
		list, err := readDictionary(strings.Join(values, ", "))
		if at := slices.IndexFunc(list, func(m dictMember) bool { return m.name == key }); err == nil && at >= 0 {
			return list[at].String(), nil
		}
		return "", failf(StepHeader, "the signature covers the member %s of the header %s, which is not there", strconv.Quote(key), c.text)
	}
	return "", failf(StepFormat, "the signature covers %s, which cannot be checked here", c)
}

// derived returns the value of a component that is no field (section 2.2).
func derived(c item, m *Message, target string) (string, error) {
	scheme, rest, _ := strings.Cut(target, "://")
	authority, path := rest, ""
	if at := strings.IndexAny(rest, "/?"); at >= 0 {
		authority, path = rest[:at], rest[at:]
	}
	path, query, _ := strings.Cut(path, "?")
	if path == "" {
		path = "/"
	}
	if len(c.params) > 0 && c.text != "@query-param" {
		return "", failf(StepFormat, "the signature covers %s, which no request has", c)
	}
	switch c.text {
	case "@method":
		return m.Method, nil
	case "@target-uri":
		return target, nil
	case "@scheme":
		return strings.ToLower(scheme), nil
	case "@authority":
		port := map[string]string{"http": ":80", "https": ":443"}[strings.ToLower(scheme)]
		return strings.TrimSuffix(strings.ToLower(authority), port), nil
	case "@path":
		return path, nil
	case "@query":
		return "?" + query, nil
	case "@request-target":
		if strings.Contains(rest, "?") {
			path += "?" + query
		}
		return path, nil
	case "@query-param":
		return queryParam(c, query)
	}
	return "", failf(StepFormat, "the signature covers %s, which no request has", c)
}

// queryParam returns a parameter that is there once, encoded anew.
func queryParam(c item, query string) (string, error) {
	name, ok := c.params.get("name", 's')
	if !ok || len(c.params) > 1 {
		return "", failf(StepFormat, "the signature covers a parameter of the query without its name")
	}
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	form, err := readForm([]byte(query))
	if err != nil || len(form[name]) != 1 {
		return "", failf(StepFormat, "the signature covers a parameter that the query has not once")
	}
	return formEscape.Replace(url.QueryEscape(form[name][0])), nil
}

// formEscape makes of what net/url escapes what forms do, but for spaces.
var formEscape = strings.NewReplacer("+", "%20", "%2A", "*", "~", "%7E")
