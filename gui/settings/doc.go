// Package settings is the screen of what a person prefers: how the app looks and
// what it tells, how long the history is kept, the agent's service, and the doctor
// with its remedies.
package settings
