package signature

import (
	"encoding/base64"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// signMessage makes the fields of RFC 9421. What a message that has a signature
// covered is covered again, for the first of its signatures.
func signMessage(s *Scheme, l *layout, m *Message, secret []byte, now time.Time) ([]Header, error) {
	algorithm, k, err := s.signerOf(l, secret)
	if err != nil {
		return nil, err
	}
	in := signedBefore(m)
	if in.list == nil {
		in = s.usual(m)
	}
	in.item.params = slices.DeleteFunc(slices.Clone(in.item.params), func(p param) bool {
		return slices.Contains([]string{"created", "expires", "alg", "nonce"}, p.name)
	})
	in.item.params = append(in.item.params, param{"created", bare{'i', strconv.FormatInt(now.Unix(), 10)}}, param{"alg", bare{'s', algorithm}})

	var set []Header
	over := *m
	if slices.ContainsFunc(in.list, func(c item) bool { return c.text == "content-digest" }) {
		d := Header{"Content-Digest", contentDigest(m.Body)}
		set = append(set, d)
		over.Header = replacing(m, d)
	}
	text, err := newCoverage(&over, s.urlOf(m)).base(in)
	if err != nil {
		return nil, err
	}
	sum, err := k.sign([][]byte{text})
	if err != nil {
		return nil, fmt.Errorf("sign as %s: %w", s.name, err)
	}
	return append(set,
		Header{inputField, in.name + "=" + in.String()},
		Header{l.signature, in.name + "=:" + base64.StdEncoding.EncodeToString(sum) + ":"},
	), nil
}

// signedBefore returns what the first signature of a message covers.
func signedBefore(m *Message) (in dictMember) {
	values := m.values(inputField)
	if len(values) != 1 {
		return in
	}
	if list, err := readDictionary(values[0]); err == nil && len(list) > 0 && list[0].isList {
		return list[0]
	}
	return in
}

// usual is what is covered where nobody has said anything: the request's line,
// host and body.
func (s *Scheme) usual(m *Message) dictMember {
	in := dictMember{name: "sig", isList: true, list: []item{}}
	names := []string{"@method", "@authority", "@path", "@query"}
	if !strings.Contains(s.urlOf(m), "?") {
		names = names[:3]
	}
	if len(m.Body) > 0 {
		names = append(names, "content-digest")
	}
	for _, name := range append(names, s.covers...) {
		if !slices.ContainsFunc(in.list, func(i item) bool { return i.text == name }) {
			in.list = append(in.list, item{bare: bare{'s', name}})
		}
	}
	return in
}

// replacing looks fields up with one of them replaced.
func replacing(m *Message, h Header) Lookup {
	own, before := Fields([]Header{h}), m.Header
	return func(name string) iter.Seq[[]byte] {
		if strings.EqualFold(name, h.Name) || before == nil {
			return own(name)
		}
		return before(name)
	}
}
