package credentials

import (
	"context"
	"fmt"
)

// prompt is nothing here: who is signed in has his credentials unlocked.
type prompt struct{}

// lookAt has nothing to look at here.
func lookAt(context.Context) error { return nil }

func (prompt) show(context.Context, *ring) error { return nil }

func (prompt) end() {}

// explainHere says what an error of go-keyring means here: a sign-in without a
// Credential Manager, as some services have, does not get one later.
func explainHere(err error) error {
	return fmt.Errorf("%w: %w", errRefused, err)
}
