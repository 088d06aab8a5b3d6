package history

import (
	"fmt"
	"time"

	"homehook/dbfile"
)

// statements are the writer's prepared statements. They live as long as their
// connection.
type statements struct {
	begin, commit, rollback   *dbfile.Stmt
	insert, update, lookup    *dbfile.Stmt
	lastIn, request, attempt  *dbfile.Stmt
	merge, body               *dbfile.Stmt
	bound, forget, forgetBody *dbfile.Stmt
	forgetLog                 *dbfile.Stmt
	all                       []*dbfile.Stmt
}

const (
	insertSQL = `INSERT INTO deliveries (seq, id, claim, relay, state, durable, method, path, query, remote, size,
body_sha256, route, status, duration_ms, attempts, sender_id, duplicate_of, replay_of, reason)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`

	// What Begin knew stays where Finish says nothing.
	updateSQL = `UPDATE deliveries SET state = ?, size = max(size, ?), body_sha256 = coalesce(?, body_sha256),
route = coalesce(?, route), status = ?, duration_ms = ?, attempts = ?, sender_id = coalesce(?, sender_id),
duplicate_of = coalesce(?, duplicate_of), replay_of = coalesce(?, replay_of), reason = coalesce(?, reason) WHERE seq = ?`

	lookupSQL = `SELECT seq FROM deliveries WHERE id = ?`
	lastInSQL = `SELECT max(seq) FROM deliveries WHERE seq BETWEEN ? AND ?`

	requestSQL = `INSERT INTO requests (seq, head, body, body_truncated) VALUES (?,?,?,?)`
	bodySQL    = `UPDATE requests SET body = ?, body_truncated = ? WHERE seq = ?`

	// Of head and body each is stored once; whoever brings it first wins.
	mergeSQL = requestSQL + `
ON CONFLICT (seq) DO UPDATE SET head = coalesce(head, excluded.head),
body_truncated = iif(body IS NULL, excluded.body_truncated, body_truncated), body = coalesce(body, excluded.body)
WHERE head IS NULL OR body IS NULL`

	attemptSQL = `INSERT OR REPLACE INTO attempts (seq, number, route, handler, started, duration_ms, status, exit, output,
output_truncated, error, response_head, response_body, response_size, response_truncated)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
)

func prepare(c *dbfile.Conn) (*statements, error) {
	s := &statements{}
	for _, p := range []struct {
		to   **dbfile.Stmt
		text string
	}{
		{&s.begin, "BEGIN IMMEDIATE"},
		{&s.commit, "COMMIT"},
		{&s.rollback, "ROLLBACK"},
		{&s.insert, insertSQL},
		{&s.update, updateSQL},
		{&s.lookup, lookupSQL},
		{&s.lastIn, lastInSQL},
		{&s.request, requestSQL},
		{&s.body, bodySQL},
		{&s.merge, mergeSQL},
		{&s.attempt, attemptSQL},
		{&s.bound, boundSQL},
		{&s.forget, forgetSQL},
		{&s.forgetBody, forgetRequestsSQL},
		{&s.forgetLog, forgetAttemptsSQL},
	} {
		prepared, err := c.Prepare(p.text)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("prepare %q: %w", p.text, err)
		}
		*p.to = prepared
		s.all = append(s.all, prepared)
	}
	return s, nil
}

// close lets go of them. An error would repeat that of the last execution.
func (s *statements) close() {
	for _, p := range s.all {
		_ = p.Close()
	}
}

// write stores one item within the transaction. What concerns a Begin alone goes
// to it.err; a returned error concerns the whole transaction.
func (w *writer) write(it *item) error {
	switch it.op {
	case opBegin:
		return w.writeBegin(it)
	case opFinish:
		return w.writeFinish(&it.rec)
	}
	return nil
}

func (w *writer) writeBegin(it *item) error {
	r := &it.rec
	seq, err := w.insert(&r.Delivery, it.durable)
	if dbfile.SameKey(err) {
		it.err = ErrExists
		return nil
	}
	if err != nil {
		return err
	}
	if unfinished(r.State) {
		w.begun.add(r.ID, begunRow{seq: seq, head: r.Head != nil, body: r.Body != nil})
	}
	return w.writeRequest(w.st.request, seq, r)
}

// unfinished says that the delivery is owed an end.
func unfinished(state string) bool { return state == Received || state == Running || state == Waiting }

// writeFinish completes a delivery that has begun, or stores one that has not.
func (w *writer) writeFinish(r *Record) error {
	row, known := w.begun.take(r.ID)
	found := known
	if !known {
		var err error
		if row.seq, found, err = w.st.lookup.Number(r.ID); err != nil {
			return fmt.Errorf("look up delivery: %w", err)
		}
	}
	if !found {
		return w.writeWhole(r)
	}
	err := w.st.update.Exec(r.State, r.Size, text(r.BodySHA256), text(r.Route), int64(r.Status), r.DurationMS,
		int64(attempts(r)), text(r.SenderID), text(r.DuplicateOf), text(r.ReplayOf), text(r.Reason), row.seq)
	if err != nil {
		return fmt.Errorf("update delivery: %w", err)
	}
	if known && row.head {
		err = w.writeBody(row, r)
	} else {
		err = w.writeRequest(w.st.merge, row.seq, r)
	}
	if err != nil {
		return err
	}
	return w.writeAttempts(row.seq, r.Log)
}

// writeWhole stores a delivery that the file does not hold, with its outcome.
func (w *writer) writeWhole(r *Record) error {
	r.Attempts = attempts(r)
	seq, err := w.insert(&r.Delivery, false)
	if err != nil {
		return err
	}
	if err := w.writeRequest(w.st.request, seq, r); err != nil {
		return err
	}
	return w.writeAttempts(seq, r.Log)
}

func attempts(r *Record) int { return max(r.Attempts, len(r.Log)) }

// insert adds the row of a delivery and returns its seq. Deliveries of the same
// microsecond stand in the order of their insertion.
func (w *writer) insert(d *Delivery, durable bool) (int64, error) {
	first := seqOf(d.Received)
	seq := first
	if first <= w.seq && w.seq < first+seqsPerMicrosecond-1 {
		seq = w.seq + 1
	}
	for {
		err := w.st.insert.Exec(seq, d.ID, text(d.Claim), text(d.Relay), d.State, durable, text(d.Method), text(d.Path),
			text(d.Query), text(d.Remote), d.Size, text(d.BodySHA256), text(d.Route), int64(d.Status), d.DurationMS,
			int64(d.Attempts), text(d.SenderID), text(d.DuplicateOf), text(d.ReplayOf), text(d.Reason))
		if err == nil {
			w.seq = seq
			return seq, nil
		}
		if !dbfile.SameRowID(err) {
			return 0, fmt.Errorf("insert delivery: %w", err)
		}
		last, _, err := w.st.lastIn.Number(first, first+seqsPerMicrosecond-1)
		if err != nil {
			return 0, fmt.Errorf("find a place for the delivery: %w", err)
		}
		// A microsecond that is full spills into the next one.
		seq = last + 1
		first = seq - seq%seqsPerMicrosecond
	}
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

func (w *writer) writeAttempts(seq int64, log []Attempt) error {
	for i := range log {
		a := &log[i]
		err := w.st.attempt.Exec(seq, int64(a.Number), text(a.Route), text(a.Handler), a.Started.UnixMicro(), a.DurationMS,
			int64(a.Status), int64(a.Exit), a.Output, a.OutputTruncated, text(a.Error), a.ResponseHead, a.ResponseBody,
			a.ResponseSize, a.ResponseTruncated)
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
