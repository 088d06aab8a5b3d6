// Package history is the agent's journal: every delivery that reached home, the
// request as it came, and the attempts that handlers made, in one SQLite file.
//
// It is the ledger, the search and the retention. It is not the queue of the
// relay, decides nothing about routes and sends nothing anywhere. Only package
// agent uses it; GUI and CLI see its records through the control API.
//
// # Writing
//
// A Journal owns one goroutine, the writer, and the writer alone owns the
// connection that writes. Begin and Finish copy a record into a bounded queue;
// the writer commits what has gathered in one transaction. A Begin and the
// Finish of the same delivery that meet in the queue become plain INSERTs,
// without an UPDATE.
//
// # What a crash can take
//
// The file is in WAL mode. A batch that holds a durable Begin is committed with
// synchronous=FULL: SQLite calls fsync on the WAL (F_FULLFSYNC on macOS) before
// Begin returns, so the delivery survives kill -9 and a power cut. One fsync
// covers the whole batch and every batch before it. A batch without a durable
// Begin is committed with synchronous=NORMAL, without an fsync of its own: it
// survives kill -9 once committed; a power cut can take what was written since
// the last checkpoint or durable batch. Records that nobody waits for may stay
// in the queue for Options.Linger; kill -9 loses those.
//
// One Journal at a time may have a file open, because Open takes rows that are
// still running for leftovers of a crash. The agent holds its control socket
// before it opens the journal, which keeps a second agent away.
package history
