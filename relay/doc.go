// Package relay is the public server of Homehook. Agents dial it and turn
// their connections into links; senders' requests for a claimed name travel
// down a link of that name, and the answer comes back the same way.
//
// A [Relay] is opened with [New] on a data folder and run with [Relay.Serve]
// on a listener. The command homehook-relay does that, and homehook try does
// it inside one process.
//
// What the sender wrote is passed on as it came: the relay cuts out what belongs
// to the connection and what only a relay may say, and adds where the request came
// from.
//
// # Answer modes
//
// In the mode "through" one goroutine carries a request from its sender to the
// link and the answer back, bodies stream, and nothing is stored: the sender gets
// 503 when the home is away. In "hold" the body is read whole, and a courier, which
// is a goroutine with a copy of the request, takes it home; the sender's goroutine
// waits for it no longer than the hold time, then puts the delivery into the queue
// (package queue) and answers 202. In "store" it does so at once.
//
// What is in the queue goes home by the claim's line, in order: see [line]. A
// delivery leaves the queue only when an agent of ours has said that it keeps it,
// or another one has answered. While home is away the relay answers the challenges
// of some senders itself, which must not get 202.
//
// Both ways meet in the parcel: it writes requests to links, whether a sender waits
// or not.
//
// # What lies where
//
// The store keeps tokens and claims in SQLite; the directory keeps them in
// memory beside each claim's links, so that no request waits for the disk.
// The directory notices within a second what another process, such as
// "homehook-relay token revoke", has changed in the store.
//
// # What passes, and what does not
//
// Fields and bodies are end to end: their order and case, repeated fields,
// content codings, ranges, conditions, cookies and credentials are nobody's
// business here. What belongs to a connection ends at the relay, which frames
// every message anew; trailer fields reach senders that say "TE: trailers".
// TRACE and CONNECT are refused. Of all switches of protocol only that to
// WebSocket is passed on, to a link that can carry it: it takes up the link, so
// that tunnels may hold half of a claim's links, each until an hour has passed in
// which it carried nothing, and ends with the relay.
//
// In path mode all claims share one host and one origin. So the path of a cookie
// is put below the claim's own there, one for a whole domain is dropped, and an
// answer that browsers take for a document, or have to guess at,
// gets "Content-Security-Policy: sandbox" with scripts, forms, popups and
// downloads allowed: it runs, but as a document of no origin, which reads
// nothing of its neighbours. The field stands beside a policy of the home's own,
// since browsers apply both; an exception for homes that send one would be the
// way out for exactly those that the sandbox is meant for. Applications that
// need an origin of their own are reached in host mode, where cookies and
// documents pass untouched but for cookies that name the relay's own domain.
//
// The relay's own refusals are problem documents (RFC 9457) for clients that
// ask for JSON, and a line of text for all others.
//
// # What the package is not
//
// It does not know routes or handlers, and imports nothing of the agent. It
// verifies no signatures but those of Discord, and those only where home cannot.
package relay
