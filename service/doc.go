// Package service installs, runs and locates the agent as a service of the
// operating system. This version locates: [Paths] says where configuration,
// state and the control socket of a user's or the system's agent are, and
// makes those folders so that nobody else can reach into them.
//
// The agent, the command line and the desktop app all ask here, so they meet
// at the same socket. The package opens none of the files it names.
package service
