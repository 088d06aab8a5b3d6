package queue

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	q := openTest(t, Options{})
	if err := q.Answers(t.Context()); err != nil {
		t.Error(err)
	}
	// The writer is held up where it looks for what to write.
	q.mu.Lock()
	set(q.ready, true)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var err error
	for err == nil { // until the writer has come to the lock
		err = q.Answers(ctx)
	}
	q.mu.Unlock()
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while it is stuck: %v", err)
	}
	if err := q.Answers(t.Context()); err != nil {
		t.Errorf("when it goes on: %v", err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if err := q.Answers(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("when it is closed: %v", err)
	}
}
