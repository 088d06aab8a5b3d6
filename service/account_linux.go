package service

import (
	"context"
	"os/exec"
)

// addAccount makes the account of the service's own.
func addAccount(ctx context.Context, home string) error {
	commands := [][]string{{
		"useradd", "--system", "--user-group", "--no-create-home", "--home-dir", home,
		"--shell", "/usr/sbin/nologin", "--comment", "Homehook", systemAccount,
	}}
	if _, err := exec.LookPath("useradd"); err != nil { // as where BusyBox has the tools
		commands = [][]string{
			{"addgroup", "-S", systemAccount},
			{"adduser", "-S", "-D", "-H", "-h", home, "-s", "/sbin/nologin", "-g", "Homehook", "-G", systemAccount, systemAccount},
		}
	}
	for _, c := range commands {
		if _, err := command(ctx, c[0], c[1:]...); err != nil {
			return err
		}
	}
	return nil
}
