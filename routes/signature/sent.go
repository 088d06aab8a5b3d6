package signature

// sends reports whether a layout carries the secret itself, and no signature made
// with it.
func (s *Scheme) sends(l *layout) bool { return !s.keyless && s.recipeOf(l).signed == "" }

// SendsSecret reports whether messages may carry the secret itself, so that whoever
// reads one has it.
func (s *Scheme) SendsSecret() bool {
	for i := range s.layouts {
		if s.sends(&s.layouts[i]) {
			return true
		}
	}
	return false
}

// SecretFields lists the fields in which messages may carry the secret itself. A body
// that carries it has none.
func (s *Scheme) SecretFields() (names []string) {
	for i := range s.layouts {
		if l := &s.layouts[i]; s.sends(l) && l.custom == nil {
			names = append(names, l.signature)
		}
	}
	return names
}
