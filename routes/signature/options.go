package signature

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Options are what a scheme leaves open. Only hmac has any.
type Options struct {
	// Header is the field that holds the signature; hmac needs it.
	Header string
	// Hash is sha1, sha256 (the default) or sha512.
	Hash string
	// Encoding is hex (the default) or base64.
	Encoding string
}

// OptionError reports an option that a scheme cannot take.
type OptionError struct {
	Option          string // "header", "hash" or "encoding"
	Message, Remedy string
}

var _ error = (*OptionError)(nil)

func (e *OptionError) Error() string { return e.Message }

// With returns the scheme with these options, or an [*OptionError]. The zero
// Options suit every scheme but hmac, whose signature may have the name of its
// hash and an equals sign before it.
func (s *Scheme) With(o Options) (*Scheme, error) {
	if !s.open {
		return s, s.refuse(o)
	}
	if o.Hash == "" {
		o.Hash = "sha256"
	}
	if hashes[o.Hash] == nil {
		return nil, &OptionError{"hash", fmt.Sprintf("there is no hash %q", o.Hash), "use one of " + strings.Join(slices.Sorted(maps.Keys(hashes)), ", ")}
	}
	f := format{encoding: hexadecimal, tag: "=", bare: o.Hash}
	switch o.Encoding {
	case "", "hex":
	case "base64":
		f.encoding = base64Text
	default:
		return nil, &OptionError{"encoding", fmt.Sprintf("there is no encoding %q", o.Encoding), "use hex or base64"}
	}
	if !isToken(o.Header) {
		return nil, &OptionError{"header", fmt.Sprintf("%q is not the name of a header", o.Header), "name the one that holds the signature, such as X-Signature"}
	}
	with := *s
	with.open = false
	with.layouts = []layout{{signature: o.Header, format: f, tags: []string{o.Hash}}}
	return &with, nil
}

// refuse reports the first option that is set.
func (s *Scheme) refuse(o Options) error {
	for _, given := range []struct{ option, value string }{{"header", o.Header}, {"hash", o.Hash}, {"encoding", o.Encoding}} {
		if given.value != "" {
			return &OptionError{given.option, fmt.Sprintf("the %s of %s signatures is known", given.option, s.name), "leave it out, or use the scheme hmac"}
		}
	}
	return nil
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
