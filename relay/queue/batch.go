package queue

// A batch is at most this large: a Put waits for one batch before it and for
// its own.
const (
	batchOps   = 512
	batchBytes = 1 << 20
)

// batch is what the writer puts into one transaction.
type batch struct {
	ops     []*op // puts and dones
	puts    int
	bytes   int64 // of their weights
	files   bool  // a done has a body's file to delete, or something to keep
	discard *op   // what comes after them, if it is one
}

// durable says that the batch needs an fsync: for its puts, or because a file
// may go only when its row is gone for good.
func (b *batch) durable() bool { return b.puts > 0 || b.files }

func (b *batch) add(o *op) {
	b.ops = append(b.ops, o)
	b.bytes += o.weight()
	switch o.kind {
	case opPut:
		b.puts++
	case opDone:
		b.files = b.files || o.lost != "" || o.it.file != ""
	}
}

// putBefore puts ops of earlier batches before those of this one.
func (b *batch) putBefore(ops []*op) {
	if len(ops) == 0 {
		return
	}
	all := append(ops[:len(ops):len(ops)], b.ops...)
	*b = batch{discard: b.discard}
	for _, o := range all {
		b.add(o)
	}
}

// split makes two batches of one: the puts and the dones.
func (b *batch) split() (puts, dones *batch) {
	puts, dones = &batch{}, &batch{}
	for _, o := range b.ops {
		if o.kind == opPut {
			puts.add(o)
		} else {
			dones.add(o)
		}
	}
	return puts, dones
}

// signalLocked makes the tokens say how the pending ops are now.
func (q *Queue) signalLocked() {
	// In this order, so that who finds something ready does not find an old hurry.
	set(q.hurry, q.closed || q.puts == 0 || q.puts >= q.expect)
	set(q.ready, len(q.ops) > 0 || q.closed)
}

// set puts a token into c or takes it out. The taker may have it already.
func set(c chan struct{}, full bool) {
	if full {
		select {
		case c <- struct{}{}:
		default:
		}
		return
	}
	select {
	case <-c:
	default:
	}
}

// take moves the oldest ops into a batch. Once last is true nothing follows.
func (q *Queue) take() (b *batch, last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b = &batch{}
	n := 0
	for n < len(q.ops) && len(b.ops) < batchOps && b.bytes < batchBytes && b.discard == nil {
		o := q.ops[n]
		q.ops[n] = nil
		n++
		switch {
		case o.void:
		case o.kind == opDiscard:
			b.discard = o
		default:
			if o.kind == opPut {
				q.puts--
				o.it.state = writing
			}
			b.add(o)
		}
	}
	// What is left moves down, so that a list that never runs empty does not grow.
	left := copy(q.ops, q.ops[n:])
	clear(q.ops[left:])
	q.ops = q.ops[:left]
	q.signalLocked()
	return b, q.closed && left == 0
}

// settle records what a committed batch has changed, and tells who waits for it.
func (q *Queue) settle(b *batch, firsts map[string]first, synced bool) {
	q.mu.Lock()
	for _, o := range b.ops {
		if o.kind == opPut {
			q.putLocked(o)
		} else {
			q.doneLocked(o)
		}
	}
	for claim, f := range firsts {
		q.leftLocked(claim, f.left, f.bytes, f.received)
	}
	if b.puts > 0 {
		q.expect = b.puts // as many again are about to come
	}
	q.countLocked(synced)
	q.mu.Unlock()
	for _, o := range b.ops {
		o.answer(nil)
	}
}

func (q *Queue) countLocked(synced bool) {
	q.stats.Commits++
	if synced {
		q.stats.Syncs++
	}
}

func (q *Queue) putLocked(o *op) {
	it := o.it
	it.Seq, it.put = o.seq, nil
	o.release()
	q.stats.Puts++
	if o.blob != nil {
		q.stats.Files++
	}
	q.arrivedLocked(it.Claim, it.bytes(), it.Received)
	if it.state == over { // done meanwhile; that comes next
		q.gone[it.Seq] = struct{}{}
		return
	}
	it.state = kept
	if it.Attempts != o.attempts {
		q.tried[it.Seq] = it.Attempts
	}
}

func (q *Queue) doneLocked(o *op) {
	delete(q.gone, o.seq)
	delete(q.tried, o.seq)
	switch {
	case o.found && o.lost != "":
		q.stats.Lost++
	case o.found:
		q.stats.Dones++
	}
}

// refuse ends the puts of a batch that could not be written because of full, and
// tells the callers of its dones, which the writer remembers.
func (q *Queue) refuse(b *batch, full *FullError) {
	q.mu.Lock()
	for _, o := range b.ops {
		if o.kind != opPut {
			continue
		}
		q.releaseLocked(o.it.Claim, o.it.bytes())
		o.it.put = nil
		if o.it.state == over {
			o.answer(nil) // done meanwhile: nothing had to be written
			continue
		}
		o.it.state = fresh
		q.stats.Refused++
	}
	q.mu.Unlock()
	for _, o := range b.ops {
		o.answer(full)
	}
}
