package history

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	// A writer that is stuck in telling of a change.
	telling, stuck := make(chan struct{}), make(chan struct{})
	j, err := Open(t.Context(), filepath.Join(t.TempDir(), "history.db"), Options{Changed: func(Change) {
		close(telling)
		<-stuck
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Answers(t.Context()); err != nil {
		t.Error(err)
	}
	begun := make(chan error, 1)
	go func() {
		begun <- j.Begin(&Record{Delivery: Delivery{ID: "01910f3e-7a5c-7c3b-9d2e-3f4a5b6c7d8e", Claim: "garage"}}, false)
	}()
	<-telling
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := j.Answers(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while it is stuck: %v", err)
	}
	close(stuck)
	if err := <-begun; err != nil {
		t.Error(err)
	}
	if err := j.Answers(t.Context()); err != nil {
		t.Errorf("when it goes on: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Answers(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("when it is closed: %v", err)
	}
}
