// Package export writes deliveries of the history in formats that other
// programs read: HTTP Archives for browsers and proxies, command lines for a
// shell, JSON lines for scripts and CSV for spreadsheets.
//
// What is exported was written by strangers and is opened by programs that
// trust it. So nothing in it can end a cell, start a formula, leave its quotes
// in a shell or add a line; and unless somebody asks for them, secrets stay
// behind. Access logs in the Combined Log Format are made where they are asked
// for, from package http1.
//
// The package reads no history: the agent hands it records, in the form in
// which the control API shows them.
package export
