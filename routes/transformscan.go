package routes

// entries returns what is in the object or list at a place; ok says that it is
// what a step leads into. It stops at the entry that is one too many.
func (t *jsonText) entries(at int, s step) (list []entry, ok bool) {
	open := byte('{')
	if s.list {
		open = '['
	}
	if t.in[at] != open {
		return nil, false
	}
	for i := t.skipSpace(at + 1); t.in[i] != '}' && t.in[i] != ']'; {
		x := entry{key: i, keyEnd: i, value: i}
		if !s.list {
			x.keyEnd = t.skipValue(i)
			x.value = t.skipSpace(t.skipSpace(x.keyEnd) + 1) // the colon
		}
		x.end = t.skipValue(x.value)
		list = append(list, x)
		if t.seen++; t.seen > maxChanged {
			return list, true
		}
		if i = t.skipSpace(x.end); t.in[i] == ',' {
			i = t.skipSpace(i + 1)
		}
	}
	return list, true
}

func (t *jsonText) skipSpace(i int) int {
	for i < len(t.in) && (t.in[i] == ' ' || t.in[i] == '\t' || t.in[i] == '\n' || t.in[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns where the value that begins at a place ends.
func (t *jsonText) skipValue(i int) int {
	depth := 0
	for ; i < len(t.in); i++ {
		switch t.in[i] {
		case '"':
			for i++; t.in[i] != '"'; i++ {
				if t.in[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth < 0 {
				return i
			}
		case ',', ' ', '\t', '\n', '\r', ':':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue // of a number or a word
		}
		if depth == 0 {
			return i + 1
		}
	}
	return i
}
