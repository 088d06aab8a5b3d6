// Package queue keeps the deliveries that the relay has accepted and not yet
// brought home, in one SQLite file and a folder of bodies.
//
// It is the line of each claim: put, list, done. It sends nothing, knows no
// links and decides nothing about answers to senders. Only package relay uses
// it.
//
// # What is promised
//
// A delivery whose Put has returned nil survives kill -9 and a power cut: its
// row is committed in WAL mode with synchronous=FULL, which calls fsync on the
// log (F_FULLFSYNC on macOS). A body above 256 KiB is a file of its own, fsync'd,
// renamed and its folder fsync'd before the row that names it is written. One
// fsync serves all Puts that came while the one before it ran.
//
// Nothing that was put is dropped to make room. Put refuses instead, with a
// *FullError: when the claim's line is full or too old, when the disk is down to
// its reserve, or when the file cannot be written.
//
// Done needs no fsync: a power cut that takes one back has the delivery sent
// home again, where its id is known. Only a body's file goes no earlier than its
// row is gone for good.
//
// Rows and body files have checksums. What is not as it was written is never sent
// as a whole: the item goes to the table lost, with an error in the log, and the
// line goes on behind it.
//
// # When the disk fails
//
// On a full disk the ballast file is deleted, so that Dones can be written, and
// made again when there is room; until then Puts are refused. After any other
// error, of fsync above all, nobody knows what is on the disk. Puts are refused,
// all handles are closed without a last write, and the file is opened, recovered
// from its log and verified before anything else is put into it. A file that is
// damaged is set aside; what can be read of it goes into a new one.
package queue
