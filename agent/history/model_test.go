package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// model is the history as a list in memory, searched the naive way.
type model struct{ records []*Record }

// list is what Journal.List has to return in all.
func (m *model) list(q Query) (ids []string) {
	sorted := slices.Clone(m.records)
	slices.SortStableFunc(sorted, func(a, b *Record) int { return b.Received.Compare(a.Received) })
	for _, r := range sorted {
		if m.selects(r, q) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func (m *model) selects(r *Record, q Query) bool {
	for _, f := range [][2]string{{q.Claim, r.Claim}, {q.Route, r.Route}, {q.State, r.State}, {q.Method, r.Method}} {
		if f[0] != "" && f[0] != f[1] {
			return false
		}
	}
	if q.Status != 0 && q.Status != r.Status || !q.Since.IsZero() && r.Received.Before(q.Since) ||
		!q.Until.IsZero() && !r.Received.Before(q.Until) {
		return false
	}
	terms := strings.Fields(q.Search)
	for i, term := range terms {
		found := false
		for _, text := range append(outputs(r), r.Path, r.Query, string(r.Head), string(r.Body)) {
			found = found || naively(text, term, i == len(terms)-1)
		}
		if !found {
			return false
		}
	}
	return true
}

func outputs(r *Record) (all []string) {
	for _, a := range r.Log {
		all = append(all, string(a.Output))
	}
	return all
}

// naively says whether a term stands in a text, by runes.
func naively(text, term string, open bool) bool {
	if i := strings.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	in, want := []rune(strings.ToLower(text)), []rune(strings.ToLower(term))
	word := func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)) && !unicode.In(r, unicode.Han)
	}
	for i := 0; i+len(want) <= len(in); i++ {
		if !slices.Equal(in[i:i+len(want)], want) {
			continue
		}
		within := i > 0 && word(in[i-1]) && word(want[0])
		end := i + len(want)
		goesOn := end < len(in) && word(in[end]) && word(want[len(want)-1])
		if !within && (open || !goesOn) {
			return true
		}
	}
	return false
}

// vocabulary has words that are beginnings of each other, and what is none.
var vocabulary = []string{
	"needle", "needles", "need", "Grün", "GRÜNER", "日本語", "日", "a", "ab", "abc", "100%", "x_y", "a-b", "json", "\"k\":1", "n\xffm",
	"averyveryverylongwordthatgoesonandonandonandonuntilitislongerthantheindexholds1",
	"averyveryverylongwordthatgoesonandonandonandonuntilitislongerthantheindexholds2",
}

// world makes up deliveries and queries.
type world struct {
	r *rand.Rand
	m model
	n int

	future bool // one delivery comes with a wrong clock
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (w *world) text() string {
	var words []string
	for range w.r.IntN(5) {
		words = append(words, pick(w.r, vocabulary...))
	}
	text := strings.Join(words, pick(w.r, " ", "/", ", "))
	if w.r.IntN(20) == 0 {
		text += "\x00needle"
	}
	return text
}

// received crowds deliveries into buckets, some of them late, and one of the
// first from the future. No two come in the same microsecond.
func (w *world) received() time.Time {
	at := epoch.Add(time.Duration(w.n) * time.Microsecond)
	switch {
	case w.n == 7 && w.future:
		return at.Add(time.Hour)
	case w.r.IntN(4) == 0:
		return at.Add(time.Duration(w.r.IntN(w.n+1)) * 250 * time.Microsecond)
	}
	return at.Add(time.Duration(w.n/2) * time.Millisecond)
}

func (w *world) delivery() *Record {
	w.n++
	r := &Record{Delivery: Delivery{
		ID: testID(w.n), Claim: pick(w.r, "garage", "shed", ""), Route: pick(w.r, "deploy", "", ""), State: pick(w.r, Received, Running),
		Method: pick(w.r, "POST", "GET", "BREW", "*"), Path: "/" + w.text(), Query: w.text(), Received: w.received(),
	}}
	r.Head = []byte("POST /x HTTP/1.1\r\nX: " + w.text() + "\r\n\r\n")
	r.Body = []byte(w.text())
	r.Size = int64(len(r.Body))
	return r
}

func (w *world) query() Query {
	var q Query
	set := func(to *string, values ...string) {
		if w.r.IntN(4) == 0 {
			*to = pick(w.r, values...)
		}
	}
	set(&q.Claim, "garage", "shed", "attic")
	set(&q.Route, "deploy", "other")
	set(&q.State, Received, Running, Waiting, Succeeded, Dead)
	set(&q.Method, "POST", "GET", "BREW", "*", "FETCH")
	if w.r.IntN(6) == 0 {
		q.Status = pick(w.r, 200, 500, 404)
	}
	if w.r.IntN(6) == 0 {
		q.Since = epoch.Add(time.Duration(w.r.IntN(150)) * time.Millisecond)
	}
	if w.r.IntN(6) == 0 {
		q.Until = epoch.Add(time.Duration(w.r.IntN(150)) * time.Millisecond)
	}
	if w.r.IntN(3) > 0 {
		q.Search = pick(w.r, "", " ") + w.term()
		for w.r.IntN(3) == 0 {
			q.Search += " " + w.term()
		}
	}
	return q
}

func (w *world) term() string {
	term := []rune(pick(w.r, vocabulary...))
	if w.r.IntN(3) == 0 {
		term = term[:1+w.r.IntN(len(term))]
	}
	return strings.ReplaceAll(string(term), "\ufffd", "")
}

// change does something to a delivery, in the journal and the model.
func (w *world) change(t *testing.T, j *Journal) {
	if len(w.m.records) == 0 || w.r.IntN(3) == 0 {
		r := w.delivery()
		check(t, j.Begin(r, w.r.IntN(2) == 0))
		w.m.records = append(w.m.records, r)
		return
	}
	r := pick(w.r, w.m.records...)
	if !unfinished(r.State) {
		if r.State == Dead && w.r.IntN(2) == 0 {
			check(t, j.Reopen(t.Context(), r.ID))
			r.State, r.Starts = Received, 0
		}
		return
	}
	if w.r.IntN(3) == 0 {
		_, err := j.Start(r.ID, Attempt{Number: len(r.Log) + 1}, false)
		check(t, err)
		r.State = Running
		return
	}
	f := &Record{Delivery: Delivery{ID: r.ID, State: pick(w.r, Waiting, Succeeded, Dead, Rejected), Status: pick(w.r, 0, 200, 500)}}
	f.Log = []Attempt{{Number: len(r.Log) + 1, Output: []byte(w.text())}}
	f.Route = pick(w.r, "deploy", "")
	check(t, j.Finish(f))
	r.State, r.Status, r.Log = f.State, f.Status, append(r.Log, f.Log...)
	if f.Route != "" {
		r.Route = f.Route
	}
}

// pages lists with small pages and no patience, which has to find the same.
func (w *world) pages(t *testing.T, j *Journal, q Query) (ids []string) {
	t.Helper()
	q.Limit = 1 + w.r.IntN(7)
	for calls := 0; ; calls++ {
		l, err := newListing(q)
		check(t, err)
		l.patience = pick(w.r, -1, time.Hour)
		next, err := l.run(t.Context(), j)
		check(t, err)
		for _, d := range l.page {
			ids = append(ids, d.ID)
		}
		if next == "" {
			return ids
		}
		if q.Cursor = next; calls > 10_000 {
			t.Fatalf("the listing of %+v does not end", q)
		}
	}
}

// Whatever happens, and whatever of it is indexed, a listing finds what a naive
// search finds, page by page.
func TestListAgreesWithModel(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			w := &world{r: rand.New(rand.NewPCG(seed, 1)), future: seed == 0}
			j := openTest(t, Options{shard: 10, Keep: -1})
			for range 7 {
				for range 40 {
					w.change(t, j)
				}
				if w.r.IntN(2) == 0 {
					check(t, j.Index(t.Context()))
				}
				for range 15 {
					check(t, j.Flush(t.Context()))
					q := w.query()
					if got, want := w.pages(t, j, q), w.m.list(q); !slices.Equal(got, want) {
						t.Fatalf("%+v:\n got %v\nwant %v", q, got, want)
					}
				}
			}
			if n := len(j.w.index.shards); n < 4 && !w.future {
				t.Errorf("%d shards: the test saw too little", n)
			}
		})
	}
}
