// Package gui is the desktop app around its screens: the window with its side list
// and status line, the icon in the tray, notifications, shortcuts, and the rule that
// a user has one such app at a time.
//
// All of it belongs to the goroutine of the user interface, but for what says
// otherwise. The screens themselves are packages of their own.
package gui
