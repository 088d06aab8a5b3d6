// Package part holds what the screens of the desktop app are made of: the desk
// that each gets of its window, and widgets that more than one screen uses.
//
// Widgets say what a person wants, by functions that their screen sets; they ask
// the agent nothing and change nothing by themselves.
package part
