package history

import "context"

// Answers returns nil once the goroutine that writes has shown that it goes on,
// or why it does not: ErrClosed, or the error of ctx. That nothing can be written
// at present is no error here; Err says that.
func (j *Journal) Answers(ctx context.Context) error { return j.ask(ctx, j.w.questions) }
