package detail_test

import "testing"

func TestGerman(t *testing.T) {
	s := play(t, household)
	s.Speak("de")
	s.send("/x", "{", "Content-Type", "application/json")
	s.wants(s.written(), "Wiederholen", "Anfrage", "kein gültiges JSON")
}
