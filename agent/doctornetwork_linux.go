package agent

// How a person sees what network this machine has.
const (
	showInterfaces = "ip address"
	showRoutes     = "ip route"
)
