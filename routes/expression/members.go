package expression

import "unicode/utf8"

// getMember returns a member: of, its name or place, how the user wrote it.
func getMember(s *state, a []any) (any, error) {
	if a[0] == nil {
		return nil, nil
	}
	v, err := s.member(a[0], a[1])
	if how := a[2].(string); v == nil && how != "" {
		s.note(how + " is not there")
	}
	return v, err
}

// searched counts what it takes to find a name in a value.
func (s *state) searched(of any, name string) error {
	if f, ok := of.(fields); ok {
		return s.tick(len(f.list) * (1 + len(name)/64) / 4)
	}
	return s.tick(len(name) / 16)
}

func (s *state) member(of, key any) (any, error) {
	switch of := of.(type) {
	case object:
		if name, ok := key.(string); ok {
			return of.get(name), s.searched(of, name)
		}
	case fields:
		if name, ok := key.(string); ok {
			if err := s.searched(of, name); err != nil {
				return nil, err
			}
			return of.get(name), nil
		}
	case []any:
		n, ok := s.native(key)
		i, whole := n.(int)
		if !ok || !whole {
			return nil, nil
		}
		if i < 0 {
			i += len(of)
		}
		if i >= 0 && i < len(of) {
			return of[i], nil
		}
	}
	return nil, nil
}

// slice returns a part of a list, or of the characters of a text: of, from, to.
func slice(s *state, a []any) (any, error) {
	switch of := a[0].(type) {
	case nil:
		return nil, nil
	case []any:
		from, to, err := s.bounds(a, len(of))
		if err != nil {
			return nil, err
		}
		return of[from:to], nil
	case string:
		if err := s.tick(len(of) / 32); err != nil {
			return nil, err
		}
		from, to, err := s.bounds(a, utf8.RuneCountInString(of))
		if err != nil {
			return nil, err
		}
		return cut(of, from, to), nil
	}
	return nil, trouble("only a list or a text has parts, not " + kindOf(a[0]))
}

// cut returns the characters from and up to a place.
func cut(s string, from, to int) string {
	begin, end, at := len(s), len(s), 0
	for i := range s {
		if at == from {
			begin = i
		}
		if at == to {
			end = i
			break
		}
		at++
	}
	return s[min(begin, end):end]
}

// bounds returns the ends of a slice within n. Negative ones count from the end.
func (s *state) bounds(a []any, n int) (from, to int, err error) {
	from, to = 0, n
	for i, p := range []*int{&from, &to} {
		if a[1+i] == nil {
			continue
		}
		v, _ := s.native(a[1+i])
		x, ok := v.(int)
		if !ok {
			return 0, 0, trouble("a place is a whole number, not " + kindOf(a[1+i]))
		}
		if x < 0 {
			x += n
		}
		*p = max(0, min(x, n))
	}
	return min(from, to), to, nil
}
