// Package activity is the screen of deliveries: a list of all that have arrived,
// live and filtered, beside what is known of the one that is chosen.
//
// Its model knows nothing of widgets. It names rows by their position, however many
// there are, and holds those that are looked at and the newest ones.
package activity
