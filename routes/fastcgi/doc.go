// Package fastcgi is the side of a web server in FastCGI 1.0: it sends requests
// to a responder and reads what it answers. A [Conn] is one connection with one
// request at a time, as all known servers and responders do it; a [Pool] opens
// connections to a responder and keeps those that may be used again.
//
// The package knows the protocol only. Which parameters a responder gets, and
// what becomes of the CGI answer in its output, is the caller's business. The
// roles authorizer and filter, and several requests on one connection, are not
// implemented: hardly any responder has them.
package fastcgi
