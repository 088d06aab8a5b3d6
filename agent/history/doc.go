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
// the writer commits what has gathered in one transaction. Begin waits for that
// commit, Finish does not: Finishes gather for Options.Linger, or until the next
// Begin takes them along.
//
// # What a crash can take
//
// Journal first: a delivery whose Begin has returned is in the file's WAL and
// survives kill -9 of the agent. A batch that holds a durable Begin is committed
// with synchronous=FULL: SQLite calls fsync on the WAL (F_FULLFSYNC on macOS)
// before Begin returns, so that the delivery survives a power cut as well. One
// fsync covers the whole batch and every batch before it. Any other batch is
// committed with synchronous=NORMAL, without an fsync of its own; a power cut
// can take what was written since the last checkpoint or durable batch.
//
// A Finish that still lingers in the queue is lost to kill -9: its delivery is
// there with its head, but not its outcome, and Open marks it as interrupted
// unless it was durable.
//
// One Journal at a time may have a file open, because Open takes rows that are
// still running for leftovers of a crash. The agent holds its control socket
// before it opens the journal, which keeps a second agent away.
package history
