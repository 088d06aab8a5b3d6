package signature

import (
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
	m.spend((len(m.Body) + len(p.urls[0])) * len(p.urls))
	if r.content != nil {
		m.spend(parsing * (len(m.Body) + len(p.urls[0])))
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
