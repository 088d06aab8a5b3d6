package signature

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzVerify feeds each scheme fields that a stranger has written. What is
// taken must be what the scheme itself would have signed.
func FuzzVerify(f *testing.F) {
	for _, name := range signing() {
		secret, _ := keysOf(name)
		set, _ := signed(f, schemeFor(f, name), secret, now)
		slices.Reverse(set)
		values := []string{"", "", ""}
		for i, h := range set[:min(len(set), len(values))] {
			values[i] = h.Value
		}
		f.Add(name, values[0], values[1], values[2], []byte(text))
	}
	f.Add("stripe", "t=,v1=,v0", "", "", []byte{})
	f.Add("stripe", "v1,t=1", "", "", []byte{})
	f.Add("standard", "v1,AAAA,v1, v1a", "1614265330.0", "msg.1", []byte("x"))
	f.Add("github", "sha256=zz", "", "", []byte("x"))
	f.Fuzz(func(t *testing.T, name, value, stamp, id string, body []byte) {
		if !slices.Contains(signing(), name) {
			return
		}
		s := schemeFor(t, name)
		private, public := keysOf(name)
		l := s.layouts[0]
		if name == "rfc9421" {
			l.time = inputField
		}
		m := &Message{Method: "POST", URL: target, Body: body, Received: now, Header: Fields([]Header{{l.signature, value}, {l.time, stamp}, {l.id, id}})}
		began := time.Now()
		err := s.Verify(m, bytesOf(public), 0)
		if took := time.Since(began); took > costly {
			t.Errorf("%s took %s", name, took)
		}
		if err != nil {
			silent(t, err, public)
			return
		}
		if strings.HasPrefix(name, "rfc") || name == "sendgrid" {
			return // one text has many signatures
		}
		list, _, err := s.read(&l, m)
		if err != nil {
			t.Fatal(err)
		}
		at := now
		if list[0].time != "" {
			at = time.Unix(list[0].at, 0)
		}
		again, err := s.Sign(m, []byte(private), at)
		if err != nil {
			return // a body that no form could be
		}
		q, _, err := s.read(&l, &Message{Method: "POST", URL: target, Body: body, Header: Fields(again)})
		if err != nil {
			t.Fatal(err)
		}
		same := func(c candidate) bool { return slices.Equal(c.value, q[0].signatures[0].value) }
		if q[0].time == list[0].time && !slices.ContainsFunc(list[0].signatures, same) && name != "twilio" {
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
