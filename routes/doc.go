// Package routes decides what happens to a delivery at home: which route it
// takes, and what that route's handler answers.
//
// [Compile] checks the routes of a configuration and makes a [Table] of them.
// [Table.Find] picks the first [Route] whose claim and pattern fit a request,
// [Route.Verify] checks who sent it, and [Route.Serve] runs the route's handler:
// forward sends the request to a server, script starts a program, respond gives
// a fixed answer. Serve runs on the calling goroutine and always answers the
// exchange it is given; its [Result] says whether to try again. [Route.Plan]
// tells what Serve would do, and does none of it.
//
// When a delivery runs, how many at once, and how often, is decided by the
// caller; [Route.Background], [Route.Parallel], [Route.WhileRunning] and
// [Route.AtMostOnce] say what the user wants of that.
//
// A request for WebSocket is carried by forward alone. To script and respond it
// is a plain request, whose Upgrade field they leave unanswered, as a server may
// (RFC 9110, section 7.8).
//
// The package knows no agent and no relay: who took the delivery in, keeps
// its history and logs it is the caller's business. A Table is immutable and
// safe for concurrent use; the agent builds a new one for each configuration
// and closes the old one.
package routes
