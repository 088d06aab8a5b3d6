package credentials

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// plainName is the file in which the first version kept values in the clear.
const plainName = "credentials.json"

// takenName is that file while it is removed.
const takenName = ".credentials.json.taken"

// maxPlain bounds what is read of it, in bytes.
const maxPlain = 8 << 20

// records are the credentials of the plain file, by name.
type records map[string]record

type record struct {
	Value string    `json:"value"`
	Set   time.Time `json:"set"`
}

// document is the content of the plain file.
type document struct {
	// Version is 1. A file of a later version is left alone.
	Version     int     `json:"version"`
	Credentials records `json:"credentials"`
}

// readPlain reads the plain file; nil when there is none.
func (s *Store) readPlain() (records, error) {
	data, err := readFile(s.plain, maxPlain)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := decodePlain(data)
	if err != nil {
		return nil, fmt.Errorf("%s %w", s.plain, err)
	}
	if all == nil {
		all = records{}
	}
	return all, nil
}

// decodePlain reads the content of the plain file. Its errors repeat nothing of
// it, as those of the JSON decoder would.
func decodePlain(data []byte) (records, error) {
	if len(data) > maxPlain {
		return nil, errors.New("is larger than 8 MiB; restore it from a backup, or move it away and set the credentials anew")
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err == nil && head.Version > 1 {
		return nil, errors.New("was written by a newer version of Homehook; use that one")
	}
	var doc document
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil || doc.Version != 1 || d.More() {
		return nil, errPlain
	}
	for name, r := range doc.Credentials {
		if CheckName(name) != nil || r.Value == "" {
			return nil, errPlain
		}
	}
	return doc.Credentials, nil
}

var errPlain = errors.New("is damaged; restore it from a backup, or move it away and set the credentials anew")

// seal puts the values of the plain file into a draft. What is set later wins: an
// earlier version may have been run in between.
func (all records) seal(d *draft, k *rootKey) {
	for name, r := range all {
		if e, ok := d.entries[name]; ok && !r.Set.After(e.Values[0].Set) {
			continue
		}
		d.put(name, []sealedValue{k.seal(name, r.Value, r.Set, time.Time{})})
	}
}

// inTheClear says what of the plain file is left though its values are sealed.
func (s *Store) inTheClear(sealed *content) error {
	taken := filepath.Join(s.dir, takenName)
	if _, err := os.Lstat(taken); err == nil {
		return fmt.Errorf("%s has credentials in the clear, as an earlier version left them; they are sealed now, so remove it", taken)
	}
	if _, err := os.Lstat(s.plain); err == nil && sealed != nil {
		return fmt.Errorf("%s has credentials in the clear, as an earlier version left them; homehook secret list tells which of them are sealed, and when all are, remove it", s.plain)
	}
	return nil
}

// removePlain removes the plain file, whose values are sealed now. Its name goes
// first, so that nobody reads it half overwritten.
func (s *Store) removePlain() error {
	taken := filepath.Join(s.dir, takenName)
	if err := rename(s.plain, taken); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the credentials are sealed, but their copy in the clear is left: %w; remove %s", err, s.plain)
	}
	if err := shred(taken); err != nil {
		return fmt.Errorf("the credentials are sealed, but their copy in the clear is left: %w", err)
	}
	return nil
}
