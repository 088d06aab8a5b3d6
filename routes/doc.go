// Package routes decides what happens to a delivery at home: which route it
// takes, and what that route's handler answers.
//
// [Compile] checks the routes of a configuration and makes a [Table] of them.
// [Table.Choose] asks the routes that fit a delivery, in their order: their check
// of the sender, their events and conditions. It says which of them take the
// delivery, or what the sender is to get instead. For a route that is
// [Table.Plain], [Table.Find] tells the same with no look at the body.
// [Route.ServeAt] runs the route's handlers: forward sends the request to a server,
// script starts a program, respond gives an answer that is configured, and so on.
// It runs on the calling goroutine and always answers the exchange it is given;
// its [Result] says whether to try again. [Route.Plan] tells what it would do, and
// does none of it. [Lint] warns of what is risky.
//
// What comes from a delivery is data. A template's value stays in the one argument,
// variable, field or name in which it stands; where a program would take it for
// code, Compile refuses the route.
//
// When a delivery runs, how many at once, and how often, is decided by the
// caller; [Route.Background], [Route.Parallel], [Route.WhileRunning],
// [Route.AtMostOnce] and [Route.Take] say what the user wants of that.
//
// A request for WebSocket is carried by forward alone. To script and respond it
// is a plain request, whose Upgrade field they leave unanswered, as a server may
// (RFC 9110, section 7.8).
//
// A handler lies in the files of its name: script.go has its settings, and
// scriptrun.go one run of it; so it is with cgi and fastcgi, which share gateway*.go.
// Package process starts their programs and ends them. What a configuration may say
// stands in spec.go and handlerspec.go, and compile.go makes a Table of that.
//
// The package knows no agent and no relay: who took the delivery in, keeps
// its history and logs it is the caller's business. A Table is immutable, but for
// what it counts, and safe for concurrent use; the agent builds a new one for each
// configuration and closes the old one.
package routes
