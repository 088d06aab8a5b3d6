package export

import (
	"bufio"
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"homehook/agent/control"
)

// curlWriter writes command lines that send the requests again as their
// senders did: the same method, target, fields and body. Each is one line of
// printable text for any POSIX shell, whatever the request holds.
type curlWriter struct{ w *bufio.Writer }

func (c *curlWriter) begin() error { return nil }
func (c *curlWriter) end() error   { return nil }

// maxArgument is the longest body that stands on the command line of curl; a
// system allows 128 KiB there.
const maxArgument = 64 << 10

func (c *curlWriter) record(r *control.Record) error {
	h := parseHead(r.Head)
	var line strings.Builder
	// A colon does nothing in every shell, where # is no comment in some.
	if r.Redacted {
		line.WriteString(": 'redacted: some values of this request are not in it'; ")
	}
	if r.BodyTruncated {
		fmt.Fprintf(&line, ": 'cut off: the history keeps %d of the %d bytes of this body'; ", len(r.Body), r.Size)
	}
	piped := len(r.Body) > maxArgument || !isPrintable(string(r.Body))
	if piped {
		line.WriteString("printf %b '" + escaped(r.Body, false) + "' | ")
	}
	line.WriteString("curl --http1.1")
	c.request(&line, r, h)
	c.fields(&line, r, h)
	switch {
	case piped:
		line.WriteString(" --data-binary @-")
	case len(r.Body) > 0 || h.has("Content-Length") && !isBodiless(r, h):
		line.WriteString(" --data-raw " + quote(string(r.Body)))
	}
	line.WriteByte('\n')
	_, err := c.w.WriteString(line.String())
	return err
}

// isBodiless reports whether curl is not asked to send a body although the
// sender gave a length of 0: HEAD and a body are two requests to it.
func isBodiless(r *control.Record, h *head) bool { return len(r.Body) == 0 && method(r, h) == "HEAD" }

func method(r *control.Record, h *head) string {
	if m := h.word(0); isToken([]byte(m)) {
		return m
	}
	return cmp.Or(r.Method, "GET")
}

// request writes the method and the URL.
func (c *curlWriter) request(line *strings.Builder, r *control.Record, h *head) {
	if m := method(r, h); m == "HEAD" && len(r.Body) == 0 {
		line.WriteString(" --head")
	} else {
		line.WriteString(" --request " + quote(m))
	}
	t, base := target(r, h), origin(h)
	if strings.ContainsAny(base, "[]") {
		line.WriteString(" --globoff")
	}
	if strings.HasPrefix(t, "/") && strings.Trim(t, urlChars) == "" && !strings.Contains(t, "/.") {
		line.WriteString(" " + quote(base+t))
		return
	}
	// curl would change it: tidy up dots, take brackets for ranges.
	line.WriteString(" " + quote(base+"/") + " --request-target " + quote(t))
}

// urlChars are what curl leaves alone in a path and a query.
const urlChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?%"

// fields writes the header fields, and takes off those that curl adds by
// itself where the sender had none.
func (c *curlWriter) fields(line *strings.Builder, r *control.Record, h *head) {
	for _, f := range h.fields {
		if isHop(f.name) || strings.ContainsAny(f.value, "\x00\r") {
			continue
		}
		text := f.name + ": " + f.value
		if f.value == "" {
			text = f.name + ";"
		}
		line.WriteString(" --header " + quote(text))
	}
	own := []string{"User-Agent", "Accept"}
	if len(r.Body) > 0 || h.has("Content-Length") {
		own = append(own, "Content-Type")
	}
	if len(r.Body) > 1000 {
		line.WriteString(" --header 'Expect:'")
	}
	for _, name := range own {
		if !h.has(name) {
			line.WriteString(" --header " + quote(name+":"))
		}
	}
}

// hops are fields of the connection, and of the relay's way of telling the
// agent about the sender.
var hops = []string{
	"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect",
	"content-length", "host", "via", "forwarded",
}

func isHop(name string) bool {
	name = strings.ToLower(name)
	for _, prefix := range []string{"homehook-", "ptth-", "x-forwarded-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	for _, h := range hops {
		if name == h {
			return true
		}
	}
	return false
}

// quote makes one word of a text, for any POSIX shell.
func quote(s string) string {
	if isPrintable(s) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return `"$(printf %b '` + escaped([]byte(s), true) + `')"`
}

// isPrintable reports whether a text can be read, copied and pasted as it is:
// no control characters, none that turn the direction of writing, no bytes
// that are not UTF-8.
func isPrintable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// escaped writes bytes for printf's %b between single quotes. Within double
// quotes an interactive shell may read more than letters and digits.
func escaped(b []byte, within bool) string {
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		plain := r != '\'' && r != '\\' && (r != utf8.RuneError || n > 1) && unicode.IsPrint(r)
		if within {
			plain = r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" -:/.,_=", r))
		}
		switch {
		case plain:
			out.Write(b[:n])
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		default:
			for _, c := range b[:n] {
				fmt.Fprintf(&out, `\0%03o`, c)
			}
		}
		b = b[n:]
	}
	return out.String()
}
