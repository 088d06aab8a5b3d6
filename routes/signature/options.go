package signature

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Options are what a scheme leaves open. Which scheme takes which is told by
// [Scheme.With]; From is for all of them.
type Options struct {
	// Header is the field that holds the signature, for hmac, or the secret,
	// for token. Both need it.
	Header string
	// Hash is sha1, sha256 (the default) or sha512, for hmac; for rfc9421, sha256
	// says that the secret is one that both sides have, and no public key.
	Hash string
	// Encoding is hex (the default) or base64, for hmac.
	Encoding string
	// Prefix is what stands before the signature, for hmac. By default the name
	// of the hash and an equals sign may stand there.
	Prefix string
	// Signed is the text that is signed, for hmac: by default "{body}". It may
	// have {body}, {url}, {method}, {time} and {header.NAME} in it.
	Signed string
	// Time is the field with the time that is signed, for hmac.
	Time string
	// User is the name of the user, for basic, which needs it.
	User string
	// URL is the public URL that the sender signs, for schemes that sign one,
	// where the message does not have it as the sender does.
	URL string
	// From are the ranges of addresses that messages may come from; the scheme
	// ip needs some.
	From []string
	// Covers are the components that a signature has to cover, for rfc9421. nil
	// is the body, where there is one, by its digest.
	Covers []string
}

// OptionError reports an option that a scheme cannot take.
type OptionError struct {
	Option          string // as in the configuration: "header", "hash", "from[1]", …
	Message, Remedy string
}

var _ error = (*OptionError)(nil)

func (e *OptionError) Error() string { return e.Message }

// With returns the scheme with these options, or an [*OptionError]. The zero
// Options suit every scheme that can do without: not hmac, token, basic and ip.
func (s *Scheme) With(o Options) (*Scheme, error) {
	if err := s.refuse(o); err != nil {
		return nil, err
	}
	if s.open == nil && o.URL == "" && o.From == nil && o.Covers == nil {
		return s, nil
	}
	with := *s
	var err error
	if with.url, err = publicURL(o.URL); err != nil {
		return nil, err
	}
	if with.from, err = ranges(o.From); err != nil {
		return nil, err
	}
	if with.covers, err = components(o.Covers); err != nil {
		return nil, err
	}
	if s.open != nil {
		if err := s.open(&with, o); err != nil {
			return nil, err
		}
	}
	return &with, nil
}

// refuse reports the first option that is set and not the scheme's.
func (s *Scheme) refuse(o Options) error {
	covers := ""
	if o.Covers != nil {
		covers = "given"
	}
	for _, given := range []struct{ option, value string }{
		{"header", o.Header},
		{"hash", o.Hash},
		{"encoding", o.Encoding},
		{"prefix", o.Prefix},
		{"signed", o.Signed},
		{"time", o.Time},
		{"user", o.User},
		{"url", o.URL},
		{"covers", covers},
	} {
		if given.value == "" || slices.Contains(strings.Fields(s.takes), given.option) {
			continue
		}
		var takers []string
		for i := range schemes {
			if slices.Contains(strings.Fields(schemes[i].takes), given.option) {
				takers = append(takers, schemes[i].name)
			}
		}
		return &OptionError{given.option, fmt.Sprintf("%s has no meaning with the scheme %s: what its senders do is known", given.option, s.name), "leave it out; it belongs to " + strings.Join(takers, ", ")}
	}
	return nil
}

// publicURL checks the URL that senders sign.
func publicURL(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return "", &OptionError{"url", fmt.Sprintf("%q is not the URL of an address", text), "write it as the sender has it, such as https://garage.relay.example.com/square"}
	}
	return text, nil
}

// isToken reports whether a name can be a field's (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
