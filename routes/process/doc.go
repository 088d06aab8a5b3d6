// Package process starts a program, watches it, bounds what it uses and ends it
// with everything that it has started.
//
// An [Order] says what is started, and as whom. [Start] starts it as the leader of
// a group of its own (on Windows in a job) with the first of its input in the
// pipe. [Process.Attend] reads what it writes and waits, on the calling goroutine,
// until there is something to decide: an [Event]. Who decides that a program is
// not to go on says so by [Process.Terminate], which it may obey, and
// [Process.End], after which nothing of it is left. In any case one of Reap, Kill
// and End ends the life of a Process; its outputs and its exit stay.
//
// Programs outlive the one that has started them only when that is killed.
// [SweepLeft] and [RemoveLeft] then find, from its successor, the processes and the
// files that are left.
//
// How far all this reaches depends on the system. A kill reaches every process on
// Linux but those that have shed their environment and their parents both, every
// process on Windows, and the process group elsewhere. Limits are set on Linux and
// Windows, accounts of others on Unix.
//
// The package is no shell and no supervisor: it starts one program by its path,
// never starts it again, and looks up and expands nothing. It knows no HTTP, no
// delivery and no route; package routes, which does, is who calls it.
package process
