package process

// Account is the user that a program runs as: here always that of this process.
type Account struct{}

// LookUpAccount finds no user here. The error is an [*Error].
func LookUpAccount(string) (*Account, error) {
	return nil, &Error{"scripts run as the agent's user on Windows", "leave user out; a service of that user can run an agent of its own"}
}

// Trust are no users.
func (*Account) Trust() []int { return nil }

// Folder is the user's home.
func (*Account) Folder() string { return "" }

// Environment returns env.
func (*Account) Environment(env []string, _ map[string]string) []string { return env }

func (*Account) own(string) error { return nil }
