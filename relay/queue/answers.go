package queue

import "context"

// Answers returns nil once the goroutine that writes has shown that it goes on, or
// why it does not: [ErrClosed], or the error of ctx. That nothing can be written at
// present is no error here.
func (q *Queue) Answers(ctx context.Context) error {
	reply := make(chan struct{}, 1)
	select {
	case q.w.questions <- reply:
		<-reply
		return nil
	case <-q.w.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}
