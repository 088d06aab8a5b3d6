package history

import (
	"log/slog"
	"time"
)

// Options tune a Journal. The zero value works.
type Options struct {
	// Keep is how long a finished delivery stays, by the clock and by the time
	// that journals have had the file open. Default 30 days; negative = for ever.
	Keep time.Duration
	// MaxSize is how large the contents may grow, in bytes, before the oldest
	// finished deliveries go. Default 1 GB; negative = no limit. The file is up
	// to a third larger; its WAL and the index of searches, a third to a half of
	// its size, come on top.
	MaxSize int64
	// Body is how much of a body or an output is kept, in bytes. Default 1 MiB;
	// negative = nothing.
	Body int
	// PruneEvery is the time between two looks at Keep and MaxSize. Default 1 minute.
	PruneEvery time.Duration

	// Linger is how long Finishes gather in the queue, so that one transaction
	// takes many. Default 5 ms; negative = not at all.
	Linger time.Duration
	// QueueItems and QueueBytes bound the queue; Begin and Finish block while it
	// is full. Default 8,192 records and 32 MiB.
	QueueItems int
	QueueBytes int

	// Redact names what is taken out of what is kept, before it is written:
	// header.NAME, query.NAME, form.NAME and json.PATH. Default: nothing.
	Redact []string
	// Seal is the key, of 32 bytes, under which the originals of unfinished
	// deliveries that Redact touches are encrypted. Redact needs it.
	Seal []byte
	// Changed, if set, is told each change once it is committed, in the order of
	// its numbers, from one goroutine. It must not block, nor call the journal.
	Changed func(Change)

	// Log gets a warning when records cannot be written. Default: nowhere.
	Log *slog.Logger
	// Now is the clock of Keep and of records without a time. Default time.Now.
	Now func() time.Time

	// retry is the pause after a failed commit, pragmas are set on the writing
	// connection, since is the clock that nobody sets, shard is how many buckets
	// a part of the index takes, changes how many changes the log keeps. They are
	// for tests.
	retry   time.Duration
	pragmas []string
	since   func() time.Duration
	shard   int64
	changes int64
}

func (o Options) withDefaults() Options {
	fill(&o.Keep, 30*24*time.Hour)
	fill(&o.MaxSize, 1e9)
	fill(&o.Body, 1<<20)
	o.Body = max(o.Body, 0)
	fill(&o.PruneEvery, time.Minute)
	fill(&o.Linger, 5*time.Millisecond)
	fill(&o.QueueItems, 8192)
	fill(&o.QueueBytes, 32<<20)
	fill(&o.retry, time.Second)
	fill(&o.shard, shardBuckets)
	fill(&o.changes, changesKept)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.since == nil {
		o.since = newSince()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// fill sets *v to byDefault when it is zero.
func fill[T int | int64 | time.Duration](v *T, byDefault T) {
	if *v == 0 {
		*v = byDefault
	}
}
