package agent

// mayRun reports whether this user may start a program. Access lists say that
// here, and only an attempt shows it.
func mayRun(string) bool { return true }
