// Package manage holds the three screens of what is kept in lists: claims,
// credentials and relays, with the dialogs that add, change and remove them.
package manage
