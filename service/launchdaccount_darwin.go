package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// makeAccount finds the account of the machine's service. That of its own it
// makes when there is none; one that was asked for has to be there.
func (o Options) makeAccount(ctx context.Context) (account, error) {
	a, err := lookUp(o.account())
	if !errors.Is(err, fs.ErrNotExist) {
		return a, err
	}
	if o.Account != "" && o.Account != systemAccount {
		return account{}, fmt.Errorf("there is no user %s; make it, or leave --account out for an account of the service's own", o.Account)
	}
	id, err := freeID(ctx)
	if err != nil {
		return account{}, err
	}
	group, user := "/Groups/"+systemAccount, "/Users/"+systemAccount
	for _, c := range [][]string{
		{"-create", group},
		{"-create", group, "PrimaryGroupID", id},
		{"-create", user},
		{"-create", user, "UniqueID", id},
		{"-create", user, "PrimaryGroupID", id},
		{"-create", user, "NFSHomeDirectory", o.Paths.State},
		{"-create", user, "UserShell", "/usr/bin/false"},
		{"-create", user, "RealName", "Homehook"},
		{"-create", user, "IsHidden", "1"},
	} {
		if _, err := command(ctx, "dscl", append([]string{"."}, c...)...); err != nil {
			return account{}, fmt.Errorf("make the account %s: %w", systemAccount, err)
		}
	}
	return lookUp(systemAccount)
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
