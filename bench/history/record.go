package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"homehook/agent/history"
)

// maker makes up deliveries.
type maker struct {
	r     *rand.Rand
	rows  int
	first time.Time
	words []string
}

func newMaker(rows int) *maker {
	m := &maker{r: rand.New(rand.NewPCG(1, 2)), rows: rows, first: firstReceived}
	for range 20_000 {
		word := make([]byte, 3+m.r.IntN(8))
		for i := range word {
			word[i] = byte('a' + m.r.IntN(26))
		}
		m.words = append(m.words, string(word))
	}
	return m
}

// firstReceived is when the oldest delivery came, received when number n did: a
// million are spread over 30 days.
var firstReceived = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func received(n int) time.Time { return firstReceived.Add(time.Duration(n) * 2592 * time.Millisecond) }

// The parts that deliveries differ in. The first ones are the most frequent.
var (
	claims   = []string{"garage", "shop", "code", "house", "attic"}
	methods  = []string{"POST", "POST", "POST", "PUT", "GET", "DELETE"}
	statuses = []int{200, 200, 200, 202, 204, 404, 500, 502}
	events   = []string{"push", "invoice.paid", "ring", "order.created", "ping"}
)

// record makes delivery number n.
func (m *maker) record(n int) *history.Record {
	c := m.pick(len(claims))
	d := history.Delivery{
		ID:    fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", n>>8, n&0xff, n&0xfff, m.r.IntN(0xfff), n),
		Claim: claims[c], Relay: "mine", State: history.Succeeded, Method: methods[m.r.IntN(len(methods))],
		Path: fmt.Sprintf("/%s/%s", claims[c], m.word()), Query: "source=" + m.word(), Remote: "203.0.113.9:40312",
		Received: received(n), Route: fmt.Sprintf("%s %s", claims[c], events[m.r.IntN(3)]),
		Status: statuses[m.r.IntN(len(statuses))], DurationMS: 1.5, Attempts: 1, Answer: "hold",
	}
	if d.Status >= 400 {
		d.State, d.Reason = history.Dead, fmt.Sprintf("the handler answered %d", d.Status)
	}
	if n%(m.rows/4+1) == 7 {
		d.State, d.Status, d.Claim = history.Rejected, 401, "attic"
	}
	r := &history.Record{Delivery: d, Head: m.head(&d), Body: m.body(n)}
	r.Size = int64(len(r.Body))
	r.Log = []history.Attempt{{
		Number: 1, Route: d.Route, Handler: "script", Started: d.Received, Status: d.Status,
		Output: []byte("done with " + m.word() + "\n"), ResponseHead: []byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"),
		ResponseBody: []byte("ok\n"), ResponseSize: 3,
	}}
	return r
}

func (m *maker) head(d *history.Delivery) []byte {
	return fmt.Appendf(nil, "%s %s?%s HTTP/1.1\r\nHost: %s.relay.example.com\r\nUser-Agent: GitHub-Hookshot/%07x\r\n"+
		"Content-Type: application/json\r\nX-GitHub-Delivery: %s\r\nX-Hub-Signature-256: sha256=%016x%016x%016x%016x\r\n\r\n",
		d.Method, d.Path, d.Query, d.Claim, m.r.IntN(1<<28), d.ID, m.r.Uint64(), m.r.Uint64(), m.r.Uint64(), m.r.Uint64())
}

// body has a word that stands in all deliveries, one that stands in every
// 100,000th, and one that only this one has.
func (m *maker) body(n int) []byte {
	b := fmt.Appendf(nil, `{"event":%q,"number":"n%d","created":%d,"customer":{"name":"%s %s","id":"cus_%x"},"repository":{"name":%q}`,
		events[m.pick(len(events))], n, received(n).Unix(), m.word(), m.word(), m.r.IntN(5000), "homehook")
	if n%100_000 == 99_999 {
		b = append(b, `,"note":"a needle in it"`...)
	}
	parity := "even"
	if n%2 == 1 {
		parity = "odd"
	}
	b = fmt.Appendf(b, `,"parity":%q,"text":"`, parity)
	for range 20 + m.r.IntN(60) {
		b = append(append(b, m.word()...), ' ')
	}
	return append(b, `"}`...)
}

// word is a word, some are frequent.
func (m *maker) word() string { return m.words[m.pick(len(m.words))] }

// pick returns a number below n, small ones more often.
func (m *maker) pick(n int) int { return int(float64(n) * m.r.Float64() * m.r.Float64()) }
