package signature

import (
	"fmt"
	"slices"
	"strings"
)

// parts is what a message says about one signature, or several of the same
// text.
type parts struct {
	id, time   string
	at         int64 // what time says, in seconds since 1970
	signatures []candidate

	method  string
	urls    []string          // spellings of the URL, at least one
	body    []byte            // what stands for {body}
	content []byte            // what stands for {content}
	fields  map[string]string // by name, what stands for {header.NAME}

	base    []byte       // what stands for {base}
	expires int64        // in seconds since 1970; 0 for never
	also    func() error // what has to hold besides; nil for nothing
}

// candidate is one signature and its tag.
type candidate struct {
	tag   string
	value []byte
}

// find returns the layout that a message follows.
func (s *Scheme) find(m *Message, secrets [][]byte) (*layout, error) {
	var there *layout
	for i := range s.layouts {
		l := &s.layouts[i]
		if !l.in(m) {
			continue
		}
		if s.suits(l, secrets) {
			return l, nil
		}
		if there == nil {
			there = l
		}
	}
	if there != nil {
		return there, nil // whose signatures the secrets do not make: fits says so
	}
	return nil, s.unsigned(m, secrets)
}

// in reports whether a message has a signature of the layout.
func (l *layout) in(m *Message) bool {
	switch {
	case l.custom != nil:
		return l.custom.there(m)
	case l.where != nil && !slices.Contains(m.values(l.where.Name), l.where.Value):
		return false
	}
	return m.has(l.signature)
}

// suits reports whether one of the secrets makes signatures of a layout.
func (s *Scheme) suits(l *layout, secrets [][]byte) bool {
	for _, tag := range l.tags {
		for _, secret := range secrets {
			if k, err := s.recipeOf(l).key(tag, secret); err == nil && k != nil {
				return true
			}
		}
	}
	return false
}

// unsigned says why a message has no signature of the scheme.
func (s *Scheme) unsigned(m *Message, secrets [][]byte) error {
	l := &s.layouts[0]
	for i := range s.layouts {
		if s.suits(&s.layouts[i], secrets) {
			l = &s.layouts[i]
			break
		}
	}
	missing := fmt.Sprintf("there is no %s header", l.signature)
	if l.custom != nil && l.custom.sign == nil {
		missing = fmt.Sprintf("there is no %s in the body", l.signature)
	}
	if o := recognise(m); o != nil && o != s && o.name != s.name {
		if o.signs(m) {
			return failf(StepHeader, "%s: the request is signed as %s does it", missing, o.title)
		}
		return failf(StepHeader, "%s: the request is one of %s, which does not sign so", missing, o.title)
	}
	if s.mark != "" && m.has(s.mark) {
		return failf(StepHeader, "%s: %s has no secret set for this address", missing, s.title)
	}
	if s.recipeOf(l).signed == "" {
		return failf(StepHeader, "%s: the request names no secret", missing)
	}
	return failf(StepHeader, "%s: %s has no secret set, or somebody else sent the request", missing, s.title)
}

// signs reports whether a message has a signature of the scheme, whoever made
// it.
func (s *Scheme) signs(m *Message) bool {
	return slices.ContainsFunc(s.layouts, func(l layout) bool { return l.in(m) })
}

// recognise returns the scheme whose fields a message has, nil for none. What
// only one sender writes counts most.
func recognise(m *Message) *Scheme {
	for i := range schemes {
		if s := &schemes[i]; s.mark != "" && m.has(s.mark) {
			return s
		}
	}
	for i := range schemes {
		if s := &schemes[i]; !s.vague && len(s.layouts) > 0 && s.layouts[0].in(m) {
			return s
		}
	}
	for i := range schemes {
		if s := &schemes[i]; !s.vague && s.signs(m) {
			return s
		}
	}
	return nil
}

// read reads what a message says about its signatures. all says that each of
// the parts must be good; otherwise one is enough.
func (s *Scheme) read(l *layout, m *Message) (list []*parts, all bool, err error) {
	if l.custom != nil {
		return l.custom.read(s, l, m)
	}
	value, err := m.one(l.signature, "signature")
	if err != nil {
		return nil, false, err
	}
	p, err := s.about(l, m)
	if err != nil {
		return nil, false, err
	}
	if err := l.read(value, p); err != nil {
		return nil, false, err
	}
	if l.where != nil {
		if _, err := m.one(l.where.Name, "version"); err != nil {
			return nil, false, err
		}
	}
	if l.id != "" {
		if p.id, err = m.one(l.id, "id"); err != nil {
			return nil, false, err
		}
	}
	where := l.signature
	if l.time != "" {
		where = l.time
		if p.time, err = m.one(l.time, "time"); err != nil {
			return nil, false, err
		}
	}
	if p.time != "" {
		p.at, err = s.recipeOf(l).clock.read(p.time, where)
	}
	return []*parts{p}, true, err
}

// about reads what is signed besides id and time.
func (s *Scheme) about(l *layout, m *Message) (p *parts, err error) {
	r := s.recipeOf(l)
	p = &parts{method: m.Method, body: m.Body, urls: []string{s.urlOf(m)}}
	if r.urls != nil {
		p.urls = r.urls(p.urls[0])
	}
	if r.content != nil {
		if p.content, err = r.content(m.Body, p.urls[0]); err != nil {
			return nil, err
		}
	}
	for _, name := range fieldsIn(r.signed) {
		if p.fields == nil {
			p.fields = map[string]string{}
		}
		if p.fields[name], err = m.one(name, "signed"); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// urlOf is the URL that the sender signs. One of the options that has no query
// gets that of the message.
func (s *Scheme) urlOf(m *Message) string {
	if s.url == "" {
		return m.URL
	}
	if _, query, ok := strings.Cut(m.URL, "?"); ok && !strings.Contains(s.url, "?") {
		return s.url + "?" + query
	}
	return s.url
}

// text returns the pieces that are signed, with one spelling of the URL.
func (r *recipe) text(p *parts, url string) (pieces [][]byte) {
	for rest := r.signed; rest != ""; {
		before, after, _ := strings.Cut(rest, "{")
		name, more, _ := strings.Cut(after, "}")
		pieces = append(pieces, []byte(before))
		switch field, ok := strings.CutPrefix(name, "header."); {
		case ok:
			pieces = append(pieces, []byte(p.fields[field]))
		case name == "id":
			pieces = append(pieces, []byte(p.id))
		case name == "time":
			pieces = append(pieces, []byte(p.time))
		case name == "method":
			pieces = append(pieces, []byte(p.method))
		case name == "url":
			pieces = append(pieces, []byte(url))
		case name == "body":
			pieces = append(pieces, p.body)
		case name == "content":
			pieces = append(pieces, p.content)
		case name == "base":
			pieces = append(pieces, p.base)
		}
		rest = more
	}
	return pieces
}

// fieldsIn lists the names of the fields that a signed text has in it.
func fieldsIn(signed string) (names []string) {
	for {
		_, after, ok := strings.Cut(signed, "{header.")
		if !ok {
			return names
		}
		var name string
		name, signed, _ = strings.Cut(after, "}")
		names = append(names, name)
	}
}
