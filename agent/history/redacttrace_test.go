package history

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// What the routes say of a delivery tells nothing of what was taken out of it,
// whether that is said with the request or afterwards.
func TestRedactTrace(t *testing.T) {
	long := strings.Repeat("S3CRET", 50)
	for _, tt := range []struct {
		name, action, event, want string
		later                     bool
	}{
		{"whole", "S3CRETACTION", "issues.S3CRETACTION", "issues.[redacted]", false},
		{"short", "S3", "issues.S3", "issues.[redacted]", false},
		{"short, and in other words", "su", "issues.opened", "issues.opened", false},
		{"cut off", long, ("issues." + long)[:100], "issues.[redacted]", false},
		{"made printable", "S3CRET\u00e4ACTION", "issues.S3CRET??ACTION", "issues.[redacted]", false},
		{"in another spelling", "S3 CRETaction", "note_hook.s3_cretaction", "note_hook.[redacted]", false},
		{"twice", "S3A", "S3A.S3A", "[redacted].[redacted]", false},
		{"afterwards", "S3CRETACTION", "issues.S3CRETACTION", "issues.[redacted]", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := openTest(t, Options{Seal: testKey, Redact: []string{"json.action"}})
			r := numbered(1)
			body, err := json.Marshal(map[string]string{"action": tt.action})
			check(t, err)
			r.Head, r.Body = []byte("POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"), body
			trace, err := json.Marshal([]map[string]any{{
				"route": "deploy", "took": false, "event": tt.event, "note": "wants the events push",
				"parts": []map[string]string{{"text": "int(json.action) > 1", "value": "false", "note": "not a number: " + tt.event}},
			}})
			check(t, err)
			reason := "no route wanted it: deploy: wants the events push, not " + tt.event
			if tt.later {
				check(t, j.Begin(r, true))
				f := done(1, Rejected)
				f.Head, f.Body, f.Log = nil, nil, nil
				f.Trace, f.Reason = trace, reason
				check(t, j.Finish(f))
			} else {
				r.State, r.Trace, r.Reason = Rejected, trace, reason
				check(t, j.Begin(r, true))
			}
			// Two letters alone may stand in what is encrypted by chance.
			all := storedBytes(t, j)
			if bytes.Contains(all, []byte("S3CRET")) || tt.want != tt.event && bytes.Contains(all, []byte(tt.event)) {
				t.Error("it is in the file")
			}
			got := get(t, j, r.ID)
			var said []struct {
				Route, Event, Note string
				Parts              []struct{ Text, Note string }
			}
			check(t, json.Unmarshal(got.Trace, &said))
			if said[0].Route != "deploy" || said[0].Event != tt.want || said[0].Note != "wants the events push" || said[0].Parts[0].Text != "int(json.action) > 1" {
				t.Errorf("%+v", said)
			}
			if want := "no route wanted it: deploy: wants the events push, not " + tt.want; got.Reason != want {
				t.Errorf("reason %q", got.Reason)
			}
		})
	}
}

// A trace of a request that cannot be read any more keeps no event.
func TestRedactTraceInDoubt(t *testing.T) {
	p := &redaction{redactor: redactorOf(t, "json.a"), out: Record{Trace: []byte(`[{"route":"r","event":"push.x"}]`)}}
	p.trace(true)
	if string(p.out.Trace) != `[{"event":"[redacted]","route":"r"}]` {
		t.Errorf("%s", p.out.Trace)
	}
	p.out.Trace = []byte("{nonsense")
	if p.trace(false); p.out.Trace != nil {
		t.Errorf("%s", p.out.Trace)
	}
}
