package history

func queued(o op, n int) *item {
	it := newItem(o)
	it.copy(numbered(n), 1<<20)
	return it
}
