package routing

import "homehook/gui/part"

// Template opens the dialog of the templates.
func Template(s part.Screen) { s.(*screen).fromTemplate("") }
