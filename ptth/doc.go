// Package ptth speaks Reverse HTTP: an agent dials a relay, asks with an
// Upgrade request to turn the roles, and from the 101 on the relay is the HTTP
// client and the agent the HTTP server of that connection, the link.
//
// This version has one dialect, PTTH/1.0 with an immediate 101
// (draft-lentczner-rhttp-00). SPEC.md beside this file has its bytes and what
// Homehook adds by negotiation.
//
// An agent uses [Dialer] and [AgentLink.Serve]. A relay uses [ParseOffer],
// [Accept] and [Link.Do]. One exchange runs on a link at a time, on the
// calling goroutine at both ends; concurrency comes from several links.
// Nothing is sent on a link ahead of its turn, and no request is sent twice
// once a byte of it may have been seen.
//
// The package imports the standard library and http1 only, and knows nothing
// of claims beyond their names.
package ptth
