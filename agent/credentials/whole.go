package credentials

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrChanged is the error for a sealed file that is whole, but was not written by
// a program that had the root key: one with an old record put back, say, or one
// sealed under another root key. Nothing of it is used.
var ErrChanged = errors.New("was changed by something else than Homehook")

// maxLinks bounds how many moves of the root key a file remembers.
const maxLinks = 32

// fileSeal is the record that holds a file together. Values are sealed each by
// itself, which does not keep anybody from putting back an old one.
type fileSeal struct {
	Seal  []byte `json:"seal"`  // over all records, with this field empty
	Count uint64 `json:"count"` // of changes: a file put back has a lower one
	// Links are the last moves of the root key, oldest first.
	Links []link `json:"links,omitempty"`
	Sum   string `json:"sum"`
}

// link says that who had one root key has made another in its place: a store that
// is open follows such links only.
type link struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Public []byte `json:"public"` // what the links from To are checked with
	Signed []byte `json:"signed"` // by From
}

func (f fileSeal) sum() string {
	f.Sum = ""
	return checksum(f)
}

// text is what is signed of a link.
func (l link) text() []byte {
	return fmt.Appendf(nil, "homehook root key moved 2\n%s\n%s\n%x", l.From, l.To, l.Public)
}

// public is what the links from a root key are checked with.
func (k *rootKey) public() ed25519.PublicKey { return k.sign.Public().(ed25519.PublicKey) }

// link says that a root key takes the place of this one.
func (k *rootKey) link(to *rootKey) link {
	l := link{From: k.id, To: to.id, Public: to.public()}
	l.Signed = ed25519.Sign(k.sign, l.text())
	return l
}

// follow goes from a root key along the links to the one with an id, and returns
// what that one must have for public.
func (f *fileSeal) follow(from *rootKey, id string) (ed25519.PublicKey, bool) {
	at, public := from.id, from.public()
	if f != nil {
		for _, l := range f.Links {
			if at != id && l.From == at && len(l.Public) == ed25519.PublicKeySize && ed25519.Verify(public, l.text(), l.Signed) {
				at, public = l.To, l.Public
			}
		}
	}
	return public, at == id
}

// tag is the seal of a file under a root key.
func (c *content) tag(k *rootKey) ([]byte, error) {
	bare, record := *c, *c.seal
	record.Seal, record.Sum = nil, ""
	bare.seal = &record
	text, err := bare.encode()
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, k.mac)
	mac.Write(text)
	return mac.Sum(nil), nil
}

// sealUnder seals a file as a whole.
func (c *content) sealUnder(k *rootKey, count uint64, links []link) error {
	c.seal = &fileSeal{Count: count, Links: links[max(0, len(links)-maxLinks):]}
	tag, err := c.tag(k)
	if err != nil {
		return err
	}
	c.seal.Seal = tag
	c.seal.Sum = c.seal.sum()
	return nil
}

// intact says that a file is as some program wrote it. Which one, the seal tells.
func (c *content) intact() bool { return c.whole && c.seal != nil }

// rootOf gives the root key of a file that was written under it. Errors are those
// of keyOf, and ErrChanged. A damaged file has no seal that could be right; what
// can be read of it is not refused for that, see Damage.
func (s *Store) rootOf(c *content) (*rootKey, error) {
	k, err := s.keyOf(c)
	if err != nil || !c.intact() {
		return k, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.checked == c {
		return k, nil
	}
	switch tag, err := c.tag(k); {
	case err != nil:
		return nil, err
	case !hmac.Equal(tag, c.seal.Seal):
		return nil, fmt.Errorf("%s %w: its records are not those that were written together; restore it from a backup, or %s", s.path, ErrChanged, anew(c.head.Place))
	case c.seal.Count < c.after:
		return nil, fmt.Errorf("%s %w: it is an older one than was here; if you have restored it from a backup, start Homehook again, or else %s", s.path, ErrChanged, anew(c.head.Place))
	}
	s.checked = c
	return k, nil
}

// changedBy says that a file is not to be used: the error wraps ErrChanged. It is nil
// where the root key would have to be there to tell.
func (s *Store) changedBy(c *content) error {
	if _, err := s.rootOf(c); errors.Is(err, ErrChanged) {
		return err
	}
	return nil
}

// followLocked says whether a file may be sealed under the root key that it names:
// the one in use, or one made by who had that.
func (s *Store) followLocked(c *content) (public ed25519.PublicKey, err error) {
	if s.key == nil {
		return nil, nil // the first one that is seen is believed
	}
	public, ok := c.seal.follow(s.key, c.head.Key)
	if !ok {
		return nil, fmt.Errorf("%s %w: it is sealed under another root key (%s), made by something that did not have the one in use; if you have restored or begun it anew, start Homehook again, or else bring the right file back",
			s.path, ErrChanged, c.head.Place)
	}
	return public, nil
}

// takeLocked goes on with the root key of a file.
func (s *Store) takeLocked(c *content, k *rootKey) error {
	public, err := s.followLocked(c)
	if err == nil && public != nil && !bytes.Equal(public, k.public()) {
		err = fmt.Errorf("%s %w: its root key is not the one that was made for it; bring the right file back, or %s", s.path, ErrChanged, anew(c.head.Place))
	}
	if err != nil {
		return err
	}
	s.holdLocked(k)
	return nil
}

// sealWhole seals a draft as a whole, as the one that comes after what is there.
func (s *Store) sealWhole(d *draft, v view) error {
	k, err := d.root()
	if err != nil {
		return err
	}
	var count uint64
	s.mu.Lock()
	before := s.key
	if s.checked != nil {
		count = s.checked.seal.Count
	}
	s.mu.Unlock()
	var links []link
	if v.sealed != nil && v.sealed.seal != nil {
		count = max(count, v.sealed.seal.Count)
		links = append(links, v.sealed.seal.Links...)
	}
	if before != nil && before.id != k.id {
		links = append(links, before.link(k))
	}
	return d.sealUnder(k, count+1, links)
}
