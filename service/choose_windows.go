package service

// systemAccount is the account of the system's service that has none chosen.
// The system makes it for this service alone. It has no password and belongs to no
// group that could change the system.
const systemAccount = `NT SERVICE\homehook`

// newSystem is the service control manager for the machine, and the task scheduler
// for a user, since services cannot run as one without the password.
func newSystem(o Options) (system, error) {
	if o.Scope == System {
		return newSCM(o)
	}
	return newTask(o)
}
