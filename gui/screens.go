package gui

import (
	"homehook/gui/activity"
	"homehook/gui/look"
	"homehook/gui/manage"
	"homehook/gui/part"
	"homehook/gui/routing"
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
		{part.Activity, "activity", look.T("Activity"), activity.New},
		{part.Claims, "claims", look.T("Claims"), manage.NewClaims},
		{part.Routes, "routes", look.T("Routes"), routing.New},
		{part.Credentials, "credentials", look.T("Credentials"), manage.NewCredentials},
		{part.Relays, "relays", look.T("Relays"), manage.NewRelays},
		{part.Settings, "settings", look.T("Settings"), settings.New},
	}
}
