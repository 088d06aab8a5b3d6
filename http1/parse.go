package http1

import (
	"bytes"
	"math"
	"net/url"
	"strconv"
)

// Character classes, one bit each, in one table: a head is checked byte by
// byte, so the check is a load and a test.
const (
	isToken  = 1 << iota // tchar, RFC 9110 section 5.6.2
	isValue              // field-vchar, obs-text, space and tab
	isTarget             // what a request target may hold
	isHost               // what a Host field may hold
)

var classes = buildClasses()

func buildClasses() (t [256]uint8) {
	const alnum = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	set := func(chars string, bit uint8) {
		for i := range len(chars) {
			t[chars[i]] |= bit
		}
	}
	set(alnum+"!#$%&'*+-.^_`|~", isToken)
	set(alnum+"-._~%!$&'()*+,;=:[]", isHost)
	for c := 0x21; c <= 0x7e; c++ {
		t[c] |= isValue | isTarget
	}
	for c := 0x80; c <= 0xff; c++ {
		t[c] |= isValue
	}
	set(" \t", isValue)
	t['#'] &^= isTarget // a fragment never goes on the wire
	return t
}

func all(b []byte, class uint8) bool {
	for _, c := range b {
		if classes[c]&class == 0 {
			return false
		}
	}
	return true
}

// endOfHead looks for the blank line in b, from a place that an earlier call
// returned. It returns the length of the head with its blank line, or 0 and
// where to go on. A strict caller gets an error for the first bare LF at
// once, rather than a wait for a CRLF that never comes.
func endOfHead(b []byte, from int, strict bool) (end, next int, err error) {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0, from, nil
		}
		line := b[from : from+i]
		from += i + 1
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		} else if strict {
			return 0, from, bad("a line of the head ends with a bare LF")
		}
		if len(line) == 0 {
			return from, from, nil
		}
	}
}

// load copies a head, blank line included, and leaves it with CRLF line ends.
func (h *Head) load(b []byte) {
	h.reset()
	if !bytes.Contains(b, []byte("\r\n\r\n")) || bytes.Count(b, []byte{'\n'}) != bytes.Count(b, []byte("\r\n")) {
		b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte{'\n'}), []byte{'\n'}, []byte("\r\n"))
	}
	h.raw = append(h.raw, b[:len(b)-2]...)
}

// loadStrict copies a head that endOfHead found in strict mode.
func (h *Head) loadStrict(b []byte) {
	h.reset()
	h.raw = append(h.raw, b[:len(b)-2]...)
}

// startLine cuts off the start line, without its CRLF. It is empty when the
// head began with a blank line.
func (h *Head) startLine() []byte {
	h.first = bytes.IndexByte(h.raw, '\n') + 1
	return h.raw[:max(h.first-2, 0)]
}

func (r *Request) parse(lim *Limits) error {
	line := r.startLine()
	sp := bytes.IndexByte(line, ' ')
	last := bytes.LastIndexByte(line, ' ')
	if sp <= 0 || last == sp {
		return bad("the request line is not \"method target HTTP/1.1\"")
	}
	r.Method, r.Target = line[:sp], line[sp+1:last]
	if !all(r.Method, isToken) {
		return bad("the method has a character that is not allowed")
	}
	if err := r.setVersion(line[last+1:]); err != nil {
		return err
	}
	if len(r.Target) > lim.Target {
		return badf(414, "the request target is longer than %d bytes", lim.Target)
	}
	if err := r.checkTarget(); err != nil {
		return err
	}
	if err := r.parseFields(lim, true); err != nil {
		return err
	}
	return r.frameRequest()
}

// setVersion accepts HTTP/1.0 and HTTP/1.1, spelled exactly so.
func (h *Head) setVersion(v []byte) error {
	switch string(v) {
	case "HTTP/1.1":
		h.Minor = 1
		return nil
	case "HTTP/1.0":
		return nil
	}
	if len(v) == 8 && bytes.HasPrefix(v, []byte("HTTP/")) && v[6] == '.' && isDigit(v[5]) && isDigit(v[7]) {
		return badf(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
	}
	return bad("the protocol version is malformed")
}

func (r *Request) checkTarget() error {
	if !all(r.Target, isTarget) {
		return bad("the request target has a character that is not allowed")
	}
	switch {
	case len(r.Target) == 0:
		return bad("the request target is empty")
	case r.Target[0] == '/':
		return checkEscapes(r.Path())
	case string(r.Target) == "*" && r.IsMethod("OPTIONS"):
		return nil
	case r.IsMethod("CONNECT"):
		return checkURL(r.Target, "http://"+string(r.Target))
	case r.Absolute():
		return checkURL(r.Host(), string(r.Target))
	}
	return bad("the request target is neither a path nor an absolute URL")
}

// checkURL holds the rare targets with an authority against the standard
// parser, so that they mean the same to whoever parses them behind us.
func checkURL(authority []byte, full string) error {
	if _, err := url.ParseRequestURI(full); err != nil || len(authority) == 0 || !all(authority, isHost) {
		return bad("the authority of the request target is malformed")
	}
	return nil
}

// checkEscapes wants two hexadecimal digits behind each percent sign.
func checkEscapes(path []byte) error {
	for {
		i := bytes.IndexByte(path, '%')
		if i < 0 {
			return nil
		}
		if len(path) < i+3 || unhex(path[i+1]) < 0 || unhex(path[i+2]) < 0 {
			return bad("the path has a malformed percent escape")
		}
		path = path[i+3:]
	}
}

func (r *Response) parse(lim *Limits) error {
	line := r.startLine()
	if len(line) < 12 || line[8] != ' ' || (len(line) > 12 && line[12] != ' ') {
		return badf(502, "the status line is malformed")
	}
	if err := r.setVersion(line[:8]); err != nil {
		return badf(502, "the status line does not begin with HTTP/1.1 or HTTP/1.0")
	}
	code, err := strconv.Atoi(string(line[9:12]))
	if err != nil || code < 100 || line[9] == '+' {
		return badf(502, "the status code is malformed")
	}
	r.Status = code
	if len(line) > 13 {
		r.Reason = line[13:]
	} else {
		r.Reason = nil
	}
	if !all(r.Reason, isValue) {
		return badf(502, "the reason phrase has a control character")
	}
	if err := r.parseFields(lim, false); err != nil {
		err.(*Error).Status = 502
		return err
	}
	if r.chunked && r.Minor == 0 {
		return badf(502, "there is a Transfer-Encoding on HTTP/1.0")
	}
	return nil
}

// parseFields reads the lines behind the start line. In a strict head, which
// every request is, repeated lengths and nominated end-to-end fields are
// errors; a response gets the benefit of RFC 9112, section 6.3.
func (h *Head) parseFields(lim *Limits, strict bool) error {
	for at := h.first; at < len(h.raw); {
		end := at + bytes.IndexByte(h.raw[at:], '\n') + 1
		if len(h.fields) == lim.Fields {
			return badf(431, "the head has more than %d fields", lim.Fields)
		}
		if err := h.parseField(at, end); err != nil {
			return err
		}
		if err := h.note(&h.fields[len(h.fields)-1], strict); err != nil {
			return err
		}
		at = end
	}
	if h.nominate && h.markNominated() && strict {
		return bad("the Connection field names a field that must not be lost on the way")
	}
	return nil
}

// parseField reads the line raw[at:end], CRLF included.
func (h *Head) parseField(at, end int) error {
	line := h.raw[at : end-2]
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return bad("a field line has no name")
	}
	if !all(line[:colon], isToken) {
		return bad("a field name has a character that is not allowed")
	}
	v, e := colon+1, len(line)
	for v < e && (line[v] == ' ' || line[v] == '\t') {
		v++
	}
	for e > v && (line[e-1] == ' ' || line[e-1] == '\t') {
		e--
	}
	if !all(line[v:e], isValue) {
		return bad("a field value has a control character")
	}
	h.fields = append(h.fields, field{
		name: uint32(at), nameEnd: uint32(at + colon),
		value: uint32(at + v), valueEnd: uint32(at + e),
		end: uint32(end), kind: kindOf(line[:colon]),
	})
	return nil
}

// note takes from a field what the framing of the message and the fate of the
// connection depend on.
func (h *Head) note(f *field, strict bool) error {
	v := h.raw[f.value:f.valueEnd]
	switch f.kind {
	case ContentLength:
		return h.noteLength(v, strict)
	case TransferEncoding:
		if h.chunked || !equalFold(v, "chunked") {
			return badf(501, "the only transfer coding understood is a single \"chunked\"")
		}
		h.chunked = true
	case Host:
		if h.hosts++; h.hosts > 1 {
			return bad("there is more than one Host field")
		}
		if !all(v, isHost) {
			return bad("the Host field has a character that is not allowed")
		}
	case Connection:
		h.noteConnection(v)
	}
	return nil
}

func (h *Head) noteLength(v []byte, strict bool) error {
	n, ok := parseLength(v)
	if !ok {
		return bad("the Content-Length is not a decimal number")
	}
	if first, _ := h.GetKind(ContentLength); h.length >= 0 && (strict || !bytes.Equal(v, first)) {
		return bad("there is more than one Content-Length")
	}
	h.length = n
	return nil
}

// parseLength reads digits only, up to the largest int64.
func parseLength(v []byte) (int64, bool) {
	if len(v) == 0 {
		return 0, false
	}
	var n int64
	for _, c := range v {
		if !isDigit(c) || n > (math.MaxInt64-int64(c-'0'))/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func (h *Head) noteConnection(v []byte) {
	for item := range bytes.SplitSeq(v, []byte{','}) {
		switch item = trimSpace(item); {
		case equalFold(item, "close"):
			h.close = true
		case equalFold(item, "keep-alive"):
			h.keep = true
		case equalFold(item, "upgrade"):
			h.upgrade = true
		default:
			h.nominate = true
		}
	}
}

// frameRequest holds the request framing rules of RFC 9112, section 6.
func (r *Request) frameRequest() error {
	switch {
	case r.chunked && r.length >= 0:
		return bad("there are both Content-Length and Transfer-Encoding")
	case r.chunked && r.Minor == 0:
		return bad("there is a Transfer-Encoding on HTTP/1.0")
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func unhex(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
