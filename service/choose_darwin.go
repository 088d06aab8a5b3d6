package service

// systemAccount is the account of the system's service that has none chosen.
// The names of such accounts begin like this here.
const systemAccount = "_homehook"

// newSystem is the service manager of macOS.
func newSystem(o Options) (system, error) { return newLaunchd(o) }
