package routing

import (
	"maps"
	"slices"
	"strings"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// sender is the first with this scheme; nil for none.
func (f *form) sender(scheme string) *control.Sender {
	for i := range f.senders {
		if f.senders[i].Scheme == scheme && scheme != "" {
			return &f.senders[i]
		}
	}
	return nil
}

// offerSchemes has the senders offered that can be checked.
func (f *form) offerSchemes() {
	values, labels := []string{""}, []string{look.T("Anybody who knows the address (unverified)")}
	for i := range f.senders {
		if s := &f.senders[i]; s.Scheme != "" && !slices.Contains(values, s.Scheme) {
			values, labels = append(values, s.Scheme), append(labels, part.Visible(look.Known(s.Title)))
		}
	}
	if scheme := f.draft.scheme(); !slices.Contains(values, scheme) {
		values, labels = append(values, scheme), append(labels, part.Visible(scheme))
	}
	f.scheme.Offer(values, labels)
}

// checkFields are the fields of the scheme, those a check cannot be without.
func (f *form) checkFields() (fields []*field) {
	scheme := f.draft.scheme()
	if scheme == "" {
		return nil
	}
	add := func(a ask) { fields = append(fields, f.makeField(&a)) }
	switch scheme {
	case "hmac":
		add(ask{path: "verify.header", name: look.T("Field with the signature"), shown: "X-Signature"})
	case "token":
		add(ask{path: "verify.header", name: look.T("Field with the secret"), shown: "X-Secret-Token"})
	case "basic":
		add(ask{path: "verify.user", name: look.T("User name"), shown: "bell"})
	}
	if scheme == "ip" {
		return append(fields, f.listField("verify.from", look.T("Addresses and ranges"), "192.0.2.0/24", ""))
	}
	if f.draft.get("verify.secrets") != nil {
		fields = append(fields, f.listField("verify.secrets", look.T("Credentials with the secret"), "", ""))
	} else {
		from := ""
		if s := f.sender(scheme); s != nil {
			from = part.Visible(look.Known(s.SecretFrom))
		}
		fields = append(fields, f.credentialField("verify.secret", look.T("Credential with the secret"), from))
	}
	if s := f.sender(scheme); s != nil && len(s.Events) > 0 || f.draft.get("events") != nil {
		events := ""
		if s != nil {
			events = strings.Join(s.Events, ", ")
		}
		fields = append(fields, f.listField("events", look.T("Events"), look.T("all"), events))
	}
	return fields
}

// listField is a list with commas between. such are examples of what may be in it.
func (f *form) listField(path, name, shown, such string) *field {
	e := part.NewEntry(shown)
	e.OnChanged = func(text string) { f.change(func(d *draft) { d.setList(path, listed(text)) }) }
	hint := ""
	if such != "" {
		hint = look.T("Such as {{.Examples}}; commas between.", look.V{"Examples": such})
	}
	locked := false
	return &field{path: path, part: newSlot(name, e, hint), able: func(on bool) { able(e)(on && !locked) }, load: func(d *draft) {
		if !locked && says(d, func(d *draft) { d.setList(path, listed(e.Text)) }) {
			return
		}
		all, ok := d.list(path)
		text := strings.Join(all, ", ")
		if !ok || !slices.Equal(listed(text), all) {
			ok, text = false, inYAML()
		}
		locked = !ok
		able(e)(ok)
		e.Put(text)
	}}
}

func listed(text string) (all []string) {
	for s := range strings.SplitSeq(text, ",") {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// hints say which keys only the YAML shows.
func (f *form) hints() {
	text := ""
	if others := f.others(); len(others) > 0 {
		text = look.T("Only in the YAML: {{.Keys}}", look.V{"Keys": part.Visible(strings.Join(others, ", "))})
	}
	f.other.SetText(text)
	f.other.Hidden = text == ""
}

// others are the keys of the route that the form has no field for.
func (f *form) others() (keys []string) {
	shown := map[string]bool{"verify.scheme": true, "unverified": true}
	for _, field := range f.all() {
		shown[field.path] = true
	}
	var walk func(at string, m map[string]any)
	walk = func(at string, m map[string]any) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			path := strings.TrimPrefix(at+"."+key, ".")
			below, isMap := m[key].(map[string]any)
			switch {
			case shown[path] && path != "verify":
			case isMap && (path == "verify" || path == f.draft.kind() || path == "notify.ntfy"):
				walk(path, below)
			default:
				keys = append(keys, path)
			}
		}
	}
	walk("", f.draft.values)
	return keys
}
