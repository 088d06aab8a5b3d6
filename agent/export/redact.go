package export

import (
	"bytes"
	"mime"
	"net/url"
	"slices"
	"strings"

	"homehook/agent/control"
)

// hidden stands in the place of a secret.
const hidden = "REDACTED"

// inNames are parts of names of what is secret, without case and punctuation.
var inNames = []string{
	"authorization", "cookie", "signature", "hmac", "token", "secret", "passw", "passphrase", "passcode", "pwd",
	"apikey", "accesskey", "privatekey", "signingkey", "credential", "session", "jwt", "bearer",
}

// wholeWords are secret where they are a word of a name by themselves.
var wholeWords = []string{"auth", "sig", "pass", "sid", "otp", "pin"}

// wholeNames are secret as the name of a parameter. As fields they say less.
var wholeNames = []string{"key", "code"}

// isSecret reports whether the name of a field, or of a parameter, is that of
// a secret.
func isSecret(name string, parameter bool) bool {
	name = strings.ToLower(name)
	if parameter && slices.Contains(wholeNames, name) {
		return true
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	for _, w := range words {
		if slices.Contains(wholeWords, w) {
			return true
		}
	}
	squashed := strings.Join(words, "")
	return slices.ContainsFunc(inNames, func(part string) bool { return strings.Contains(squashed, part) })
}

// redacted returns a copy of a record without its secrets.
func redacted(r *control.Record) *control.Record {
	c := *r
	c.Query = redactQuery(r.Query)
	c.Head = redactHead(r.Head, true)
	c.Body = redactBody(r.Body, parseHead(r.Head))
	c.Redacted = r.Redacted || c.Query != r.Query || !bytes.Equal(c.Head, r.Head) || !bytes.Equal(c.Body, r.Body)
	c.Log = slices.Clone(r.Log)
	for i := range c.Log {
		a, was := &c.Log[i], &r.Log[i]
		a.ResponseHead = redactHead(was.ResponseHead, false)
		a.ResponseBody = redactBody(was.ResponseBody, parseHead(was.ResponseHead))
		a.Output = redactBody(was.Output, &head{})
		c.Redacted = c.Redacted || !bytes.Equal(a.ResponseHead, was.ResponseHead) ||
			!bytes.Equal(a.ResponseBody, was.ResponseBody) || !bytes.Equal(a.Output, was.Output)
	}
	return &c
}

func isForm(contentType string) bool {
	t, _, _ := mime.ParseMediaType(contentType)
	return t == "application/x-www-form-urlencoded"
}

// redactHead rewrites the lines of a head that hold secrets and leaves the
// others byte for byte.
func redactHead(raw []byte, request bool) []byte {
	if raw == nil {
		return nil
	}
	lines := bytes.SplitAfter(raw, []byte("\n"))
	for i, line := range lines {
		body := bytes.TrimRight(line, "\r\n")
		end := line[len(body):]
		name, value, ok := bytes.Cut(body, []byte(":"))
		switch {
		case i == 0 && request:
			lines[i] = slices.Concat(redactTarget(body), end)
		case i == 0 || !ok:
		case isSecret(string(name), false):
			lines[i] = slices.Concat(name, []byte(": "+hidden), end)
		default:
			// Referer, Location and their like hold URLs.
			lines[i] = slices.Concat(name, []byte(":"), redactTarget(value), end)
		}
	}
	return bytes.Join(lines, nil)
}

// redactTarget redacts the query and the fragment in a request line, or of a
// URL in a field.
func redactTarget(line []byte) []byte {
	i := bytes.IndexAny(line, "?#")
	if i < 0 {
		return line
	}
	end := len(line)
	if n := bytes.IndexAny(line[i:], " \"<>"); n >= 0 {
		end = i + n
	}
	return slices.Concat(line[:i+1], []byte(redactQuery(string(line[i+1:end]))), line[end:])
}

// redactQuery redacts the values of secret parameters of a raw query, or of a
// form, and leaves everything else byte for byte.
func redactQuery(query string) string {
	if query == "" {
		return ""
	}
	parameters := strings.Split(query, "&")
	for i, p := range parameters {
		parameters[i] = redactParameter(p)
	}
	return strings.Join(parameters, "&")
}

// redactParameter redacts a parameter from the first secret in it on. Some
// programs separate parameters by semicolons, and a URL may stand in one.
func redactParameter(p string) string {
	for at := 0; at < len(p); {
		name, _, ok := strings.Cut(p[at:], "=")
		if cut := strings.LastIndexAny(name, ";?#"); cut >= 0 {
			at += cut + 1
			name = name[cut+1:]
		}
		if !ok {
			return p
		}
		if isSecret(decoded(name), true) {
			return p[:at] + name + "=" + hidden
		}
		at += len(name) + 1
	}
	return p
}

// decoded resolves the escapes of a query; a malformed text stays as it is.
func decoded(s string) string {
	if d, err := url.QueryUnescape(s); err == nil {
		return d
	}
	return s
}
