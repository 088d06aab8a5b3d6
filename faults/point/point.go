//go:build !faults

// Package point names the places where a crash would hurt most, so that fault
// tests can stop a program right there. In a build without the tag "faults" it
// does nothing and costs nothing.
package point

// AckEarly, in a build with the tag "ackearly" only, makes the queue of the relay
// report deliveries as kept before they are: a fault that the fault tests have to
// find.
const AckEarly = ackEarly

// Reach marks that the program has come to the place of that name.
func Reach(string) {}
