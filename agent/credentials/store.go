package credentials

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Limits of a credential.
const (
	maxName  = 64
	maxValue = 16 << 10
)

// fileName is the store's file in the state folder.
const fileName = "credentials.json"

// ErrNotFound is the error for a credential that the store does not have.
var ErrNotFound = errors.New("no such credential")

// Store is the credentials of one agent. It is safe for concurrent use, by
// several processes too.
type Store struct {
	dir, path string

	mu sync.Mutex
	// kept is what the file held when it was read last, and sum the digest of
	// its text then. The map is never written to again.
	kept records
	sum  [sha256.Size]byte
}

// Info is what may be shown of a credential.
type Info struct {
	Name string
	// Set is when it got its value.
	Set time.Time
	// Fingerprint is the last 4 hexadecimal digits of the value's SHA-256: enough
	// to tell whether two places have the same value, too little to guess it.
	Fingerprint string
}

// Open opens the store in dir, the agent's state folder, which is made if it
// is missing. A store without a file is empty. Folder and file must be the
// caller's own and closed to others.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open credentials: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open credentials: %w", err)
	}
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	s := &Store{dir: dir, path: filepath.Join(dir, fileName)}
	if _, err := s.records(); err != nil {
		return nil, err
	}
	return s, nil
}

// Kind names where the values are kept: "file".
func (s *Store) Kind() string { return "file" }

// Get gives the value of a credential, as it is in the file now. The error
// wraps ErrNotFound when there is none of that name.
func (s *Store) Get(name string) (string, error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	all, err := s.records()
	if err != nil {
		return "", err
	}
	r, ok := all[name]
	if !ok {
		return "", fmt.Errorf("credential %q: %w", name, ErrNotFound)
	}
	return r.Value, nil
}

// Set gives a credential a value, in place of the one it may have. The value
// is text of 1 byte to 16 KiB. It is on disk when Set returns.
func (s *Store) Set(name, value string) error {
	if err := Check(name, value); err != nil {
		return err
	}
	return s.change(func(all records) error {
		all[name] = record{Value: value, Set: time.Now().UTC().Truncate(time.Second)}
		return nil
	})
}

// Remove removes a credential. The error wraps ErrNotFound when there is none
// of that name.
func (s *Store) Remove(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return s.change(func(all records) error {
		if _, ok := all[name]; !ok {
			return fmt.Errorf("credential %q: %w", name, ErrNotFound)
		}
		delete(all, name)
		return nil
	})
}

// List gives what may be shown of all credentials, by name.
func (s *Store) List() ([]Info, error) {
	all, err := s.records()
	if err != nil {
		return nil, err
	}
	list := make([]Info, 0, len(all))
	for name, r := range all {
		list = append(list, Info{Name: name, Set: r.Set, Fingerprint: fingerprint(r.Value)})
	}
	slices.SortFunc(list, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Format keeps the values out of whatever prints a Store.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "credentials in %s", s.path) }

var _ fmt.Formatter = (*Store)(nil)

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
