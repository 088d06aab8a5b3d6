package agent

import (
	"context"
	"errors"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/google/uuid"

	"homehook/agent/control"
	"homehook/agent/export"
	"homehook/agent/history"
)

// exportPage is how many deliveries are read from the history at once.
const exportPage = 1000

// Export writes deliveries in a format of other programs, the oldest first.
func (b *backend) Export(ctx context.Context, w io.Writer, e control.Export) error {
	o := export.Options{WithSecrets: !e.Redact, Version: b.opts.Version}
	if e.ID != "" {
		rec, err := b.Delivery(ctx, e.ID)
		if err != nil {
			return err
		}
		return export.Write(w, e.Format, func(yield func(*control.Record, error) bool) { yield(rec, nil) }, o)
	}
	ids, err := b.idsOf(ctx, e.Query)
	if err != nil {
		return err
	}
	return export.Write(w, e.Format, b.records(ctx, ids), o)
}

// idsOf lists the deliveries that a query chooses, the newest first. The list is
// made at once because pages come newest first and an export begins with the
// oldest; it has 16 bytes for each.
func (b *backend) idsOf(ctx context.Context, q control.Query) ([]uuid.UUID, error) {
	most := q.Limit
	if most <= 0 {
		most = math.MaxInt
	}
	var ids []uuid.UUID
	for {
		q.Limit = min(exportPage, most-len(ids))
		page, next, err := b.journal.List(ctx, history.Query(q))
		if err != nil {
			return nil, translated(err)
		}
		for i := range page {
			if id, err := uuid.Parse(page[i].ID); err == nil {
				ids = append(ids, id)
			}
		}
		if next == "" || len(ids) >= most || len(page) == 0 {
			return ids, nil
		}
		q.Cursor = next
	}
}

// records reads deliveries one by one, from the end of the list. One that the
// history has forgotten meanwhile is left out.
func (b *backend) records(ctx context.Context, ids []uuid.UUID) iter.Seq2[*control.Record, error] {
	return func(yield func(*control.Record, error) bool) {
		for _, id := range slices.Backward(ids) {
			found, err := b.journal.Get(ctx, id.String())
			if errors.Is(err, history.ErrNotFound) {
				continue
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(recordOf(found), nil) {
				return
			}
		}
	}
}
