package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// addAccount makes the account of the service's own.
func addAccount(ctx context.Context, home string) error {
	id, err := freeID(ctx)
	if err != nil {
		return err
	}
	group, user := "/Groups/"+systemAccount, "/Users/"+systemAccount
	for _, c := range [][]string{
		{"-create", group},
		{"-create", group, "PrimaryGroupID", id},
		{"-create", user},
		{"-create", user, "UniqueID", id},
		{"-create", user, "PrimaryGroupID", id},
		{"-create", user, "NFSHomeDirectory", home},
		{"-create", user, "UserShell", "/usr/bin/false"},
		{"-create", user, "RealName", "Homehook"},
		{"-create", user, "IsHidden", "1"},
	} {
		if _, err := command(ctx, "dscl", append([]string{"."}, c...)...); err != nil {
			return err
		}
	}
	return nil
}

// freeID is a number that neither a user nor a group has, from those that are
// for accounts of services.
func freeID(ctx context.Context) (string, error) {
	var taken []string
	for _, c := range [][]string{{"/Users", "UniqueID"}, {"/Groups", "PrimaryGroupID"}} {
		out, err := command(ctx, "dscl", ".", "-list", c[0], c[1])
		if err != nil {
			return "", fmt.Errorf("list accounts: %w", err)
		}
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); len(f) > 1 {
				taken = append(taken, f[len(f)-1])
			}
		}
	}
	for id := 399; id > 300; id-- {
		if s := strconv.Itoa(id); !slices.Contains(taken, s) {
			return s, nil
		}
	}
	return "", errors.New("no number is free for an account of the service's own; choose one with --account")
}
