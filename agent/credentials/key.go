package credentials

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// keyFileName is the root key's file in the state folder.
	keyFileName = "root.key"
	// systemdName is the name under which systemd hands over the root key.
	systemdName = "homehook-root-key"
)

// errGone says that a place does not have the root key that is looked for.
var errGone = errors.New("not there")

// hold keeps a root key for the values to come.
func (s *Store) hold(k *rootKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holdLocked(k)
}

func (s *Store) holdLocked(k *rootKey) {
	if s.checked != nil && s.checked.head.Key != k.id {
		s.checked = nil
	}
	s.key, s.refused, s.refusedID = k, nil, ""
	s.news()
}

// news wakes those who wait for the root key.
func (s *Store) news() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// keyOf gives the root key of a file. A keyring is not waited for: somebody else
// asks it, and until he has an answer the error wraps ErrLocked.
func (s *Store) keyOf(c *content) (*rootKey, error) {
	if c.head == nil {
		return nil, s.errHead()
	}
	s.mu.Lock()
	k, known, err := s.knownLocked(c)
	if known || err != nil {
		s.mu.Unlock()
		return k, err
	}
	if c.head.Place == PlacePassphrase {
		s.mu.Unlock()
		return s.deriveKey(c)
	}
	defer s.mu.Unlock()
	secret, err := s.secretOf(c.head)
	return s.useLocked(c, secret, err)
}

// knownLocked gives the root key that is in use, or why none can be had at once.
func (s *Store) knownLocked(c *content) (k *rootKey, known bool, err error) {
	h := c.head
	if s.key != nil && s.key.id == h.Key {
		return s.key, true, nil
	}
	if _, err := s.followLocked(c); err != nil {
		return nil, false, err
	}
	if h.Place == PlaceKeyring {
		return nil, false, s.awaitLocked(h.Key)
	}
	if s.refusedID == h.Key && h.Place == PlacePassphrase {
		return nil, false, s.refused // to try it again takes long, and ends alike
	}
	return nil, false, nil
}

// useLocked goes on with what was found for the root key of a file.
func (s *Store) useLocked(c *content, secret []byte, err error) (*rootKey, error) {
	if err != nil {
		return nil, s.unusable(c.head, err)
	}
	k, err := s.accept(c.head, secret)
	if err == nil {
		err = s.takeLocked(c, k)
	}
	if err != nil {
		s.refused, s.refusedID = err, c.head.Key
		return nil, err
	}
	return k, nil
}

// deriveKey makes the root key of the passphrase. Who needs another one is not
// held up by it, and it is made once for all who need this one.
func (s *Store) deriveKey(c *content) (*rootKey, error) {
	s.deriving.Lock()
	defer s.deriving.Unlock()
	s.mu.Lock()
	k, known, err := s.knownLocked(c)
	phrase := s.phrase
	s.mu.Unlock()
	if known || err != nil {
		return k, err
	}
	var secret []byte
	if phrase == nil {
		err = errGone
	} else {
		secret, err = c.head.derive(*phrase)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.useLocked(c, secret, err)
}

// secretOf reads the root key of a file from where it can be had at once.
func (s *Store) secretOf(h *head) ([]byte, error) {
	switch h.Place {
	case PlaceFile:
		return s.readKeyFile()
	case PlaceSystemd:
		return systemdSecret()
	}
	return nil, fmt.Errorf("%s says that its root key is in the place %q, which this version does not know", s.path, h.Place)
}

// accept takes a secret for the root key of a file, if it is.
func (s *Store) accept(h *head, secret []byte) (*rootKey, error) {
	k, err := newRootKey(h.Key, secret)
	if err == nil && k.fits(h) {
		return k, nil
	}
	if h.Place == PlacePassphrase {
		return nil, fmt.Errorf("%w %s; try again with the right one. Only if nobody knows that any more: %s", ErrWrongPassphrase, s.path, anew(h.Place))
	}
	return nil, fmt.Errorf("the root key %s is not that of %s; bring the right one back, or %s", s.whereKey(h.Place), s.path, anew(h.Place))
}

// unusable says what to do about a root key that cannot be had.
func (s *Store) unusable(h *head, err error) error {
	if !errors.Is(err, errGone) {
		return err
	}
	switch h.Place {
	case PlaceSystemd:
		return fmt.Errorf("systemd hands over no root key for %s ($CREDENTIALS_DIRECTORY/%s), as it does only to the service: start that with homehook service start, and look at the LoadCredential lines of its unit if it says so too",
			s.path, systemdName)
	case PlacePassphrase:
		return fmt.Errorf("the root key of %s %w; stop the agent and start it with: homehook run --passphrase-stdin; or, as for a service, which nobody can give one, keep the root key elsewhere: homehook secret store file", s.path, ErrNoPassphrase)
	}
	return fmt.Errorf("the root key of %s is not %s; bring it back, or %s", s.path, s.whereKey(h.Place), anew(h.Place))
}

// errHead is the error for a file of which neither head can be read.
func (s *Store) errHead() error {
	return fmt.Errorf("%s %w: it no longer says where its root key is; restore it from a backup, or %s", s.path, ErrDamaged, anew(PlaceFile))
}

// anew says how to go on without a root key.
func anew(at Place) string {
	return fmt.Sprintf("begin anew with: homehook secret store %s --anew; the secrets must then be entered again", at)
}

// whereKey says in words where a root key is.
func (s *Store) whereKey(at Place) string {
	switch at {
	case PlaceKeyring:
		return "in the keyring"
	case PlaceSystemd:
		return "that systemd hands over"
	}
	return "in " + s.keyFile()
}

func (s *Store) keyFile() string { return filepath.Join(s.dir, keyFileName) }

// readKeyFile reads the root key that is beside the sealed file. It must be closed
// to others as that file is.
func (s *Store) readKeyFile() ([]byte, error) {
	text, err := readFile(s.keyFile(), 1<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	secret, err := parseSecret(text)
	if err != nil {
		return nil, fmt.Errorf("%s %w; restore it from a backup, or %s", s.keyFile(), err, anew(PlaceFile))
	}
	return secret, nil
}

// systemdSecret reads the root key that systemd hands to the service.
func systemdSecret() ([]byte, error) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return nil, errGone
	}
	path := filepath.Join(dir, systemdName)
	text, err := readHanded(path, 1<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	secret, err := parseSecret(text)
	if err != nil {
		return nil, fmt.Errorf("%s %w; make one with: head -c 32 /dev/urandom | base64 | systemd-creds encrypt --name=%s - FILE", path, err, systemdName)
	}
	return secret, nil
}

// made is a root key that was made for a file to be written.
type made struct {
	head *head
	key  *rootKey
	undo func() // takes it away again
}

// makeFirst makes the root key of a store that has none, at the first place that
// can be had.
func (s *Store) makeFirst(ctx context.Context) (*made, error) {
	s.mu.Lock()
	first, phrase, waits := s.place, s.phrase, s.refusedFirst
	s.wanted = true
	s.mu.Unlock()
	if first == PlaceKeyring && waits != nil {
		return nil, waits // somebody asks it all the time
	}
	places := s.opts.New
	for i, at := range places {
		if at == first {
			places = places[i:]
			break
		}
	}
	if len(places) == 0 || places[0] != first {
		places = []Place{first} // as chosen by Move
	}
	var why error
	for _, at := range places {
		m, err := s.makeAt(ctx, at, phrase, true)
		if err == nil {
			return m, nil
		}
		if errors.Is(err, ErrLocked) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.refusedFirst = err
			s.keepLocked()
			return nil, err
		}
		if why == nil {
			why = err
		} else {
			why = fmt.Errorf("%w; %w", why, err)
		}
		if !errors.Is(err, errAbsent) {
			break
		}
	}
	return nil, why
}

// makeAt makes a root key at a place. A key file that is there already is used, if
// keep is set: it is left from a file that somebody may bring back.
func (s *Store) makeAt(ctx context.Context, at Place, phrase *string, keep bool) (*made, error) {
	h := &head{Key: newID(), Version: format, Place: at}
	undo := func() {}
	var secret []byte
	var err error
	switch at {
	case PlaceKeyring:
		secret = newSecret()
		err = s.ring.put(ctx, h.Key, secret)
		undo = func() { s.ring.remove(context.WithoutCancel(ctx), h.Key) }
	case PlaceFile:
		secret, undo, err = s.makeKeyFile(keep)
	case PlaceSystemd:
		secret, err = systemdSecret()
		if errors.Is(err, errGone) {
			err = fmt.Errorf("%w: $CREDENTIALS_DIRECTORY has no %s; add it to the service with LoadCredentialEncrypted=%s:FILE", errAbsent, systemdName, systemdName)
		}
	case PlacePassphrase:
		if phrase == nil {
			err = fmt.Errorf("%w: no passphrase was given; give one with --passphrase-stdin", errAbsent)
			break
		}
		spent := usual
		h.Salt, h.Cost = newSecret()[:16], &spent
		secret, err = h.derive(*phrase)
	default:
		return nil, fmt.Errorf("there is no place %q for the root key; it can be in: keyring, systemd, file, passphrase", at)
	}
	if errors.Is(err, ErrLocked) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("keep root key in %s: %w", at, err)
	}
	k, err := newRootKey(h.Key, secret)
	if err != nil {
		return nil, err
	}
	h.Check = k.check()
	h.Sum = h.sum()
	return &made{head: h, key: k, undo: undo}, nil
}

// makeKeyFile makes the file of a root key.
func (s *Store) makeKeyFile(keep bool) (secret []byte, undo func(), err error) {
	if keep {
		secret, err := s.readKeyFile()
		if !errors.Is(err, errGone) {
			return secret, func() {}, err
		}
	}
	secret = newSecret()
	undo = func() { shred(s.keyFile()) }
	if err = replaceFile(s.keyFile(), []byte(secretText(secret)+"\n")); errors.Is(err, errPlaced) {
		undo() // nothing is sealed under it yet
	}
	return secret, undo, err
}

// giveUp takes away a root key that was made for a file, unless that file may be in
// place in spite of the error: then it is all that opens it.
func (s *Store) giveUp(m *made) {
	c, err := s.readSealed()
	if err == nil && (c == nil || c.head != nil && c.head.Key != m.head.Key) {
		m.undo()
	}
}
