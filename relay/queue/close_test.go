package queue

import (
	"errors"
	"io/fs"
	"testing"
)

func TestClosed(t *testing.T) {
	q := openTest(t, Options{})
	it := put(t, q, "garage", 1, 1)[0]
	listed := list(t, q, "garage")[0]
	s := spoolOf(t, q, large(2, inRow))
	check(t, q.Close())
	check(t, q.Close())
	ctx := t.Context()
	_, listErr := q.List(ctx, "garage", 0, 0, 0)
	_, discardErr := q.Discard(ctx, "garage")
	_, bodyErr := q.Body(it)
	for name, err := range map[string]error{
		"Put": q.Put(ctx, numbered("garage", 2), s, Limits{}), "Done": q.Done(ctx, listed), "List": listErr,
		"Discard": discardErr, "Body": bodyErr,
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
	if n, _, _ := q.Count("garage"); n != 1 {
		t.Errorf("it counts %d", n)
	}
	if _, err := q.blobs.Create(); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file after Close: %v", err)
	}
}

// Close writes what is pending.
func TestCloseWritesPending(t *testing.T) {
	q := holding(t)
	result := make(chan error, 3)
	for n := range 3 {
		go func() { result <- q.Put(t.Context(), numbered("garage", n), nil, Limits{}) }()
	}
	wait(t, "the puts are pending", func() bool { return pending(q) == 3 })
	check(t, q.Close())
	for range 3 {
		check(t, <-result)
	}
	q = openAt(t, q.opts.Dir, Options{})
	if got := len(list(t, q, "garage")); got != 3 {
		t.Errorf("%d items", got)
	}
}
