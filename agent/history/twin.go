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
	return j.one(ctx, `WHERE d.id = ?1 LIMIT 1`, id)
}

// Twin returns the newest delivery of the claim that has the sender's id, does
// not have the id exceptID and is not itself a Duplicate, and whether there is
// one. Sender's ids are remembered for 14 days, as [Journal.Find] says. Errors
// are ErrClosed and those of ctx and the file.
func (j *Journal) Twin(ctx context.Context, claim, senderID, exceptID string) (Delivery, bool, error) {
	if senderID == "" {
		return Delivery{}, false, nil
	}
	if err := j.settle(ctx); err != nil {
		return Delivery{}, false, err
	}
	return j.one(ctx, `WHERE d.sender_id = ?1 AND d.claim = ?2 AND d.id <> ?3 AND d.state <> 'duplicate'
ORDER BY d.seq DESC LIMIT 1`, senderID, claim, exceptID)
}

// one returns the delivery that the condition selects, or what is remembered of
// one.
func (j *Journal) one(ctx context.Context, where string, args ...any) (d Delivery, found bool, err error) {
	_, err = scanDelivery(j.reader.QueryRowContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries d `+where, args...), &d)
	if errors.Is(err, sql.ErrNoRows) {
		var seq int64
		row := j.reader.QueryRowContext(ctx, `SELECT `+rememberedColumns+` FROM remembered d `+where, args...)
		err = row.Scan(&seq, &d.ID, &d.Claim, &d.Relay, &d.State, &d.Status, &d.Size, &d.BodySHA256, &d.SenderID)
		d.Received = timeOf(seq)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Delivery{}, false, nil
	case err != nil:
		return Delivery{}, false, fmt.Errorf("look up delivery: %w", err)
	}
	return d, true, nil
}
