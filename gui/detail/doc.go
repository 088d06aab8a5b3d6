// Package detail shows everything that is kept of one delivery, and does with it
// what a person may want: replay, edit, retry, export, copy. It is a pane beside
// the list of a screen, which tells it what to show and passes it keys.
package detail
