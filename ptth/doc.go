// Package ptth speaks Reverse HTTP: an agent dials a relay, and from then on the
// relay is the HTTP client and the agent the HTTP server. It has the dialects of
// the field in both roles; docs/protocols.md has their bytes and the choices
// made where the texts are silent.
//
// # The relay's end
//
// A [Carrier] takes one exchange at a time to an agent. There are three: [Link],
// a connection in HTTP/1.1 whose roles have turned (PTTH/1.0, PTTH/0.9, ptth); a
// stream of a connection in HTTP/2 (ptth); and a poll that an agent holds open
// (COMET, ReverseHttp, and PTTH/1.0 parked until its 101). [ParseOffer] reads
// what an upgrade request asks for.
//
// # The agent's end
//
// A [Dialer] finds out what a relay speaks, and gives out an [AgentLink], which
// calls a handler for each request.
//
// # What holds for all
//
// An exchange runs on the goroutine that asks for it, at both ends. Nothing is
// sent ahead of its turn, and no request is sent twice once a byte of it may
// have been seen. Everything a peer sends is bounded in size and time.
//
// The package imports the standard library and http1 only, and knows nothing of
// claims beyond their names.
package ptth
