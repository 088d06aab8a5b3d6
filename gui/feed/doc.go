// Package feed keeps the desktop app in step with the agent: it follows the
// agent's events, knows what is running, and survives the agent's end and return.
// It is the only part of the app that waits for the agent, always beside the
// goroutine of the user interface, and it knows nothing of windows.
package feed
