package agent

// How a person sees what network this machine has.
const (
	showInterfaces = "ipconfig"
	showRoutes     = "route print"
)
