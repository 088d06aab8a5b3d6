// Package dbfile keeps one SQLite file safely: it refuses symbolic links and
// loose modes, opens it in WAL mode with fsyncs that count on every system,
// migrates it with a backup beside it, and sets it aside when it is damaged
// rather than delete it.
//
// It is what the queue of the relay and the history of the agent have in common.
// It knows the tables of neither. Connections lie below database/sql, for the one
// goroutine that writes; readers use database/sql with [ReaderDSN].
package dbfile
