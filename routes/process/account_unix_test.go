//go:build unix

package process

import (
	"errors"
	"slices"
	"testing"
)

func TestLookUpAccount(t *testing.T) {
	a, err := LookUpAccount("no-such-user")
	if why, ok := errors.AsType[*Error](err); a != nil || !ok || why.Remedy == "" {
		t.Errorf("got %+v, %v", a, err)
	}
}

// TestAccountEnvironment has nothing in it that tells of another user, but what
// was set on purpose.
func TestAccountEnvironment(t *testing.T) {
	a := &Account{name: "jo", home: "/no/such/folder"}
	env := []string{"PATH=/bin", "HOME=/root", "USER=root", "SHELL=/bin/zsh", "TMPDIR=/root/tmp", "LOGNAME=set"}
	got := a.Environment(env, map[string]string{"LOGNAME": "set"})
	if want := []string{"PATH=/bin", "LOGNAME=set", "HOME=/", "USER=jo"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
