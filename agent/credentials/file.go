package credentials

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"time"
)

// maxFile bounds what is read as a store, in bytes.
const maxFile = 8 << 20

// lockWait is how long a change waits for another process to finish its own.
const lockWait = 5 * time.Second

// errLocked says that another process holds the lock.
var errLocked = errors.New("locked")

// records are credentials by name.
type records map[string]record

type record struct {
	Value string    `json:"value"`
	Set   time.Time `json:"set"`
}

// document is the content of the file.
type document struct {
	// Version is 1. A file of a later version is left alone.
	Version     int     `json:"version"`
	Credentials records `json:"credentials"`
}

// records gives the content of the file. It is read each time, which takes
// microseconds: time and size of a file do not tell for sure that it is still
// the same. The text is decoded only if it has changed.
func (s *Store) records() (records, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := openFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	sum := sha256.Sum256(data)
	if s.kept != nil && sum == s.sum {
		return s.kept, nil
	}
	all, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s %w", s.path, err)
	}
	s.kept, s.sum = all, sum
	return all, nil
}

// change has edit change a copy of the credentials and writes the result,
// while no other process changes them.
func (s *Store) change(edit func(records) error) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := checkFolder(s.dir); err != nil {
		return err
	}
	now, err := s.records()
	if err != nil {
		return err
	}
	next := make(records, len(now)+1)
	maps.Copy(next, now)
	if err := edit(next); err != nil {
		return err
	}
	data, err := encode(next)
	if err != nil {
		return err
	}
	return s.replace(data)
}

// lock waits for the right to change the file.
func (s *Store) lock() (unlock func(), err error) {
	deadline := time.Now().Add(lockWait)
	for {
		unlock, err := tryLock(s.path + ".lock")
		if err == nil {
			return unlock, nil
		}
		if !errors.Is(err, errLocked) {
			return nil, fmt.Errorf("lock credentials: %w", err)
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("another program is changing %s; try again", s.path)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// replace puts data in the place of the file, whole or not at all.
func (s *Store) replace(data []byte) (err error) {
	tmp, err := os.CreateTemp(s.dir, "."+fileName+".*.tmp") // 0600
	if err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(data); err == nil {
		err = tmp.Sync()
	}
	if err == nil {
		err = tmp.Close()
	}
	if err == nil {
		err = rename(tmp.Name(), s.path)
	}
	if err == nil {
		err = syncFolder(s.dir)
	}
	if err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	return nil
}

// encode gives the content of the file.
func encode(all records) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document{Version: 1, Credentials: all}); err != nil {
		return nil, fmt.Errorf("write credentials: %w", err)
	}
	if b.Len() > maxFile {
		return nil, errors.New("the credentials take more than 8 MiB; remove some")
	}
	return b.Bytes(), nil
}

// decode reads the content of the file. Its errors repeat nothing of it, as
// those of the JSON decoder would.
func decode(data []byte) (records, error) {
	if len(data) > maxFile {
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
		return nil, errDamaged
	}
	for name, r := range doc.Credentials {
		if CheckName(name) != nil || r.Value == "" {
			return nil, errDamaged
		}
	}
	return doc.Credentials, nil
}

var errDamaged = errors.New("is damaged; restore it from a backup, or move it away and set the credentials anew")
