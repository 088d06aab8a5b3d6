// Package dbfile keeps one SQLite file safely: it refuses symbolic links and
// loose modes, opens it in WAL mode with fsyncs that count on every system,
// migrates it with a backup beside it, verifies it after an unclean stop, and
// when it is damaged sets it aside, rather than delete it, and copies what can be
// read into a new one.
//
// Beside the file it keeps what belongs to it: [Blobs], a folder of bodies too
// large for rows; [Ballast], room for a full disk; [Lock], against a second
// process.
//
// It is what the queue of the relay and the history of the agent have in common.
// It knows the tables of neither. Connections lie below database/sql, for the one
// goroutine that uses them; where several read, database/sql with [ReaderDSN]
// does.
package dbfile
