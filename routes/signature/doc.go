// Package signature checks and makes the signatures of webhooks.
//
// What is known of a sender is a row of one table ([Names] lists them): in
// which fields the signature, the time and the id stand, how the signature is
// written, which text it covers and what its key looks like. One piece of code
// works through every row, in both directions, so that what [Scheme.Sign] makes
// is what [Scheme.Verify] takes.
//
// All of it works on raw bytes: a body that was parsed and written again is
// another body. The package keeps no secrets, reads no clock and opens no
// connection. Package routes verifies with it what comes in; the agent and the
// command line sign with it what is sent again or sent to try things out.
package signature
