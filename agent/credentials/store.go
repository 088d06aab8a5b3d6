package credentials

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
)

// sealedName is the store's file in the state folder.
const sealedName = "secrets.sealed"

// ErrNotFound is the error for a credential that the store does not have.
var ErrNotFound = errors.New("no such credential")

var (
	errClosed   = errors.New("the credentials are closed")
	errReadOnly = errors.New("the credentials are open for reading only")
)

// Store is the credentials of one agent. It is safe for concurrent use, by
// several processes too.
type Store struct {
	dir   string
	path  string // of the sealed file
	plain string // of the file of the first version
	opts  Options
	ring  ring

	// base ends with Close; keepers counts what it then waits for.
	base    context.Context
	end     context.CancelFunc
	keepers sync.WaitGroup

	// deriving is held while a root key is made of the passphrase, which takes long.
	deriving sync.Mutex

	mu sync.Mutex // guards what follows, and is never held while a keyring is asked
	// kept is what the sealed file held when it was read last, and text its text.
	kept *content
	text []byte
	// key is the root key that was used last.
	key *rootKey
	// checked is the content whose seal was found right last.
	checked *content
	// place is where the root key of a store without a file will be.
	place Place
	// phrase is the passphrase, where one was asked for.
	phrase *string
	// refused is why the root key of the file with the id refusedID cannot be had.
	refused   error
	refusedID string
	// refusedFirst is why the first root key of a store without a file cannot be
	// made yet, and wanted that somebody has a value for it.
	refusedFirst error
	wanted       bool
	// keeping says that somebody waits for the keyring; changed is closed when he
	// has news.
	keeping bool
	changed chan struct{}
}

// Info is what may be shown of a credential.
type Info struct {
	Name string
	// Set is when it got its value.
	Set time.Time
	// Fingerprint is the last 4 hexadecimal digits of the value's SHA-256: enough
	// to tell whether two places have the same value, too little to guess it. It is
	// empty while the value cannot be read.
	Fingerprint string
	// Values are all that are valid now, newest first: Set and Fingerprint are
	// those of the first.
	Values []Value
	// Damaged says that the value is spoiled and must be set again.
	Damaged bool
}

// Value is what may be shown of one value of a credential.
type Value struct {
	Set time.Time
	// Until is when it stops being valid; zero if it is removed by hand only.
	Until time.Time
	// Fingerprint is empty while the value cannot be read.
	Fingerprint string
}

// view is what the files of a store say now.
type view struct {
	sealed *content // nil: there is no sealed file
	plain  records  // nil: there is no plain file
}

// view reads the files. They are read each time, which takes microseconds: time and
// size of a file do not tell for sure that it is still the same.
func (s *Store) view() (view, error) {
	for last := false; ; last = true {
		sealed, err := s.readSealed()
		if err != nil {
			return view{}, err
		}
		plain, err := s.readPlain()
		if sealed != nil && err != nil {
			return view{sealed: sealed}, nil // it stays as it is, and Damage tells of it
		}
		// Another process may have sealed the plain file between the two looks.
		if sealed == nil && (plain == nil || err != nil) && !last {
			continue
		}
		return view{sealed, plain}, err
	}
}

// readSealed reads the sealed file; nil when there is none. The text is decoded
// only if it has changed. One at a time reads it: who came late with an older text
// would take the newer one for the past.
func (s *Store) readSealed() (*content, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := readFile(s.path, maxSealed)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if s.kept != nil && bytes.Equal(data, s.text) {
		return s.kept, nil
	}
	c, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s %w", s.path, err)
	}
	if c.head != nil && s.checked != nil && c.head.Key == s.checked.head.Key {
		c.after = s.checked.seal.Count
	}
	s.kept, s.text = c, data
	return c, nil
}

// Get gives the newest value of a credential, as it is in the file now. The error
// wraps ErrNotFound when there is none of that name, ErrLocked while the root key
// has to be waited for, and ErrDamaged when the value is spoiled.
func (s *Store) Get(name string) (string, error) {
	values, err := s.values(name, 1)
	if err != nil {
		return "", err
	}
	return values[0], nil
}

// All gives the values of a credential that are valid now, newest first. Errors
// are those of Get.
func (s *Store) All(name string) ([]string, error) { return s.values(name, maxValues) }

// values gives up to n values of a credential.
func (s *Store) values(name string, n int) ([]string, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	v, err := s.view()
	if err != nil {
		return nil, err
	}
	if v.sealed == nil {
		r, ok := v.plain[name]
		if !ok {
			return nil, missing(name)
		}
		return []string{r.Value}, nil
	}
	e, err := s.entry(v.sealed, name)
	if err != nil {
		return nil, cmp.Or(s.changedBy(v.sealed), err)
	}
	k, err := s.rootOf(v.sealed)
	if err != nil {
		return nil, fmt.Errorf("credential %q: %w", name, err)
	}
	return k.openAll(e, n, time.Now())
}

// entry finds a credential in the sealed file.
func (s *Store) entry(c *content, name string) (entry, error) {
	e, ok := c.entries[name]
	switch {
	case ok:
		return e, nil
	case c.lost[name]:
		return e, spoiled(name)
	case !c.intact():
		return e, fmt.Errorf("%w; %s is damaged and may have held it: set it again with: homehook secret set %s", missing(name), s.path, name)
	}
	return e, missing(name)
}

// openAll opens up to n values of an entry that are valid, newest first. One at
// least is: the newest has no end, and where it seems to have one it is gone.
func (k *rootKey) openAll(e entry, n int, now time.Time) ([]string, error) {
	var values []string
	for _, v := range e.Values {
		if len(values) == n {
			break
		}
		if !v.valid(now) {
			continue
		}
		value, err := k.open(e.Name, v)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	if len(values) == 0 {
		return nil, spoiled(e.Name)
	}
	return values, nil
}

// List gives what may be shown of all credentials, by name. It needs no root key;
// without it there are no fingerprints.
func (s *Store) List() ([]Info, error) {
	v, err := s.view()
	if err != nil {
		return nil, err
	}
	var list []Info
	if v.sealed == nil {
		for name, r := range v.plain {
			list = append(list, infoOf(name, []Value{{Set: r.Set, Fingerprint: fingerprint(r.Value)}}))
		}
	} else {
		k, _ := s.rootOf(v.sealed) // nil: without fingerprints
		for name, e := range v.sealed.entries {
			list = append(list, k.show(name, e))
		}
		for name := range v.sealed.lost {
			list = append(list, Info{Name: name, Damaged: true})
		}
	}
	slices.SortFunc(list, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// show gives what may be shown of an entry. The root key may be nil.
func (k *rootKey) show(name string, e entry) Info {
	var values []Value
	damaged := false
	for _, v := range e.Values {
		if !v.valid(time.Now()) {
			continue
		}
		shown := Value{Set: v.Set, Until: v.Until}
		if k != nil {
			value, err := k.open(name, v)
			if err == nil {
				shown.Fingerprint = fingerprint(value)
			}
			damaged = damaged || err != nil
		}
		values = append(values, shown)
	}
	if len(values) == 0 {
		return Info{Name: name, Damaged: true}
	}
	info := infoOf(name, values)
	info.Damaged = damaged
	return info
}

func infoOf(name string, values []Value) Info {
	return Info{Name: name, Set: values[0].Set, Fingerprint: values[0].Fingerprint, Values: values}
}

// Damage says what of the sealed file is spoiled, nil if nothing is, and what is
// left in the clear. It needs no root key; with it the error may wrap ErrChanged,
// otherwise it wraps ErrDamaged where the sealed file is meant.
func (s *Store) Damage() error {
	c, err := s.readSealed()
	if err != nil {
		return err
	}
	switch {
	case c == nil:
	case c.head == nil:
		return s.errHead()
	case s.changedBy(c) != nil:
		return s.changedBy(c)
	case len(c.lost) > 0:
		return fmt.Errorf("%s %w: set these credentials again with homehook secret set: %s", s.path, ErrDamaged, strings.Join(c.lostNames(), ", "))
	case !c.intact():
		return fmt.Errorf("%s %w: it is not as it was written, and a credential may be missing; compare with: homehook secret list", s.path, ErrDamaged)
	}
	if _, err := s.readPlain(); err != nil { // the sealed file is read in its stead
		return fmt.Errorf("left by an earlier version: %w", err)
	}
	return s.inTheClear(c)
}

// Format keeps the values out of whatever prints a Store.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "credentials in %s", s.path) }

var _ fmt.Formatter = (*Store)(nil)
