package export

import (
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
)

const (
	requestHead = "POST /hook/a%2Fb?ref=1&token=s3cret&next=%2F HTTP/1.1\r\n" +
		"Host: garage.relay.example.com\r\n" +
		"Authorization: Bearer s3cret\r\n" +
		"Cookie: sid=s3cret; theme=dark\r\n" +
		"X-Hub-Signature-256: sha256=s3cret\r\n" +
		"Stripe-Signature: t=1,v1=s3cret\r\n" +
		"Referer: https://a.example/?x=1&access_token=s3cret#code=s3cret\r\n" +
		"Content-Type: application/json\r\n" +
		"Content-Length: 8\r\n" +
		"X-Plain: it's \"fine\"\r\n" +
		"Homehook-Delivery: 0199\r\n" +
		"X-Forwarded-For: 192.0.2.7\r\n\r\n"
	responseHead = "HTTP/1.1 302 Found\r\n" +
		"Location: /next?ok=1&api_key=s3cret\r\n" +
		"Set-Cookie: sid=s3cret; Path=/; HttpOnly; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\n" +
		"Content-Type: text/plain\r\n\r\n"
)

// record is a delivery with secrets wherever a sender or a target puts them.
func record() *control.Record {
	return &control.Record{
		Delivery: control.Delivery{
			ID: "0199c2b4-0000-7000-8000-000000000001", Claim: "garage", Relay: "mine", State: control.Succeeded,
			Method: "POST", Path: "/hook/a%2Fb", Query: "ref=1&token=s3cret&next=%2F", Remote: "192.0.2.7",
			Received: time.Date(2026, 3, 1, 12, 0, 0, 5e8, time.UTC), Size: 8, BodySHA256: "ab", Route: "r",
			Status: 302, DurationMS: 3.5, Attempts: 1, SenderID: "72d3", Answer: "hold", Starts: 1,
		},
		Head: []byte(requestHead), Body: []byte(`{"a": 1}`),
		Log: []control.Attempt{{
			Number: 1, Route: "r", Handler: "forward", Status: 302, Exit: -1,
			ResponseHead: []byte(responseHead), ResponseBody: []byte("moved\n"), ResponseSize: 6,
		}},
	}
}

// list makes the sequence that Write reads.
func list(records ...*control.Record) iter.Seq2[*control.Record, error] {
	return func(yield func(*control.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// written exports records.
func written(t testing.TB, format string, o Options, records ...*control.Record) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, format, list(records...), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// broken is a destination that is full after some bytes.
type broken struct{ room int }

var errFull = errors.New("full")

func (b *broken) Write(p []byte) (int, error) {
	if b.room -= len(p); b.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}
