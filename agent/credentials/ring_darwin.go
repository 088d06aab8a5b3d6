package credentials

import (
	"errors"
	"fmt"
	"os/exec"
)

// interactionNotAllowed is the low byte of errSecInteractionNotAllowed, with which
// the system's tool ends where nobody can be asked.
const interactionNotAllowed = 36

// explainHere says what an error of go-keyring means here. Where nobody was asked,
// the keychain is tried again; who has said no is not asked again.
func explainHere(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == interactionNotAllowed {
		return fmt.Errorf("%w: it is locked, and nobody is signed in to unlock it", ErrLocked)
	}
	return fmt.Errorf("%w: %w", errRefused, err)
}
