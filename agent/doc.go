// Package agent is the running agent: the program at home that keeps links to
// relays, takes deliveries in, dispatches each to the handler of the route it
// matches, writes them to the history, and answers the control API.
//
// An [Agent] is built from a configuration file, a credential store and a
// journal, and runs until its context ends. It never gives up because the
// network or a relay is missing.
//
// The parts, in the order in which a delivery meets them: a keeper holds the
// links of one claim, as many as their dialect needs (keeper.go, pool.go); the
// inbox takes a request from a link (inbox.go, note.go) and sees that it is for
// the claim and within its limits (admit.go, address.go).
//
// From there two ways lead on. What the relay keeps nothing of passes through:
// it is recorded (recorder.go) and handed to routes on the goroutine of its
// link. All else is written down first (intake.go): in the order of the relay's
// queue (sequence.go), once its sender is checked (verify.go), and only once
// (dedupe.go). Then the relay may forget it, and the executor gives it its turn
// (executor.go, line.go, waiting.go) to be run (run.go, attempt.go), with the
// answer going to a sender who still waits (live.go), and again later if it
// fails (retry.go). What an agent leaves unfinished the next one goes on with
// (resume.go).
//
// What happened goes out as events to whoever listens on the control socket
// (backend.go), by which deliveries are replayed, retried and tried on other
// routes too (replay.go, again.go, routetest.go).
//
// [Examine] goes the way to a relay step by step, without an agent.
//
// The CLI starts agents, in the foreground or as a service. The package knows
// nothing of terminals or windows.
package agent
