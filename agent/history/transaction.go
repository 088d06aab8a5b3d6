package history

import (
	"fmt"
	"slices"

	"homehook/faults/point"
)

// transact writes the items in one transaction, fsync'd if one of them is
// durable. On error none of them is written.
func (w *writer) transact(items []*item) error {
	durable := false
	for _, it := range items {
		durable = durable || it.durable
	}
	if err := w.open(); err != nil {
		return err
	}
	err := w.transaction(durable, func() error {
		for _, it := range items {
			it.err = nil
			if err := w.write(it); err != nil {
				return err
			}
		}
		reach(items, opBegin, "journal.begin.written")
		return nil
	})
	if err != nil {
		return err
	}
	reach(items, opBegin, "journal.begin.committed")
	reach(items, opStart, "journal.start.committed")
	reach(items, opFinish, "journal.finish.committed")
	return nil
}

// reach marks the place where fault tests stop the agent, if an item is of that
// kind.
func reach(items []*item, o op, name string) {
	if slices.ContainsFunc(items, func(it *item) bool { return it.op == o }) {
		point.Reach(name)
	}
}

// transaction does what f does within one transaction, fsync'd if full.
func (w *writer) transaction(full bool, f func() error) error {
	if err := w.synchronous(full); err != nil {
		return err
	}
	if err := w.st.begin.Exec(); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	w.spans.look()
	err := f()
	if err == nil {
		err = w.numbers.log(w.st)
	}
	if err == nil {
		if err = w.st.commit.Exec(); err != nil {
			err = fmt.Errorf("commit: %w", err)
		}
	}
	if err != nil {
		w.rollback()
		return err
	}
	w.files.commit(full, w.blobs, w.opts.Log)
	w.numbers.commit()
	return nil
}

// synchronous sets whether commits fsync the WAL. SQLite reads the pragma while
// it compiles it and ignores it within a transaction, so it is neither prepared
// nor part of the batch.
func (w *writer) synchronous(full bool) error {
	if full == w.full {
		return nil
	}
	text := "PRAGMA synchronous=NORMAL"
	if full {
		text = "PRAGMA synchronous=FULL"
	}
	if err := w.c.Exec(text); err != nil {
		return fmt.Errorf("set synchronous: %w", err)
	}
	w.full = full
	return nil
}

// rollback ends a failed transaction. SQLite has rolled back by itself after
// some errors; then there is nothing to do, which it calls an error.
func (w *writer) rollback() {
	_ = w.st.rollback.Exec()
	w.facets.reset()
	w.files.reset()
	w.numbers.reset()
}
