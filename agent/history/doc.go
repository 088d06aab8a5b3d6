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
// connection that writes. Begin, Start, Finish and Reopen put an item into a
// bounded queue; the writer commits what has gathered in one transaction. All
// but Finish wait for that commit: Finishes gather for Options.Linger, or until
// the next item that somebody waits for takes them along. Each change has a
// number, is told to Options.Changed once it is committed, and can be asked for
// by Changes, over restarts too.
//
// # What a crash can take
//
// Journal first: a delivery whose Begin has returned is in the file's WAL and
// survives kill -9 of the agent. A batch that holds a durable Begin or Start is
// committed with synchronous=FULL: SQLite calls fsync on the WAL (F_FULLFSYNC on
// macOS) before Begin returns, so that the delivery survives a power cut as well.
// One fsync covers the whole batch and every batch before it. Any other batch is
// committed with synchronous=NORMAL, without an fsync of its own; a power cut
// can take what was written since the last checkpoint or durable batch.
//
// A Finish that still lingers in the queue is lost to kill -9: its delivery is
// there with its head, but not its outcome, and Open marks it as interrupted
// unless it was durable.
//
// # What is kept
//
// Options.Redact takes fields out of a record, and Options.Body cuts it, before
// anything is written. A durable delivery is owed an end: until it has one, what
// that has taken is kept apart, encrypted if it was redacted, in a file beside
// the history if it is large, and Original puts it back. Unfinished returns what
// is owed an end, in the order of arrival; no retention deletes it. All else goes
// when it is older than Options.Keep by the clock and by the time of running, or
// to make room. Ids that could come again are remembered for longer.
//
// # Finding
//
// Filters are answered by facets: the combinations of claim, route, state,
// method and status that occur, of which there are few. Each is a range of one
// index. Searches are answered by words in SQLite's FTS5, in a file of its own
// that can be made anew at any time. It is brought up to date in idle moments,
// so that deliveries never wait for it; what it does not hold yet is read. It only
// says where to look: what a search means is decided on the contents.
//
// # One at a time
//
// One Journal at a time may have a file open, because Open takes rows that are
// still running for leftovers of a crash. The agent holds its control socket
// before it opens the journal, which keeps a second agent away.
package history
