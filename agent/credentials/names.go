package credentials

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of a credential.
const (
	maxName   = 64
	maxValue  = 16 << 10
	maxValues = 10
)

// Check says why Set cannot take a value under a name, nil if it can.
func Check(name, value string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	switch {
	case value == "":
		return fmt.Errorf("credential %q: the value is empty", name)
	case len(value) > maxValue:
		return fmt.Errorf("credential %q: the value is longer than 16 KiB", name)
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		return fmt.Errorf("credential %q: the value is not text; store binary secrets in base64", name)
	}
	return nil
}

// CheckName says what is wrong with the name of a credential, nil if nothing
// is: it has 1 to 64 lower-case letters, digits and, behind the first, the
// characters . _ / and -.
func CheckName(name string) error {
	ok := name != "" && len(name) <= maxName
	for i := 0; ok && i < len(name); i++ {
		c := name[i]
		ok = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || i > 0 && strings.IndexByte("._/-", c) >= 0
	}
	if ok {
		return nil
	}
	// The name is not repeated: a value given in its place would be shown.
	return errors.New("a credential's name has 1 to 64 lower-case letters, digits and . _ / - and begins with a letter or digit")
}

// fingerprint tells values apart without showing them.
func fingerprint(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])[60:]
}

// missing is the error for a credential that the store does not have.
func missing(name string) error { return fmt.Errorf("credential %q: %w", name, ErrNotFound) }

// spoiled is the error for a credential whose value cannot be trusted.
func spoiled(name string) error {
	return fmt.Errorf("the credential %q %w; set it again: homehook secret set %s", name, ErrDamaged, name)
}
