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
// Which routes take it is found out by its path alone where that is enough, and
// else once its body is there (choose.go): who has sent it, what it is about and
// what is in it.
//
// From there two ways lead on. What the relay keeps nothing of passes through:
// it is recorded (recorder.go) and handed to routes on the goroutine of its
// link, or, where they look into it, with its body in memory (through.go). All
// else is written down first (intake.go): in the order of the relay's queue
// (sequence.go, order.go), and only once (dedupe.go). Then the relay may forget
// it, and the executor gives it its turn (executor.go, line.go, waiting.go), by
// the rate of its route (rate.go), to be run (prepare.go, run.go): each handler
// that it is owed by itself (step.go, attempt.go), with the answer of the first
// going to a sender who still waits (live.go), and again later if it fails
// (retry.go). What an agent leaves unfinished the next one goes on with
// (resume.go).
//
// Handlers ask the agent for credentials, and to show notifications (host.go).
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
