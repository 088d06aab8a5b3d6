package routes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// splice is bytes of a text that others take the place of.
type splice struct {
	from, to int
	text     string
}

// jsonText is a valid JSON text that is being changed in place: what no change
// names stays as it is written.
type jsonText struct {
	in      []byte
	splices []splice
	seen    int // entries so far
	grown   int // by how many bytes the splices make it longer
	most    int // that they may
}

// maxChanged is how many entries of objects and lists, or fields of a form, are
// looked at for a change.
const maxChanged = 100_000

var errChanged = errors.New("the body has too many parts to change")

// splice puts a text in the place of another.
func (t *jsonText) splice(from, to int, text string) error {
	t.splices = append(t.splices, splice{from, to, text})
	if t.grown += len(text) - (to - from); t.grown > t.most {
		return errGrown
	}
	return nil
}

// entry is a member of an object or an entry of a list, and where it lies. An
// entry of a list has its key where it begins.
type entry struct {
	key, keyEnd, value, end int
}

// editJSON changes a part of a JSON body. In a body that is none there is
// nothing to rename or to drop.
func (x *changed) editJSON(at spot, e edit) error {
	mark := 0
	if bytes.HasPrefix(x.body, []byte("\xef\xbb\xbf")) {
		mark = 3
	}
	t := &jsonText{in: x.body[mark:], most: maxGrown - x.grown}
	if x.json = x.json || json.Valid(t.in); !x.json {
		if e.value == nil {
			return nil
		}
		return fmt.Errorf("%s cannot be set: the body is not JSON", at.written)
	}
	if err := t.edit(t.skipSpace(0), at.path, e); err != nil {
		return fmt.Errorf("%s cannot be %s: %w", at.written, e.verb(), err)
	}
	x.grown += t.grown
	if len(t.splices) > 0 {
		x.body = append(bytes.Clone(x.body[:mark]), t.spliced()...)
	}
	return nil
}

// edit follows a path from the value at a place. An object may have a member
// several times, and readers differ in which of them counts: all are changed.
func (t *jsonText) edit(at int, path []step, e edit) error {
	list, ok := t.entries(at, path[0])
	if t.seen > maxChanged {
		return errChanged
	}
	if !ok {
		if e.value == nil {
			return nil
		}
		return fmt.Errorf("there is no %s to put it into", map[bool]string{true: "list", false: "object"}[path[0].list])
	}
	found := t.find(list, path[0])
	if len(path) > 1 && len(found) > 0 {
		for _, i := range found {
			if err := t.edit(list[i].value, path[1:], e); err != nil {
				return err
			}
		}
		return nil
	}
	switch {
	case e.value == nil && len(found) == 0:
	case e.drop:
		return t.drop(list, found)
	case e.value == nil:
		return t.rename(list, found, e.name)
	case len(found) > 0:
		for _, i := range found {
			if err := t.splice(list[i].value, list[i].end, *e.value); err != nil {
				return err
			}
		}
	case path[0].list:
		return fmt.Errorf("the list has no entry %d", path[0].index)
	default:
		return t.add(at, list, path, *e.value)
	}
	return nil
}

// find returns which entries a step leads to.
func (t *jsonText) find(list []entry, s step) (found []int) {
	if s.list {
		i := s.index
		if i < 0 {
			i += len(list)
		}
		if i >= 0 && i < len(list) {
			found = append(found, i)
		}
		return found
	}
	for i, x := range list {
		if t.name(x) == s.name {
			found = append(found, i)
		}
	}
	return found
}

func (t *jsonText) name(x entry) string {
	quoted := t.in[x.key:x.keyEnd]
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var name string
	_ = json.Unmarshal(quoted, &name) // it is valid
	return name
}

// drop takes entries out, each with a comma. They are in their order.
func (t *jsonText) drop(list []entry, gone []int) error {
	kept := false
	for i, x := range list {
		if len(gone) == 0 || gone[0] != i {
			kept = true
			continue
		}
		gone = gone[1:]
		from, to := x.key, x.end
		switch {
		case kept:
			from = list[i-1].end
		case i+1 < len(list):
			to = list[i+1].key
		}
		if err := t.splice(from, to, ""); err != nil {
			return err
		}
	}
	return nil
}

// rename gives members another name, whose present bearers go.
func (t *jsonText) rename(list []entry, found []int, name string) error {
	gone := t.find(list, step{name: name})
	if slices.Equal(gone, found) {
		gone = nil // it is their own
	}
	if err := t.drop(list, gone); err != nil {
		return err
	}
	name = quoted(name)
	for _, i := range found {
		if err := t.splice(list[i].key, list[i].keyEnd, name); err != nil {
			return err
		}
	}
	return nil
}

// add puts a member at the end of the object at a place, spaced as its last one
// is, with objects around the value for the rest of its path.
func (t *jsonText) add(at int, list []entry, path []step, value string) error {
	for i := len(path) - 1; i > 0; i-- {
		if path[i].list {
			return fmt.Errorf("there is no list to put it into")
		}
		value = "{" + quoted(path[i].name) + ":" + value + "}"
	}
	name := quoted(path[0].name)
	if len(list) == 0 {
		return t.splice(at+1, at+1, name+":"+value)
	}
	last := list[len(list)-1]
	before := at + 1
	if len(list) > 1 {
		before = t.skipSpace(list[len(list)-2].end) + 1 // the comma
	}
	space, colon := string(t.in[before:last.key]), string(t.in[last.keyEnd:last.value])
	return t.splice(last.end, last.end, ","+space+name+colon+value)
}

func quoted(name string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(name) // a text always can be
	return strings.TrimSuffix(b.String(), "\n")
}

// spliced returns the text with its changes.
func (t *jsonText) spliced() []byte {
	slices.SortStableFunc(t.splices, func(a, b splice) int { return a.from - b.from })
	var b bytes.Buffer
	at := 0
	for _, s := range t.splices {
		b.Write(t.in[at:s.from])
		b.WriteString(s.text)
		at = s.to
	}
	b.Write(t.in[at:])
	return b.Bytes()
}
