package signature

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
)

// hashes are those that signatures name.
var hashes = map[string]func() hash.Hash{
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"sha512": sha512.New,
}

// openHmac makes the scheme of a sender that is in no table.
func openHmac(s *Scheme, o Options) error {
	if o.Hash == "" {
		o.Hash = "sha256"
	}
	if hashes[o.Hash] == nil {
		return &OptionError{"hash", fmt.Sprintf("there is no hash %q", o.Hash), "use one of " + strings.Join(slices.Sorted(maps.Keys(hashes)), ", ")}
	}
	f := format{encoding: hexadecimal, bare: o.Hash, prefix: o.Prefix}
	if o.Prefix == "" {
		f.tag = "="
	}
	switch o.Encoding {
	case "", "hex":
	case "base64":
		f.encoding = base64Text
	default:
		return &OptionError{"encoding", fmt.Sprintf("there is no encoding %q", o.Encoding), "use hex or base64"}
	}
	if err := checkHeader(o.Header, "the signature, such as X-Signature"); err != nil {
		return err
	}
	if strings.Trim(o.Prefix, " \t") != o.Prefix {
		return &OptionError{"prefix", fmt.Sprintf("the prefix %q has white space at an end", o.Prefix), "write it without"}
	}
	s.layouts = []layout{{signature: o.Header, time: o.Time, format: f, tags: []string{o.Hash}}}
	return s.openSigned(o)
}

// openSigned reads what is signed.
func (s *Scheme) openSigned(o Options) error {
	if o.Time != "" {
		if !isToken(o.Time) {
			return &OptionError{"time", fmt.Sprintf("%q is not the name of a header", o.Time), "name the one that holds the time, such as X-Timestamp"}
		}
		s.window, s.clock = both, anyTime
	}
	if o.Signed == "" {
		o.Signed = "{body}"
	}
	signed, names, err := parseSigned(o.Signed, o.Time)
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(names, "{body}"):
		return &OptionError{"signed", fmt.Sprintf("%q has no {body} in it, so that anybody could change the body", o.Signed), `write it with {body}, such as "{header.X-Timestamp}.{body}"`}
	case o.Time != "" && !slices.Contains(names, "{time}"):
		return &OptionError{"time", fmt.Sprintf("the time in %s is not signed, so that anybody could change it", o.Time), "put {header." + o.Time + "} into signed, where the sender does, or leave time out"}
	case o.Time == "" && slices.Contains(names, "{time}"):
		return &OptionError{"signed", "{time} is signed, but in which header it stands is not known", "name it: time: X-Timestamp"}
	case s.url != "" && !slices.Contains(names, "{url}"):
		return &OptionError{"url", "no URL is signed", "leave it out, or put {url} into signed"}
	}
	s.signed = signed
	return nil
}

// parseSigned checks a signed text and lists what stands in braces. The field
// with the time is {time} in what it returns.
func parseSigned(text, timeField string) (signed string, names []string, err error) {
	for rest := text; ; {
		before, after, ok := strings.Cut(rest, "{")
		name, more, closed := strings.Cut(after, "}")
		if strings.Contains(before, "}") || ok && !closed {
			return "", nil, &OptionError{"signed", fmt.Sprintf("%q has a brace without the other", text), "write names in braces, such as {body}"}
		}
		signed += before
		if !ok {
			return signed, names, nil
		}
		field, isField := strings.CutPrefix(name, "header.")
		switch {
		case isField && timeField != "" && strings.EqualFold(field, timeField):
			name = "time"
		case isField && isToken(field):
		case slices.Contains([]string{"body", "url", "method", "time"}, name):
		default:
			return "", nil, &OptionError{"signed", fmt.Sprintf("there is no {%s}", name), "use {body}, {url}, {method}, {time} or {header.NAME}"}
		}
		signed += "{" + name + "}"
		names = append(names, "{"+name+"}")
		rest = more
	}
}

// openToken makes the scheme of a sender that shows the secret in a field.
func openToken(s *Scheme, o Options) error {
	if err := checkHeader(o.Header, "the secret, such as X-Api-Key"); err != nil {
		return err
	}
	s.layouts = []layout{{signature: o.Header, format: plainToken, tags: []string{"token"}}}
	return nil
}

// openBasic makes the scheme of a sender with a user name and a password.
func openBasic(s *Scheme, o Options) error {
	if o.User == "" || strings.ContainsFunc(o.User, func(r rune) bool { return r == ':' || r < ' ' || r == 0x7f }) {
		return &OptionError{"user", fmt.Sprintf("%q is not the name of a user", o.User), "write the name that the sender has, without a colon"}
	}
	s.key = func(_ string, secret []byte) (signer, error) {
		return token(o.User + ":" + string(secret)), nil
	}
	return nil
}

// openIP makes the scheme that checks the address alone.
func openIP(_ *Scheme, o Options) error {
	if len(o.From) == 0 {
		return &OptionError{"from", "the addresses are missing", "list the ranges that the sender sends from: [192.0.2.0/24]"}
	}
	return nil
}

func checkHeader(name, what string) error {
	if isToken(name) {
		return nil
	}
	return &OptionError{"header", fmt.Sprintf("%q is not the name of a header", name), "name the one that holds " + what}
}
