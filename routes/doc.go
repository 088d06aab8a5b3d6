// Package routes decides what happens to a delivery at home: which route it
// takes, and what that route's handler answers.
//
// [Compile] checks the routes of a configuration and makes a [Table] of them.
// [Table.Find] picks the first [Route] whose claim and pattern fit a request,
// and [Route.Serve] runs its handler: forward sends the request to a server,
// script starts a program, respond gives a fixed answer. Serve runs on the
// calling goroutine and always answers the exchange it is given.
//
// The package knows no agent and no relay: who took the delivery in, keeps
// its history and logs it is the caller's business. A Table is immutable and
// safe for concurrent use; the agent builds a new one for each configuration
// and closes the old one.
package routes
