package service

// newSystem is the service manager, or for a user the task scheduler.
func newSystem(o Options) (system, error) { return newWindows(o) }
