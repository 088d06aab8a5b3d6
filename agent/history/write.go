package history

import (
	"fmt"
	"time"

	"homehook/dbfile"
)

// write stores one item within the transaction. What concerns its caller alone
// goes to it.err; a returned error concerns the whole transaction.
func (w *writer) write(it *item) error {
	switch it.op {
	case opBegin:
		return w.writeBegin(it)
	case opStart:
		return w.writeStart(it)
	case opFinish:
		return w.writeFinish(it)
	case opReopen:
		return w.writeReopen(it)
	}
	return nil
}

func (w *writer) writeBegin(it *item) error {
	r := &it.rec
	if known, err := w.remembers(r.ID); err != nil || known {
		it.err = ErrExists
		return err
	}
	row := begunRow{Delivery: r.Delivery, known: true, head: r.Head != nil, body: r.Body != nil}
	pending := it.durable && unfinished(r.State)
	if pending {
		w.arrive(&row)
	}
	err := w.insert(&row, it)
	if dbfile.SameKey(err) {
		it.err = ErrExists
		return nil
	}
	if err != nil {
		return err
	}
	if pending {
		if err := w.keepOriginal(&row, &it.original); err != nil {
			return err
		}
	}
	w.put(row)
	if err := w.writeRequest(w.st.request, row.seq, r); err != nil {
		return err
	}
	return w.writeTrace(row.seq, r)
}

// unfinished says that the delivery is owed an end.
func unfinished(state string) bool { return state == Received || state == Running || state == Waiting }

// writeStart notes that an attempt begins.
func (w *writer) writeStart(it *item) error {
	row, found, err := w.take(it.rec.ID)
	if err != nil {
		return err
	}
	if !found || !unfinished(row.State) {
		if it.err = ErrEnded; !found {
			it.err = ErrNotFound
		}
		return nil
	}
	row.State, row.Due, row.Reason = Running, time.Time{}, "" // of the attempt before
	row.Starts++
	row.Attempts = max(row.Attempts, it.rec.Attempts)
	if route := it.rec.Log[0].Route; route != "" {
		row.Route = route
	}
	it.starts = row.Starts
	if err := w.update(&row, false); err != nil {
		return err
	}
	return w.writeAttempts(row.seq, it.rec.Log)
}

// writeFinish completes a delivery that has begun, or stores one that has not.
func (w *writer) writeFinish(it *item) error {
	r := &it.rec
	row, found, err := w.take(r.ID)
	if err != nil {
		return err
	}
	if !found {
		return w.writeWhole(it)
	}
	before := row
	row.finish(r)
	if !unfinished(row.State) {
		if err := w.dropOriginal(&row); err != nil {
			return err
		}
	}
	if err := w.update(&row, r.Redacted); err != nil {
		return err
	}
	if before.known && before.head {
		err = w.writeBody(before, r)
	} else {
		err = w.writeRequest(w.st.merge, row.seq, r)
	}
	if err != nil {
		return err
	}
	if r.Checked != "" {
		if err := w.st.checked.Exec(r.Checked, row.seq); err != nil {
			return fmt.Errorf("store checks: %w", err)
		}
	}
	if err := w.writeTrace(row.seq, r); err != nil {
		return err
	}
	return w.writeAttempts(row.seq, r.Log)
}

// finish takes over what r says of the outcome. What was known stays where r
// says nothing.
func (row *begunRow) finish(r *Record) {
	d := &r.Delivery
	row.State, row.Status, row.DurationMS, row.Attempts, row.Due = d.State, d.Status, d.DurationMS, attempts(r), d.Due
	row.Size = max(row.Size, d.Size)
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&row.BodySHA256, d.BodySHA256},
		{&row.Route, d.Route},
		{&row.SenderID, d.SenderID},
		{&row.DuplicateOf, d.DuplicateOf},
		{&row.ReplayOf, d.ReplayOf},
		{&row.Reason, d.Reason},
	} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if row.State != Waiting {
		row.Due = time.Time{}
	}
	row.head, row.body = row.head || r.Head != nil, row.body || r.Body != nil
}

// update stores what has changed of the row and remembers it.
func (w *writer) update(row *begunRow, redacted bool) error {
	facet, err := w.facets.of(&row.Delivery, w.st)
	if err != nil {
		return err
	}
	number := w.numbers.next()
	w.numbers.is(row.seq)
	w.numbers.tell(number, &row.Delivery)
	err = w.st.update.Exec(row.State, row.Size, text(row.BodySHA256), text(row.Route), int64(row.Status), row.DurationMS,
		int64(row.Attempts), text(row.SenderID), text(row.DuplicateOf), text(row.ReplayOf), text(row.Reason),
		due(row.Due), int64(row.Starts), redacted, facet, int64(number), arrival(row.arrival), row.seq)
	if err != nil {
		return fmt.Errorf("update delivery: %w", err)
	}
	w.put(*row)
	return w.stale(row.seq)
}

// writeWhole stores a delivery that the file does not hold, with its outcome.
func (w *writer) writeWhole(it *item) error {
	r := &it.rec
	r.Attempts = attempts(r)
	row := begunRow{Delivery: r.Delivery}
	if err := w.insert(&row, it); err != nil {
		return err
	}
	if err := w.writeRequest(w.st.request, row.seq, r); err != nil {
		return err
	}
	if err := w.writeTrace(row.seq, r); err != nil {
		return err
	}
	return w.writeAttempts(row.seq, r.Log)
}

func attempts(r *Record) int { return max(r.Attempts, len(r.Log)) }

// insert adds the row of a delivery. Deliveries of the same microsecond stand
// in the order of their insertion.
func (w *writer) insert(row *begunRow, it *item) error {
	d := &row.Delivery
	facet, err := w.facets.of(d, w.st)
	if err != nil {
		return err
	}
	number := w.numbers.next()
	first := seqOf(d.Received)
	seq := first
	if first <= w.seq && w.seq < first+seqsPerMicrosecond-1 {
		seq = w.seq + 1
	}
	for {
		err := w.st.insert.Exec(seq, d.ID, text(d.Claim), text(d.Relay), d.State, durability(it), text(d.Method), text(d.Path),
			text(d.Query), text(d.Remote), d.Size, text(d.BodySHA256), text(d.Route), int64(d.Status), d.DurationMS,
			int64(d.Attempts), text(d.SenderID), text(d.DuplicateOf), text(d.ReplayOf), text(d.Reason),
			text(d.Answer), due(d.Due), int64(d.Starts), it.rec.Redacted, facet, int64(number), arrival(row.arrival), text(it.rec.Checked))
		if err == nil {
			break
		}
		if !dbfile.SameRowID(err) {
			w.numbers.dismiss()
			return fmt.Errorf("insert delivery: %w", err)
		}
		last, _, err := w.st.lastIn.Number(first, first+seqsPerMicrosecond-1)
		if err != nil {
			return fmt.Errorf("find a place for the delivery: %w", err)
		}
		// A microsecond that is full spills into the next one.
		seq = last + 1
		first = seq - seq%seqsPerMicrosecond
	}
	row.seq, w.seq = seq, seq
	row.Received = timeOf(seq)
	if it.durable || !unfinished(row.State) {
		w.numbers.is(seq)
	}
	w.numbers.tell(number, d)
	if err := w.spans.stored(seq, w.st); err != nil {
		return err
	}
	return w.stale(seq)
}

// writeBody adds the body to the head that Begin stored.
func (w *writer) writeBody(row begunRow, r *Record) error {
	if row.body || r.Body == nil {
		return nil
	}
	if err := w.st.body.Exec(r.Body, r.BodyTruncated, row.seq); err != nil {
		return fmt.Errorf("store body: %w", err)
	}
	return nil
}

// writeRequest stores head and body by s, which is request for a new row and
// merge where there may be one.
func (w *writer) writeRequest(s *dbfile.Stmt, seq int64, r *Record) error {
	if r.Head == nil && r.Body == nil {
		return nil
	}
	if err := s.Exec(seq, r.Head, r.Body, r.BodyTruncated); err != nil {
		return fmt.Errorf("insert request: %w", err)
	}
	return nil
}

// writeTrace stores what the routes said, beside the request.
func (w *writer) writeTrace(seq int64, r *Record) error {
	if len(r.Trace) == 0 {
		return nil
	}
	if err := w.st.trace.Exec(r.Trace, seq); err != nil {
		return fmt.Errorf("store trace: %w", err)
	}
	return nil
}

func (w *writer) writeAttempts(seq int64, log []Attempt) error {
	for i := range log {
		a := &log[i]
		err := w.st.attempt.Exec(seq, int64(a.Number), text(a.Route), text(a.Handler), a.Started.UnixMicro(), a.DurationMS,
			int64(a.Status), int64(a.Exit), a.Output, a.OutputTruncated, text(a.Error), a.ResponseHead, a.ResponseBody,
			a.ResponseSize, a.ResponseTruncated, int64(a.Place), a.GivenUp)
		if err != nil {
			return fmt.Errorf("insert attempt: %w", err)
		}
	}
	return nil
}

// text is s for SQLite: nothing when empty, which costs neither space nor an
// allocation.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// The values of deliveries.durable.
const (
	notDurable   = 0
	durableWhole = 1 // the record is all of it
	durableApart = 2 // the original is apart from the record
)

func durability(it *item) int64 {
	switch {
	case it.original.own:
		return durableApart
	case it.durable:
		return durableWhole
	}
	return notDurable
}

// arrival is n for SQLite: nothing when there is none.
func arrival(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

const seqsPerMicrosecond = 1000

// seqOf is the first seq of the time's microsecond, timeOf its reverse. A time
// that does not fit, before 1970 or after 2262, becomes the nearest that does.
func seqOf(t time.Time) int64 {
	const last = 1<<63/seqsPerMicrosecond/1000 - 1 // in milliseconds, with room above
	ms := min(max(t.UnixMilli(), 0), last)
	if ms != t.UnixMilli() {
		return ms * 1000 * seqsPerMicrosecond
	}
	return t.UnixMicro() * seqsPerMicrosecond
}

func timeOf(seq int64) time.Time { return time.UnixMicro(seq / seqsPerMicrosecond).UTC() }
