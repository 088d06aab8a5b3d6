package service

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// systemctl runs systemd's own command for the manager of a scope, and gives
// what it prints. Times are in UTC, words in English.
func systemctl(ctx context.Context, scope Scope, args ...string) (string, error) {
	if scope == User {
		args = append([]string{"--user"}, args...)
	}
	return command(ctx, "systemctl", args...)
}

// errNoManager is the error for a user who has no systemd of their own now.
var errNoManager = errors.New("systemd runs nothing for this user now, who has not signed in but was become with su or sudo")

// reachUserManager makes the user's manager known to systemctl, which finds it
// by the environment alone: that of cron or of su does not say.
func reachUserManager() error {
	if os.Getenv("XDG_RUNTIME_DIR") != "" {
		return nil
	}
	dir := runtimeFolder()
	if dir == "" {
		return fmt.Errorf("%w; %s", errNoManager, wake())
	}
	return os.Setenv("XDG_RUNTIME_DIR", dir)
}

// wake says how a user comes to have a manager.
func wake() string {
	return "sign in as the user, or let the user's services run always: sudo loginctl enable-linger " + userName()
}
