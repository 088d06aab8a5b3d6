package routes

import "os"

// account is the user that a script runs as: here always the agent's own.
type account struct{}

func lookUpAccount(string) (*account, error) {
	return nil, mistaken("leave user out; a service of that user can run an agent of its own", "scripts run as the agent's user on Windows")
}

func (*account) folder() string                                         { return "" }
func (*account) environment(env []string, _ map[string]string) []string { return env }
func (*account) own(string) error                                       { return nil }

func sharedSpool() string { return os.TempDir() }
