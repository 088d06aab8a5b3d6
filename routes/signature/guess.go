package signature

import "bytes"

// maxGuess is the longest body whose changes are guessed at.
const maxGuess = 1 << 20

// changes are what programs on the way do to a body without meaning harm.
var changes = []struct {
	what string
	undo func(body []byte) []byte
}{
	{"a newline was added at its end", func(b []byte) []byte { return bytes.TrimSuffix(b, []byte("\n")) }},
	{"the newline at its end was taken off", func(b []byte) []byte { return append(bytes.Clone(b), '\n') }},
	{"the newline at its end was taken off", func(b []byte) []byte { return append(bytes.Clone(b), "\r\n"...) }},
	{"a byte order mark was put before it", func(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\ufeff")) }},
	{"its line ends were turned into CR LF", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }},
}

// guess says why a signature does not fit, as far as trying tells. A message
// for which a guess fits is refused all the same.
func (s *Scheme) guess(l *layout, p *parts, body []byte, secrets [][]byte) string {
	if s.signed == "" {
		return l.signature + " does not hold the secret"
	}
	for _, secret := range secrets {
		trimmed := bytes.TrimSpace(secret)
		if len(trimmed) == len(secret) {
			continue
		}
		if _, ok := s.fits(l, p, body, [][]byte{trimmed}); ok {
			return "wrong key: the secret here has white space around it that the sender's does not have"
		}
	}
	if len(body) <= maxGuess {
		for _, c := range changes {
			if was := c.undo(body); len(was) == len(body) {
				continue
			} else if _, ok := s.fits(l, p, was, secrets); ok {
				return "body changed on the way: " + c.what
			}
		}
	}
	return "wrong key or body changed: the secret is not the one that the sender has, or the body is not the one that it signed"
}
