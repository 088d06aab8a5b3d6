package service

// newSystem is the service manager of macOS.
func newSystem(o Options) (system, error) { return newLaunchd(o) }
