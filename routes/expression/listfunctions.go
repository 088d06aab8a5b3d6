package expression

import (
	"net/netip"
	"slices"
	"strings"
)

func ofLists() map[string]function {
	return map[string]function{
		"join":    {takes: []kind{aList, aText}, least: 1, gives: textType, run: join},
		"keys":    {takes: []kind{anObject}, gives: listType, run: keys},
		"values":  {takes: []kind{anObject}, gives: listType, run: values},
		"first":   {takes: []kind{aList}, run: func(s *state, a []any) (any, error) { return s.member(a[0], 0) }},
		"last":    {takes: []kind{aList}, run: func(s *state, a []any) (any, error) { return s.member(a[0], -1) }},
		"reverse": {takes: []kind{aList}, gives: listType, run: reverse},
		"uniq":    {takes: []kind{aList}, gives: listType, run: uniq},
		"concat":  {takes: []kind{aList}, many: true, gives: listType, run: concat},
		"sort":    {takes: []kind{aList}, gives: listType, run: sortList},
	}
}

// join puts the entries of a list one behind the other, as text.
func join(s *state, a []any) (any, error) {
	list, ok := a[0].([]any)
	if !ok {
		return nil, nil
	}
	between := ""
	if len(a) == 2 {
		between, _ = a[1].(string)
	}
	parts := make([]string, len(list))
	for i, v := range list {
		var err error
		if parts[i], err = s.rendered(v); err != nil {
			return nil, err
		}
		if err = s.make(16 + len(parts[i]) + len(between)); err != nil {
			return nil, err
		}
	}
	return strings.Join(parts, between), nil
}

// objectOf returns an object, also of what has a text for each name.
func (s *state) objectOf(v any) (o object, ok bool, err error) {
	if f, ok := v.(fields); ok {
		names := 0
		for _, x := range f.list {
			names += len(x.Name)
		}
		if err := s.make(64 * len(f.list)); err != nil {
			return o, false, err
		}
		if err := s.tick(len(f.list) + names/16); err != nil {
			return o, false, err
		}
		return f.object(), true, nil
	}
	o, ok = v.(object)
	return o, ok, nil
}

func keys(s *state, a []any) (any, error) {
	o, ok, err := s.objectOf(a[0])
	if !ok || err != nil {
		return nil, err
	}
	list := make([]any, len(o.names))
	for i, n := range o.names {
		list[i] = n
	}
	return list, s.make(16 * len(list))
}

func values(s *state, a []any) (any, error) {
	o, ok, err := s.objectOf(a[0])
	if !ok || err != nil {
		return nil, err
	}
	return slices.Clone(o.values), s.make(16 * len(o.values))
}

func reverse(s *state, a []any) (any, error) {
	list, ok := a[0].([]any)
	if !ok {
		return nil, nil
	}
	list = slices.Clone(list)
	slices.Reverse(list)
	return list, s.make(16 * len(list))
}

// uniq returns the entries without those that are there before.
func uniq(s *state, a []any) (any, error) {
	list, ok := a[0].([]any)
	if !ok {
		return nil, nil
	}
	kept := []any{}
next:
	for _, v := range list {
		for _, k := range kept {
			same, err := s.same(v, k)
			if err != nil {
				return nil, err
			}
			if same {
				continue next
			}
		}
		kept = append(kept, v)
	}
	return kept, s.make(16 * len(kept))
}

func concat(s *state, a []any) (any, error) {
	all := []any{}
	for _, v := range a {
		list, _ := v.([]any)
		if err := s.make(16 * len(list)); err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// sortList sorts numbers or texts.
func sortList(s *state, a []any) (sorted any, err error) {
	list, ok := a[0].([]any)
	if !ok {
		return nil, nil
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(x, y any) int {
		if err != nil {
			return 0
		}
		order, _, e := s.compare(x, y)
		if e == nil {
			e = s.tick(1)
		}
		err = e
		return order
	})
	if err == nil {
		err = s.make(16 * len(list))
	}
	return list, err
}

func ofDeliveries() map[string]function {
	of := func(part string) function {
		return function{takes: []kind{aText}, gives: listType, run: func(s *state, a []any) (any, error) {
			return s.all(part, a[0])
		}}
	}
	return map[string]function{
		"queryAll": of("query"), "formAll": of("form"), "headerAll": of("header"),
		"filesAll": {takes: []kind{aText}, gives: listType, run: filesAll},
		"inRange":  {takes: []kind{aText, aText}, gives: boolType, static: 2, run: inRange},
	}
}

// all returns all values of a name.
func (s *state) all(part string, name any) (any, error) {
	v, err := variable(s, []any{part})
	f, ok := v.(fields)
	key, okKey := name.(string)
	if err != nil || !ok || !okKey {
		return nil, err
	}
	if err := s.searched(f, key); err != nil {
		return nil, err
	}
	return f.all(key), s.make(16 * len(f.list))
}

// filesAll returns all files of a field of the form.
func filesAll(s *state, a []any) (any, error) {
	if _, err := variable(s, []any{"files"}); err != nil {
		return nil, err
	}
	var list []any
	name, _ := a[0].(string)
	uploads := s.in.formOf().upload
	if err := s.make(256 * len(uploads)); err != nil {
		return nil, err
	}
	for _, u := range uploads {
		if err := s.tick(1 + len(name)/64); err != nil {
			return nil, err
		}
		if u.field == a[0] {
			list = append(list, u.object())
		}
	}
	if list == nil {
		return nil, nil
	}
	return list, nil
}

// ranges are addresses.
type ranges struct{ list []netip.Prefix }

// parseRanges reads addresses and ranges of them, with spaces or commas between.
func parseRanges(text string) (*ranges, error) {
	var list []netip.Prefix
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		if !strings.Contains(word, "/") {
			a, err := netip.ParseAddr(word)
			if err != nil {
				return nil, err
			}
			a = a.Unmap()
			list = append(list, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, err
		}
		list = append(list, p.Masked())
	}
	return &ranges{list}, nil
}

// maxAddress is how long an address may be, with its zone and port.
const maxAddress = 64

// inRange reports whether an address is in one of the ranges. It may have a
// port, as addresses of senders do.
func inRange(s *state, a []any) (any, error) {
	text, _ := a[0].(string)
	if len(text) > maxAddress {
		return false, nil
	}
	if err := s.tick(len(a[1].(*ranges).list) / 4); err != nil {
		return nil, err
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		with, err := netip.ParseAddrPort(text)
		if err != nil {
			return false, nil
		}
		addr = with.Addr()
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(a[1].(*ranges).list, func(p netip.Prefix) bool { return p.Contains(addr) }), nil
}
