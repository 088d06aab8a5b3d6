//go:build !linux && !windows

package agent

// How a person sees what network this machine has.
const (
	showInterfaces = "ifconfig"
	showRoutes     = "netstat -rn"
)
