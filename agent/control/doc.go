// Package control is the control API of the agent: the JSON types, the server
// the agent runs, and the client that the command line and the desktop app
// share. It is HTTP/1.1 over a unix socket, or a named pipe on Windows; there
// is no TCP port.
//
// Who may ask is decided by the operating system, not by a password: the
// socket is 0600 in a 0700 folder (the pipe has an owner-only access list), and
// on every connection both ends look up which user is at the other end. Requests
// a web page could cause are refused too: a Host other than "homehook", or an
// Origin, Referer or Sec-Fetch-Site header of any value, gets 403.
//
// The package knows no relay, no route and no history: the agent implements
// [Backend] and embeds a [Hub], from which the events of GET /v1/events come.
// Nothing here gives a credential's value back; it can only be set or removed.
//
// Errors on the wire are RFC 9457 problem documents, see [Problem].
package control
