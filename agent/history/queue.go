package history

import "sync"

// queue is what stands between callers and the writer. It is bounded; put
// blocks while it is full. Safe for concurrent use; one goroutine takes.
type queue struct {
	maxItems, maxBytes int

	// ready holds a token when there is something to take or the queue is
	// closed; hurry when the taker should not linger. Capacity 1 each, a second
	// token is dropped.
	ready, hurry chan struct{}

	mu     sync.Mutex // guards what follows
	room   *sync.Cond // told whenever items were taken, and at close
	items  []*item    // from head on
	head   int
	bytes  int
	begun  map[string]*item // the Begins in items, by id
	busy   bool             // the taker has items that it has not settled
	closed bool
}

func newQueue(maxItems, maxBytes int) *queue {
	q := &queue{
		maxItems: maxItems, maxBytes: maxBytes,
		ready: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		begun: make(map[string]*item),
	}
	q.room = sync.NewCond(&q.mu)
	return q
}

// put adds the item, or joins a Finish to its Begin. It blocks while the queue
// is full, except for a flush, which carries nothing.
func (q *queue) put(it *item) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && q.full() && it.op != opFlush {
		q.room.Wait()
	}
	if q.closed {
		return ErrClosed
	}
	switch b := q.begun[it.rec.ID]; {
	case it.op == opBegin && b != nil:
		return ErrExists
	case it.op == opBegin:
		q.begun[it.rec.ID] = it
	case it.op == opFinish && b != nil && b.finish == nil:
		b.finish = it
		q.bytes += it.size()
		return nil
	}
	q.items = append(q.items, it)
	q.bytes += it.size()
	signal(q.ready)
	if it.waited() || 2*len(q.items[q.head:]) > q.maxItems || 2*q.bytes > q.maxBytes {
		signal(q.hurry)
	}
	return nil
}

func (q *queue) full() bool {
	return len(q.items)-q.head >= q.maxItems || q.bytes >= q.maxBytes
}

// take moves the oldest items to batch until that holds limit items or bytes,
// but at least one. An empty batch means that the queue is empty; what the
// taker took before counts as settled. Once last is true nothing follows.
func (q *queue) take(batch []*item, limit, bytes int) (_ []*item, last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.head < len(q.items) && len(batch) < limit && bytes > 0 {
		it := q.items[q.head]
		q.items[q.head] = nil
		q.head++
		n := it.size()
		if it.op == opBegin {
			delete(q.begun, it.rec.ID)
			if it.finish != nil {
				n += it.finish.size()
			}
		}
		q.bytes -= n
		bytes -= n
		batch = append(batch, it)
	}
	if q.head == len(q.items) || q.head > q.maxItems {
		// Moved down, so that a queue that never runs empty does not grow.
		q.items, q.head = q.items[:copy(q.items, q.items[q.head:])], 0
	}
	q.busy = len(batch) > 0
	q.room.Broadcast()
	return batch, q.closed && !q.busy
}

// settled says that everything put so far is committed or given up.
func (q *queue) settled() (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false, ErrClosed
	}
	return !q.busy && q.head == len(q.items), nil
}

// close refuses further items and lets go of callers that wait for room.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.room.Broadcast()
	signal(q.ready)
	signal(q.hurry)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
