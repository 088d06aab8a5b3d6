package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// rememberFor is how long ids outlive their deliveries, at least: longer than
// any relay keeps a delivery, and than senders go on sending one again.
const rememberFor = 14 * 24 * time.Hour

const (
	remembersSQL = `SELECT 1 FROM remembered WHERE id = ?`

	// rememberSQL notes the deliveries between two seqs that are about to go.
	rememberSQL = `INSERT OR REPLACE INTO remembered (seq, id, claim, relay, state, status, size, body_sha256, sender_id)
SELECT seq, id, claim, relay, state, status, size, body_sha256, sender_id FROM deliveries
WHERE seq BETWEEN ? AND ? AND seq >= ? AND (durable <> 0 OR sender_id IS NOT NULL) AND ` + finished

	forgetMemoriesSQL = `DELETE FROM remembered WHERE seq IN (SELECT seq FROM remembered WHERE seq < ? ORDER BY seq LIMIT ?)`

	rememberedColumns = `d.seq, d.id, coalesce(d.claim,''), coalesce(d.relay,''), d.state, d.status, d.size,
coalesce(d.body_sha256,''), coalesce(d.sender_id,'')`
)

// remembers says that a delivery of that id was here and is pruned.
func (w *writer) remembers(id string) (bool, error) {
	if !w.memories {
		return false, nil
	}
	_, found, err := w.st.remembers.Number(id)
	if err != nil {
		err = fmt.Errorf("look up delivery: %w", err)
	}
	return found, err
}

// Known says whether the journal holds, or remembers, a delivery of exactly that
// id. It sees every delivery whose Begin has returned. When the file cannot be
// read it says no; Begin knows in any case.
func (j *Journal) Known(id string) bool {
	var one int
	err := j.reader.QueryRow(`SELECT 1 FROM deliveries WHERE id = ?1 UNION ALL
SELECT 1 FROM remembered WHERE id = ?1 LIMIT 1`, id).Scan(&one)
	return err == nil
}

// Find returns the delivery of exactly that id without its contents, and
// whether there is one. Of a delivery that is pruned, the little that is
// remembered comes back: ID, Claim, Relay, State, Status, Size, BodySHA256,
// SenderID and Received. Durable deliveries, and those with a sender's id, are
// remembered for 14 days. Errors are ErrClosed and those of ctx and the file.
func (j *Journal) Find(ctx context.Context, id string) (Delivery, bool, error) {
	if err := j.settle(ctx); err != nil {
		return Delivery{}, false, err
	}
	const where = `WHERE d.id = ?1 LIMIT 1`
	d, found, err := j.present(ctx, where, id)
	if found || err != nil {
		return d, found, err
	}
	return j.memory(ctx, where, id)
}

const (
	// twinSQL asks for a run of the same: by the same route, which has checked
	// both alike. One that waits and has never begun is not checked yet, unless it
	// says so.
	twinSQL = `WHERE d.sender_id IN (?1, ?7) AND d.claim = ?2 AND d.id <> ?3 AND d.state <> 'duplicate'
AND coalesce(d.method,'') = ?4 AND coalesce(d.path,'') = ?5 AND coalesce(d.route,'') = ?6
AND (d.state IN ('received', 'running', 'succeeded') OR d.state = 'waiting' AND (d.starts > 0 OR d.attempts > 0 OR d.checked IS NOT NULL))
ORDER BY d.seq DESC LIMIT 1`

	// twinMemorySQL asks for what is remembered of one. Its route is not: where
	// that counts, the body speaks for it.
	twinMemorySQL = `WHERE d.sender_id IN (?1, ?6) AND d.claim = ?2 AND d.id <> ?3 AND d.state = 'succeeded'
AND (NOT ?4 OR d.body_sha256 IN (?5, ?7))
ORDER BY d.seq DESC LIMIT 1`
)

// Twin returns the newest delivery that has the claim, the sender's id, the
// method, the path and the route of d, but another id, and that has succeeded or
// is on its way, and whether there is one. One that waits for its first attempt
// and has no Checked is none: it is not known who has sent it. Sender's ids are remembered for 14
// days, as [Journal.Find] says, methods, paths and routes are not; with checked,
// for a route that tells its senders apart, what is remembered has to have the
// same body. Errors are ErrClosed and those of ctx and the file.
func (j *Journal) Twin(ctx context.Context, d *Delivery, checked bool) (Delivery, bool, error) {
	if d.SenderID == "" {
		return Delivery{}, false, nil
	}
	if err := j.settle(ctx); err != nil {
		return Delivery{}, false, err
	}
	hidden := j.mask("sender id", d.SenderID) // as redaction keeps it
	twin, found, err := j.present(ctx, twinSQL, d.SenderID, d.Claim, d.ID, d.Method, d.Path, d.Route, hidden)
	if found || err != nil {
		return twin, found, err
	}
	return j.memory(ctx, twinMemorySQL, d.SenderID, d.Claim, d.ID, checked, d.BodySHA256, hidden, j.mask("body", d.BodySHA256))
}

// present returns the delivery that the condition selects.
func (j *Journal) present(ctx context.Context, where string, args ...any) (d Delivery, found bool, err error) {
	_, err = scanDelivery(j.reader.QueryRowContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries d `+where, args...), &d)
	return lookedUp(d, err)
}

// memory returns what is remembered of the one that the condition selects.
func (j *Journal) memory(ctx context.Context, where string, args ...any) (d Delivery, found bool, err error) {
	var seq int64
	row := j.reader.QueryRowContext(ctx, `SELECT `+rememberedColumns+` FROM remembered d `+where, args...)
	err = row.Scan(&seq, &d.ID, &d.Claim, &d.Relay, &d.State, &d.Status, &d.Size, &d.BodySHA256, &d.SenderID)
	d.Received = timeOf(seq)
	return lookedUp(d, err)
}

func lookedUp(d Delivery, err error) (Delivery, bool, error) {
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Delivery{}, false, nil
	case err != nil:
		return Delivery{}, false, fmt.Errorf("look up delivery: %w", err)
	}
	return d, true, nil
}
