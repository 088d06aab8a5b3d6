package control

// playRole has no roles here: they are for tests with a second uid.
func playRole(string, []string) int { return 2 }
