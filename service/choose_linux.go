package service

import "os"

// systemAccount is the account of the system's service that has none chosen.
const systemAccount = "homehook"

// newSystem is the service manager that runs this machine.
func newSystem(o Options) (system, error) {
	switch {
	case exists("/run/systemd/system"):
		return newSystemd(o)
	case exists("/run/openrc"):
		return newOpenRC(o)
	default:
		return newSysV(o)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
