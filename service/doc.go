// Package service runs the agent as a service of the operating system: systemd,
// OpenRC, SysV's init, launchd, the service control manager or a task of Windows.
//
// [Service] installs, starts, stops and describes it, one for each user or one
// for the machine; [Run] is what the agent runs in when a service manager has
// started it, with the log where the system has it. [Paths] says where
// configuration, state and the control socket of a user's or the system's agent
// are, and makes those folders so that nobody else can reach into them: the agent,
// the command line and the desktop app all ask here, so they meet at one socket.
//
// It is no service manager itself, but where the system has none that starts a
// crashed agent again ([Supervise]). It knows nothing of deliveries.
package service
