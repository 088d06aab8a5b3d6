// Package http1 reads and writes HTTP/1.1 messages on the wire: one strict,
// lean implementation for every hop of a delivery (RFC 9110, RFC 9112).
//
// A message head is one buffer with offsets into it. It is checked once, when
// it is read, and then forwarded as the bytes that came: order, case and
// spacing of fields survive, which signatures over them need. A hop cuts out
// what belongs to the last connection and adds its own fields (see
// [Writer.CopyFields]). Bodies stream through pooled buffers.
//
// # Strictness
//
// The reader refuses what intermediaries have been fooled with: a bare LF, a
// folded line, space before a colon, Content-Length beside Transfer-Encoding,
// any transfer coding but a single "chunked", control bytes, a Connection
// field that names an end-to-end field. It is never more lenient than
// net/http; the fuzz tests hold the two against each other. Responses may end
// lines with LF and lack a reason phrase, because small servers do so.
//
// # Roles
//
// A [Conn] plays either role. As a server, [Conn.Serve] reads one request
// after another and calls a function with an [Exchange]; the public edge of
// the relay and the agent's end of a link are such loops. As a client, a
// caller writes a request with [Conn.Writer] and reads the answer with
// [Conn.ReadResponse]; the relay's end of a link and the forward handler do
// that. Everything runs on the calling goroutine, and no type here may be
// used by two goroutines at once, but for one that writes a request while
// another reads its response.
//
// The package knows nothing of links, claims or routes, and imports the
// standard library only.
package http1
