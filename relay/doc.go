// Package relay is the public server of Homehook. Agents dial it and turn
// their connections into links; senders' requests for a claimed name travel
// down a link of that name, and the answer comes back the same way.
//
// A [Relay] is opened with [New] on a data folder and run with [Relay.Serve]
// on a listener. The command homehook-relay does that, and homehook try does
// it inside one process.
//
// One goroutine carries a request from its sender to the link and the answer
// back. Bodies stream. What the sender wrote is passed on as it came: the
// relay cuts out what belongs to the connection and what only a relay may
// say, and adds where the request came from.
//
// # What lies where
//
// The store keeps tokens and claims in SQLite; the directory keeps them in
// memory beside each claim's links, so that no request waits for the disk.
// The directory notices within a second what another process, such as
// "homehook-relay token revoke", has changed in the store.
//
// # What the package is not
//
// It does not store deliveries: the only answer mode is "through", in which
// the sender gets the home's own answer, or 503 when the home is away. It
// does not know routes or handlers, and imports nothing of the agent.
package relay
