package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// isEntry reports whether an edit is about an entry of a list.
func (e *Edit) isEntry() bool { return e.Part != PartHistory && e.Part != PartUpdates }

// check finds edits that mean nothing.
func (e *Edit) check() error {
	section := !e.isEntry()
	given := e.YAML != "" || len(e.Values) > 0
	switch {
	case partKey(e.Part) == "":
		return fmt.Errorf("%w: there is no part %q; it is relay, claim, route, history or updates", ErrEdit, e.Part)
	case !slices.Contains([]string{EditAdd, EditSet, EditRemove, EditMove}, e.Op):
		return fmt.Errorf("%w: there is no op %q; it is add, set, remove or move", ErrEdit, e.Op)
	case section && e.Op != EditSet:
		return fmt.Errorf("%w: %s as a whole can only be set", ErrEdit, e.Part)
	case e.YAML != "" && len(e.Values) > 0:
		return fmt.Errorf("%w: it has both yaml and values; give one of them", ErrEdit)
	case !section && !given && (e.Op == EditAdd || e.Op == EditSet):
		return fmt.Errorf("%w: it has neither yaml nor values", ErrEdit)
	case e.Part != PartRoute && (e.Op == EditMove || e.Before != ""):
		return fmt.Errorf("%w: only routes have an order", ErrEdit)
	}
	return nil
}

// changer makes one edit of a text.
type changer struct {
	*Edit
	path string
	text []byte
	p    *patch
	c    *content
	have []Entry   // of the part
	next *document // what the text is after the edit; nil where that was not read
	// line and indent are where the content stands then, line -1 where it is not in
	// lines.
	line, indent int
}

// draft is a text that edits change one after the other.
type draft struct {
	path string
	text []byte
	doc  *document // what the text says; nil until it is read
}

// edit makes an edit of the draft. With problems the draft is the text that they are
// in.
func (d *draft) edit(e *Edit) (Problems, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	if d.doc == nil {
		var problem *Problem
		if d.doc, problem = read(d.path, bare(d.text)); problem != nil {
			return Problems{*problem}, nil
		}
	}
	ch := &changer{Edit: e, path: d.path, text: d.text, p: newPatch(d.doc), next: d.doc}
	now, err := ch.make()
	switch {
	case errors.Is(err, ErrEdit):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrEdit, err)
	}
	d.text, d.doc = now, ch.next
	switch {
	case ch.c != nil && ch.c.problem != nil:
		return ch.c.misplaced(e, ch.line, ch.indent), nil
	case e.Op == EditAdd && len(ch.have) == 1:
		if d.text = ch.named(now); !bytes.Equal(d.text, now) {
			d.doc = nil
		}
	}
	return nil, nil
}

// make makes the edit.
func (ch *changer) make() (now []byte, err error) {
	ch.have = ch.p.entriesOf(ch.Part)
	if ch.Op == EditAdd || ch.Op == EditSet {
		if ch.c, err = ch.contentOf(ch.path); err != nil {
			return nil, err
		}
	}
	if !ch.isEntry() {
		return ch.finish(ch.section, ch.c.sectionValue)
	}
	if ch.Op == EditAdd {
		return ch.addEntry()
	}
	i := indexNamed(ch.have, ch.Name)
	if i < 0 {
		return nil, ch.absent(ch.Name)
	}
	switch ch.Op {
	case EditSet:
		return ch.finish(func() { ch.setEntry(i) }, func(list any) any { return with(list, i, i+1, ch.c.values) })
	case EditRemove:
		return ch.finish(func() { ch.removeEntry(i) }, func(list any) any { return with(list, i, i+1) })
	}
	return ch.moveEntry(i)
}

// named writes the name of what was the only relay or claim into the entries that
// mean it without saying so, now that there is another one. A text in which that
// cannot be done stays as it is: the check tells what is missing.
func (ch *changer) named(text []byte) []byte {
	users := map[string]string{PartRelay: PartClaim, PartClaim: PartRoute}[ch.Part]
	doc, problem := read(ch.path, bare(text))
	if users == "" || problem != nil || ch.have[0].Name == "" {
		return text
	}
	other := &changer{Edit: &Edit{Op: EditSet, Part: users}, path: ch.path, text: text, p: newPatch(doc)}
	want := map[int]map[string]any{}
	for i, e := range other.p.entriesOf(users) {
		if _, named := e.Values[ch.Part]; !named && len(e.Values) > 0 {
			want[i] = maps.Clone(e.Values)
			want[i][ch.Part] = ch.have[0].Name
		}
	}
	if len(want) == 0 {
		return text
	}
	change := func() {
		for i, values := range want {
			other.c = &content{t: itemType(partType(users)), values: values}
			other.setEntry(i)
		}
	}
	now, err := other.finish(change, func(list any) any {
		for i, values := range want {
			list = with(list, i, i+1, values)
		}
		return list
	})
	if err != nil {
		return text
	}
	return now
}

func (ch *changer) absent(name string) error {
	return fmt.Errorf("%w: %s %q %w", ErrEdit, ch.Part, name, ErrNotFound)
}

// finish makes a change of the text and holds what it says against what it is to
// say: expect changes the values of the part.
func (ch *changer) finish(change func(), expect func(part any) any) ([]byte, error) {
	change()
	ch.next = nil
	now, err := ch.p.apply(ch.text)
	if err != nil || ch.c != nil && ch.c.problem != nil {
		return now, err
	}
	doc, problem := read(ch.path, bare(now))
	if problem != nil {
		return nil, errLayout
	}
	if ch.c != nil {
		ch.c.read(doc.anchors)
	}
	t, key := reflect.TypeFor[file](), partKey(ch.Part)
	want, _ := ch.p.value(ch.p.doc.root, t).(map[string]any)
	if want == nil {
		want = map[string]any{}
	}
	want[key] = expect(want[key])
	got := newPatch(doc).value(doc.root, t)
	if !alike(trimmed(want), trimmed(got)) {
		return nil, errLayout
	}
	ch.next = doc
	return now, nil
}

// with puts items in the place of those from a to before b.
func with(list any, a, b int, items ...any) any {
	all, _ := list.([]any)
	return slices.Replace(slices.Clone(all), a, b, items...)
}

// addEntry adds the content to its list, a route at the best place.
func (ch *changer) addEntry() ([]byte, error) {
	var err error
	switch ch.Part {
	case PartClaim:
		err = ch.c.complete(ch.path, "relay", ch.p.entriesOf(PartRelay))
	case PartRoute:
		err = ch.c.complete(ch.path, "claim", ch.p.entriesOf(PartClaim))
	}
	if err != nil {
		return nil, err
	}
	at := len(ch.have)
	if ch.Before != "" {
		if at = indexNamed(ch.have, ch.Before); at < 0 {
			return nil, ch.absent(ch.Before)
		}
	}
	now, err := ch.addAt(at)
	if err != nil || ch.Part != PartRoute || ch.Before != "" || ch.c.problem != nil {
		return now, err
	}
	f, d := decode(ch.path, now)
	f.fillIn(d.given)
	if len(f.Routes) != at+1 {
		return now, nil
	}
	if best := placeFor(f.Routes[:at], f.Routes[at:]); best < at {
		ch.p = newPatch(ch.p.doc)
		return ch.addAt(best)
	}
	return now, nil
}

func (ch *changer) addAt(i int) ([]byte, error) {
	return ch.finish(func() { ch.insert(i) }, func(list any) any { return with(list, i, i, ch.c.values) })
}

// section sets a section as a whole; without content it is left out.
func (ch *changer) section() {
	m, i := ch.p.topField(partKey(ch.Part))
	switch {
	case m == nil && ch.p.doc.root != nil:
		ch.p.lost()
	case ch.YAML == "" && len(ch.c.values) == 0:
		if i >= 0 {
			m.drop(i)
		}
	case i < 0:
		ch.newKey(m, false)
	default:
		ch.replaceSection(m, i)
	}
}

// sectionValue is what a section is to be.
func (c *content) sectionValue(any) any { return c.values }

// replaceSection sets a section that is there.
func (ch *changer) replaceSection(m *mappingPatch, i int) {
	ch.line = -1
	old, _ := ch.p.value(m.have[i].value, ch.c.t).(map[string]any)
	if ch.c.lines == nil || inFlow(m.node) {
		if ch.c.problem == nil && !alike(old, ch.c.values) {
			m.set(i, ch.c.values)
		}
		return
	}
	if ch.p.section(ch.Part).YAML == joined(ch.c.lines) {
		return
	}
	deep := m.have[i].key.Position.Column - 1
	ch.line, ch.indent = m.have[i].key.Position.Line, deep+2-ch.c.shift
	m.replaceValue(i, sectionLines(partKey(ch.Part), ch.c.lines))
}

// drop takes key i of the document out.
func (m *mappingPatch) drop(i int) {
	want := map[string]any{}
	said, _ := m.value(m.node, m.t).(map[string]any)
	for key, value := range said {
		want[key] = value
	}
	delete(want, m.have[i].name)
	if len(m.have) > 1 {
		m.mapping(m.node, want, m.t, true)
		return
	}
	if from, to, ok := m.rangeOf(m.node); ok {
		m.cut(from, to, "{}")
		return
	}
	from, end := m.extent(i)
	m.cut(m.lineAt(from), m.lineAt(end), "")
}
