package signature

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// FuzzVerify feeds each scheme fields that a stranger has written. What is
// taken must be what the scheme itself would have signed.
func FuzzVerify(f *testing.F) {
	for _, name := range Names() {
		secret, _ := keysOf(name)
		set, _ := signed(f, schemeFor(f, name), secret, now)
		slices.Reverse(set)
		values := []string{"", "", ""}
		for i, h := range set {
			values[i] = h.Value
		}
		f.Add(name, values[0], values[1], values[2], []byte(text))
	}
	f.Add("stripe", "t=,v1=,v0", "", "", []byte{})
	f.Add("stripe", "v1,t=1", "", "", []byte{})
	f.Add("standard", "v1,AAAA,v1, v1a", "1614265330.0", "msg.1", []byte("x"))
	f.Add("github", "sha256=zz", "", "", []byte("x"))
	f.Fuzz(func(t *testing.T, name, value, stamp, id string, body []byte) {
		if _, ok := Find(name); !ok {
			return
		}
		s := schemeFor(t, name)
		private, public := keysOf(name)
		l := s.layouts[0]
		m := &Message{Body: body, Received: now, Header: Fields([]Header{{l.signature, value}, {l.time, stamp}, {l.id, id}})}
		if err := s.Verify(m, bytesOf(public), 0); err != nil {
			silent(t, err, public)
			return
		}
		p, at, err := l.parts(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Sign(m, []byte(private), time.Unix(at, 0))
		if err != nil {
			t.Fatal(err)
		}
		q, _, err := l.parts(&Message{Header: Fields(again)})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(p.signatures, func(c candidate) bool { return slices.Equal(c.value, q.signatures[0].value) }) {
			t.Errorf("%s took %q, but signs %q", name, value, again)
		}
	})
}

// FuzzMember holds the search for an id against a whole reading of the body.
func FuzzMember(f *testing.F) {
	for _, seed := range []string{`{"id":"x"}`, `{"a":{"id":"y"},"id":"x"}`, ` {"id":5}`, `{"id":"x","id":"y"}`, `{"a":[{}],"id":""}`, "{", `{"id":"\ud800"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := member(body, "id")
		var whole map[string]json.RawMessage
		if json.Unmarshal(body, &whole) != nil || got == "" {
			return
		}
		if _, ok := whole["id"]; !ok {
			t.Errorf("found %q in %q", got, body)
		}
		if id := fit(got); len(id) > maxID {
			t.Errorf("%d bytes are fit", len(id))
		}
	})
}
