package history

import (
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
	err := w.c.Transact(full, func() error {
		w.spans.look()
		if err := f(); err != nil {
			return err
		}
		return w.numbers.log(w.st)
	})
	if err != nil {
		w.facets.reset()
		w.files.reset()
		w.numbers.reset()
		return err
	}
	w.files.commit(full, w.blobs, w.opts.Log)
	w.numbers.commit()
	return nil
}
