package routes

import (
	"errors"
	"fmt"
	"strings"

	"homehook/routes/process"
)

// ApproveCommand is the command line that approves the programs of a route as
// they are now.
func ApproveCommand(route string) string {
	special := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("'\"\\$`*?;&|<>(){}[]#~!", r) }
	if route == "" || route[0] == '-' || strings.ContainsFunc(route, special) {
		route = "'" + strings.ReplaceAll(route, "'", `'\''`) + "'"
	}
	return "homehook route approve " + route
}

// unapproved adds to the error of a program that is not the one that was approved
// how it is approved again.
func unapproved(err error, route string) error {
	if !errors.Is(err, process.ErrChanged) {
		return err
	}
	return fmt.Errorf("%w; look at it, then run: %s", err, ApproveCommand(route))
}
