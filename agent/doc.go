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
// inbox takes a request from a link (inbox.go), sees that it is for the claim
// and within its limits (admit.go, address.go), records it (recorder.go) and
// hands it to routes; what happened goes out as events to whoever listens on
// the control socket (backend.go).
//
// [Examine] goes the way to a relay step by step, without an agent.
//
// The CLI starts agents, in the foreground or as a service. The package knows
// nothing of terminals or windows.
package agent
