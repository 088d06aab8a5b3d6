package part

import "fyne.io/fyne/v2"

// Keys of what a person prefers of this app, in the preferences of [Desk].App. The
// window follows a change at once, but for the language, which is that of the next
// start.
const (
	PreferTheme    = "theme"    // look.System, look.Light or look.Dark
	PreferScale    = "scale"    // of text, from 0.8 to 2; 0 is 1
	PreferLanguage = "language" // one of look.Languages, "" for that of the desktop
)

// Keys of the kinds of notifications, which are shown unless they are turned off.
const (
	NoticeRoutes   = "notice.routes"   // what routes notify of
	NoticeFailures = "notice.failures" // deliveries that failed for good
	NoticeAway     = "notice.away"     // the agent ended and did not come back
	NoticeSilent   = "notice.silent"   // a claim has become silent, or is so no more
)

// Wants says whether notifications of a kind are shown.
func Wants(p fyne.Preferences, kind string) bool { return p.BoolWithFallback(kind, true) }
