package agent

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"homehook/http1"
	"homehook/ptth"
)

func TestReadNote(t *testing.T) {
	head := "POST /x HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 198.51.100.1, 203.0.113.9\r\nX-Forwarded-Prefix: /~garage\r\n" +
		"Homehook-Delivery: " + id + "\r\nhomehook-attempt: 3\r\nHomehook-Waiting: 7\r\nHomehook-Received: 2026-11-22T10:00:00Z\r\n"
	tests := []struct {
		name string
		head string
		from ptth.About
		want note
	}{
		{"our relay", head, ptth.About{Negotiated: true}, note{
			id: id, received: []byte("2026-11-22T10:00:00Z"),
			attempt: 3, waiting: 7, remote: "203.0.113.9", prefix: "/~garage",
		}},
		{
			"from the queue", "POST /x HTTP/1.1\r\nHomehook-Delivery: " + id + "\r\nHomehook-Answer: store\r\nHomehook-After: " + id + "\r\nHomehook-Queued: 12\r\n",
			ptth.About{Negotiated: true},
			note{id: id, attempt: 1, answer: "store", backlog: true, after: id, queued: 12},
		},
		{
			"first of the queue", "POST /x HTTP/1.1\r\nHomehook-Delivery: " + id + "\r\nHomehook-Answer: hold\r\nHomehook-After: none\r\n",
			ptth.About{Negotiated: true},
			note{id: id, attempt: 1, answer: "hold", backlog: true},
		},
		{
			"no such mode", "POST /x HTTP/1.1\r\nHomehook-Delivery: " + id + "\r\nHomehook-Answer: keep\r\nHomehook-Queued: -4\r\n",
			ptth.About{Negotiated: true},
			note{id: id, attempt: 1},
		},
		{"foreign relay", head, ptth.About{}, note{attempt: 1, remote: "203.0.113.9", prefix: "/~garage"}},
		{"sender's own connection", head, ptth.About{Parked: true, Whole: true}, note{attempt: 1}},
		{"nonsense", "POST /x HTTP/1.1\r\nHomehook-Delivery: ../../x\r\nHomehook-Attempt: -1\r\nHomehook-Waiting: x\r\nHomehook-Received: soon\r\n", ptth.About{Negotiated: true}, note{attempt: 1, received: []byte("soon")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http1.ParseRequest([]byte(tt.head), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			got := readNote(r, tt.from)
			if tt.want.id == "" {
				if uuid.Validate(got.id) != nil || got.id == id {
					t.Errorf("id %q is not one of our own", got.id)
				}
				tt.want.id = got.id
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if _, ok := r.Get("Homehook-Delivery"); ok && !tt.from.Negotiated {
				t.Error("a forged field is still there")
			}
		})
	}
}

// FuzzReadNote: whatever a relay writes, what is read of it makes sense.
func FuzzReadNote(f *testing.F) {
	f.Add("Homehook-Delivery: "+id+"\r\nHomehook-After: none\r\nHomehook-Received: 2026-11-22T10:00:00Z\r\n", true)
	f.Add("Homehook-Answer: hold\r\nHomehook-Queued: 99999999999\r\nX-Forwarded-For: a, b\r\n", false)
	f.Fuzz(func(t *testing.T, fields string, negotiated bool) {
		r, err := http1.ParseRequest([]byte("POST / HTTP/1.1\r\n"+fields), nil, 0)
		if err != nil {
			t.Skip()
		}
		n, now := readNote(r, ptth.About{Negotiated: negotiated}), time.Now()
		if uuid.Validate(n.id) != nil || n.after != "" && uuid.Validate(n.after) != nil || n.attempt < 1 || n.waiting < 0 || n.queued < 0 {
			t.Errorf("%+v", n)
		}
		if !negotiated && (n.backlog || n.stored() || n.received != nil) {
			t.Errorf("a foreign relay is believed: %+v", n)
		}
		if got := n.time(now); got.After(now.Add(maxApart)) || now.Sub(got) > maxKept {
			t.Errorf("received %v", got)
		}
	})
}

func TestNoteTime(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 9, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-11-22T10:00:00.5Z": time.Date(2026, 11, 22, 10, 0, 0, 5e8, time.UTC),
		"2026-11-22T10:18:00Z":   now.Add(9 * time.Minute),
		"2026-11-22T09:58:00Z":   now, // a relay that is so far off could order the history as it likes
		"2026-11-22T10:20:00Z":   now,
		"9999-12-31T23:59:59Z":   now,
		"0001-01-01T00:00:00Z":   now,
		"soon":                   now,
		"":                       now,
	} {
		if got := (&note{received: []byte(text)}).time(now); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]time.Time{
		"2026-11-16T10:00:00Z": time.Date(2026, 11, 16, 10, 0, 0, 0, time.UTC),
		"2020-11-16T10:00:00Z": now,
		"2026-11-22T10:20:00Z": now,
	} {
		if got := (&note{received: []byte(text), backlog: true}).time(now); !got.Equal(want) {
			t.Errorf("%q, from the queue: %v, want %v", text, got, want)
		}
	}
}

func TestRefusal(t *testing.T) {
	for head, want := range map[string]int{
		"CONNECT 169.254.169.254:80 HTTP/1.1\r\n":      405,
		"GET http://169.254.169.254/x HTTP/1.1\r\n":    400,
		"GET /x HTTP/1.1\r\nHost: 169.254.169.254\r\n": 0,
		"OPTIONS * HTTP/1.1\r\nHost:\r\n":              0,
	} {
		r, err := http1.ParseRequest([]byte(head), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := refusal(r); got != want {
			t.Errorf("%q: %d, want %d", head, got, want)
		}
	}
}
