// Package wizard is the first run: nine steps from nothing to a webhook that has
// arrived, over the whole window, for somebody who never opens a terminal.
//
// What a step decides is written down when it is confirmed. The wizard may be left
// at any time and opened again: it begins with what there is and edits it, so that
// nothing is there twice.
package wizard
