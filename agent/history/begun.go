package history

// begunRow is what Finish has to know about the row that Begin wrote.
type begunRow struct {
	seq  int64
	head bool // the row in requests is there, with a head
	body bool // with a body
}

// begunLimit is how many rows begun remembers at least before it forgets the
// oldest.
const begunLimit = 4096

// begun remembers the rows of deliveries that have begun, so that their Finish
// need not look for them. It is a help, not the truth: what it has forgotten is
// looked up in the file. It holds committed rows and those of the transaction
// under way, and only of unfinished deliveries, which no pruning deletes.
type begun struct {
	young, old map[string]begunRow
}

func (b *begun) add(id string, row begunRow) {
	if len(b.young) >= begunLimit {
		b.young, b.old = nil, b.young
	}
	if b.young == nil {
		b.young = make(map[string]begunRow)
	}
	b.young[id] = row
}

// take returns the row and forgets it.
func (b *begun) take(id string) (row begunRow, found bool) {
	if row, found = b.young[id]; found {
		delete(b.young, id)
		return row, true
	}
	if row, found = b.old[id]; found {
		delete(b.old, id)
	}
	return row, found
}

// forget drops what a transaction that failed has added.
func (b *begun) forget(items []*item) {
	for _, it := range items {
		if it.op == opBegin {
			b.take(it.rec.ID)
		}
	}
}
