package credentials

import "fmt"

// explainHere says what an error of go-keyring means here: a sign-in without a
// Credential Manager, as some services have, does not get one later.
func explainHere(err error) error {
	return fmt.Errorf("%w: %w", errRefused, err)
}
