package history

import "sync"

// queue is what stands between callers and the writer. It is bounded; put
// blocks while it is full. Safe for concurrent use; one goroutine takes.
type queue struct {
	maxItems, maxBytes int

	// ready holds a token while there is something to take or the queue is
	// closed; hurry while the taker should not linger. Capacity 1 each, a second
	// token is dropped.
	ready, hurry chan struct{}

	mu     sync.Mutex // guards what follows
	room   *sync.Cond // told whenever items were taken, and at close
	items  []*item    // from head on
	head   int
	bytes  int
	waited int  // the items whose callers wait
	busy   bool // the taker has items that it has not settled
	closed bool
}

func newQueue(maxItems, maxBytes int) *queue {
	q := &queue{
		maxItems: maxItems, maxBytes: maxBytes,
		ready: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
	}
	q.room = sync.NewCond(&q.mu)
	return q
}

// put adds the item. It blocks while the queue is full, except for a flush,
// which carries nothing.
func (q *queue) put(it *item) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && q.full() && it.op != opFlush {
		q.room.Wait()
	}
	if q.closed {
		return ErrClosed
	}
	q.items = append(q.items, it)
	q.bytes += it.size()
	if it.waited() {
		q.waited++
	}
	q.signal()
	return nil
}

func (q *queue) full() bool { return q.len() >= q.maxItems || q.bytes >= q.maxBytes }

func (q *queue) len() int { return len(q.items) - q.head }

// urgent says that somebody waits, or that there is enough for a batch.
func (q *queue) urgent() bool {
	return q.waited > 0 || q.closed ||
		q.len() > min(batchItems, q.maxItems/2) || q.bytes > min(batchBytes, q.maxBytes/2)
}

// signal makes the tokens say how the queue is now.
func (q *queue) signal() {
	set(q.ready, q.len() > 0 || q.closed)
	set(q.hurry, q.urgent())
}

// take moves the oldest items to batch until that holds limit items or bytes,
// but at least one. Once last is true nothing follows.
func (q *queue) take(batch []*item, limit, bytes int) (_ []*item, last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.head < len(q.items) && len(batch) < limit && bytes > 0 {
		it := q.items[q.head]
		q.items[q.head] = nil
		q.head++
		if it.waited() {
			q.waited--
		}
		n := it.size()
		q.bytes -= n
		bytes -= n
		batch = append(batch, it)
	}
	if q.head == len(q.items) || q.head > q.maxItems {
		// Moved down, so that a queue that never runs empty does not grow.
		q.items, q.head = q.items[:copy(q.items, q.items[q.head:])], 0
	}
	q.busy = len(batch) > 0
	q.signal()
	q.room.Broadcast()
	return batch, q.closed && !q.busy
}

// done says that what was taken is committed or given up.
func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy = false
}

// occupied says that there is something to take.
func (q *queue) occupied() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.len() > 0
}

// settled says that everything put so far is committed or given up.
func (q *queue) settled() (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false, ErrClosed
	}
	return !q.busy && q.len() == 0, nil
}

// close refuses further items and lets go of callers that wait for room.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
	q.room.Broadcast()
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
