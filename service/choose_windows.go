package service

// systemAccount is the account of the system's service that has none chosen.
// The system makes it for this service alone. It has no password and belongs to no
// group that could change the system.
const systemAccount = `NT SERVICE\homehook`

// newSystem is the service manager, or for a user the task scheduler.
func newSystem(o Options) (system, error) { return newWindows(o) }
