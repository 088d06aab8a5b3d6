package signature

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxBases is how many bytes all texts together may have that the signatures of
// one message are over: a few bytes of Signature-Input cover a long field.
const maxBases = 256 << 10

// coverage is what the signatures of one message cover. Each field is read once,
// however often it is covered.
type coverage struct {
	m      *Message
	target string
	left   int // of maxBases

	fields map[string][]string
	dicts  map[string][]dictMember // nil for a field that is none
	query  map[string][]string     // nil until it is read, and where it cannot be
	read   bool                    // the query was
}

func newCoverage(m *Message, target string) *coverage {
	return &coverage{m: m, target: target, left: maxBases, fields: map[string][]string{}, dicts: map[string][]dictMember{}}
}

// take counts bytes of a text before they are made.
func (v *coverage) take(n int) error {
	v.m.spend(n)
	if v.left -= n; v.left < 0 {
		return failf(StepFormat, "the signatures cover more than %d bytes together", maxBases)
	}
	return nil
}

// values returns what a field of the message holds.
func (v *coverage) values(name string) []string {
	list, known := v.fields[name]
	if !known {
		list = v.m.values(name)
		v.fields[name] = list
	}
	return list
}

// member returns a member of a field that is a dictionary.
func (v *coverage) member(field, name string) (text string, ok bool) {
	list, known := v.dicts[field]
	if !known {
		whole := strings.Join(v.values(field), ", ")
		v.m.spend(parsing * len(whole))
		list, _ = readDictionary(whole)
		v.dicts[field] = list
	}
	if at := slices.IndexFunc(list, func(m dictMember) bool { return m.name == name }); at >= 0 {
		return list[at].String(), true
	}
	return "", false
}

// base is the text that is signed (section 2.5).
func (v *coverage) base(in dictMember) ([]byte, error) {
	var b strings.Builder
	seen := map[string]bool{}
	for _, c := range in.list {
		if c.kind != 's' || seen[c.String()] {
			return nil, failf(StepFormat, "%s lists a component twice, or none that could be", inputField)
		}
		seen[c.String()] = true
		value, err := v.component(c)
		if err == nil {
			err = v.take(len(value))
		}
		if err != nil {
			return nil, err
		}
		b.WriteString(c.String() + ": " + value + "\n")
	}
	b.WriteString(`"@signature-params": ` + in.String())
	return []byte(b.String()), nil
}

// component returns the value of one component of a request.
func (v *coverage) component(c item) (string, error) {
	if strings.HasPrefix(c.text, "@") {
		return v.derived(c)
	}
	if c.text != strings.ToLower(c.text) || !isToken(c.text) {
		return "", failf(StepFormat, "%s lists a component that is no field", inputField)
	}
	values := v.values(c.text)
	if len(values) == 0 {
		return "", failf(StepHeader, "the signature covers the header %s, which is not there", c.text)
	}
	switch {
	case len(c.params) == 0:
		return strings.Join(values, ", "), nil
	case len(c.params) > 1:
	case c.params[0].name == "bs":
		list := make([]string, len(values))
		for i, value := range values {
			list[i] = ":" + base64.StdEncoding.EncodeToString([]byte(value)) + ":"
		}
		return strings.Join(list, ", "), nil
	case c.params[0].name == "key":
		key, _ := c.params.get("key", 's')
		if text, ok := v.member(c.text, key); ok {
			return text, nil
		}
		return "", failf(StepHeader, "the signature covers the member %s of the header %s, which is not there", strconv.Quote(key), c.text)
	}
	return "", failf(StepFormat, "the signature covers %s, which cannot be checked here", c)
}

// derived returns the value of a component that is no field (section 2.2).
func (v *coverage) derived(c item) (string, error) {
	scheme, rest, _ := strings.Cut(v.target, "://")
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
		return v.m.Method, nil
	case "@target-uri":
		return v.target, nil
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
		return v.queryParam(c, query)
	}
	return "", failf(StepFormat, "the signature covers %s, which no request has", c)
}

// queryParam returns a parameter that is there once, encoded anew.
func (v *coverage) queryParam(c item, query string) (string, error) {
	name, ok := c.params.get("name", 's')
	if !ok || len(c.params) > 1 {
		return "", failf(StepFormat, "the signature covers a parameter of the query without its name")
	}
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	if !v.read {
		v.read = true
		v.m.spend(parsing * len(query))
		v.query, _ = readForm([]byte(query))
	}
	form := v.query
	if len(form[name]) != 1 {
		return "", failf(StepFormat, "the signature covers a parameter that the query has not once")
	}
	return formEscape.Replace(url.QueryEscape(form[name][0])), nil
}

// formEscape makes of what net/url escapes what forms do, but for spaces.
var formEscape = strings.NewReplacer("+", "%20", "%2A", "*", "~", "%7E")
