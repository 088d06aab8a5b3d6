package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	kardianos "github.com/kardianos/service"
)

// newLaunchd is the service of macOS.
func newLaunchd(o Options) (system, error) {
	l := &launchd{o: o, file: "/Library/LaunchDaemons/" + serviceName + ".plist", domain: "system"}
	if o.Scope == User {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, missing("HOME")
		}
		l.file = filepath.Join(home, "Library", "LaunchAgents", serviceName+".plist")
		l.domain = fmt.Sprintf("gui/%d", os.Getuid())
	}
	var variables []string
	if o.Scope == User {
		variables = chosenFolders(os.Getenv)
	}
	l.text = plist(o, variables)
	library, err := kardianos.New(nil, &kardianos.Config{
		Name: serviceName, DisplayName: "Homehook", Executable: o.Program,
		Option: kardianos.KeyValue{"UserService": o.Scope == User, "LaunchdConfig": l.text},
	})
	if err != nil {
		return nil, err
	}
	l.write, l.prepare = library.Install, l.makeFolders
	return l, nil
}

// chosenFolders are the variables that put a user's files elsewhere than usual.
func chosenFolders(getenv func(string) string) []string {
	if v := getenv(homeVariable); filepath.IsAbs(v) {
		return []string{homeVariable + "=" + v}
	}
	return nil
}

// makeFolders makes the folders of the service, and for the machine's the
// account that they belong to.
func (l *launchd) makeFolders(ctx context.Context) error {
	if l.o.Scope == User {
		return l.o.Paths.Make()
	}
	a, err := l.o.makeAccount(ctx)
	if err != nil {
		return err
	}
	if err := a.own(l.o.Paths); err != nil {
		return err
	}
	// The folder of the socket stays here from one start to the next.
	return a.give(l.o.Paths.Runtime, a.uid, 0o700)
}
