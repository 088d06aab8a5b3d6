package gui

import (
	"homehook/gui/look"
	"homehook/gui/manage"
	"homehook/gui/part"
	"homehook/gui/settings"
)

// entry is one line of the side list: a screen, how it is called, and how it is
// made when it is first shown.
type entry struct {
	name, icon, title string
	open              func(*part.Desk) part.Screen
}

// entries are the screens, in the order of the side list and of their shortcuts.
func entries() []entry {
	return []entry{
		{part.Claims, "claims", look.T("Claims"), manage.NewClaims},
		{part.Credentials, "credentials", look.T("Credentials"), manage.NewCredentials},
		{part.Relays, "relays", look.T("Relays"), manage.NewRelays},
		{part.Settings, "settings", look.T("Settings"), settings.New},
	}
}

// wizard opens the wizard of the first run; nil is none.
var wizard func(*part.Desk)
