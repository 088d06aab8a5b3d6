package credentials

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// keySize is the size of a root key, in bytes.
const keySize = 32

// rootKey seals and opens values: AES-256-GCM with a random nonce each.
type rootKey struct {
	id   string
	aead cipher.AEAD
	mac  []byte             // seals a file as a whole: HMAC-SHA-256
	sign ed25519.PrivateKey // says which root key comes next
}

// newID gives something random that is no secret.
func newID() string {
	b := make([]byte, 8)
	rand.Read(b) // it cannot fail
	return hex.EncodeToString(b)
}

// newSecret gives the bytes of a root key.
func newSecret() []byte {
	b := make([]byte, keySize)
	rand.Read(b) // it cannot fail
	return b
}

func newRootKey(id string, secret []byte) (*rootKey, error) {
	if len(secret) != keySize {
		return nil, errors.New("a root key has 32 bytes")
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("use root key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("use root key: %w", err)
	}
	// Each use has a key of its own. With systemd the same secret serves twice, so
	// that the id is part of it.
	derived := func(use string) []byte {
		mac := hmac.New(sha256.New, secret)
		fmt.Fprintf(mac, "homehook %s 2\n%s", use, id)
		return mac.Sum(nil)
	}
	return &rootKey{id: id, aead: aead, mac: derived("file"), sign: ed25519.NewKeyFromSeed(derived("move"))}, nil
}

// bound is what a sealed value is bound to: with any of it changed, or under
// another name, it does not open.
func (k *rootKey) bound(name string, v sealedValue) []byte {
	until := ""
	if !v.Until.IsZero() {
		until = v.Until.UTC().Format(time.RFC3339)
	}
	// None of these can have a line break, so that no two sets of them are alike.
	return []byte(strings.Join([]string{"homehook credential 2", k.id, name, v.ID, v.Set.UTC().Format(time.RFC3339), until}, "\n"))
}

// seal makes a new value of a credential.
func (k *rootKey) seal(name, value string, set, until time.Time) sealedValue {
	v := sealedValue{ID: newID(), Set: moment(set)}
	if !until.IsZero() {
		v.Until = moment(until)
	}
	v.Sealed = k.aead.Seal(nil, nil, []byte(value), k.bound(name, v))
	return v
}

// open gives the value that was sealed for a credential, or says that it is none.
func (k *rootKey) open(name string, v sealedValue) (string, error) {
	text, err := k.aead.Open(nil, nil, v.Sealed, k.bound(name, v))
	if err != nil {
		return "", spoiled(name)
	}
	return string(text), nil
}

// check makes what tells this root key from a wrong one.
func (k *rootKey) check() []byte { return k.aead.Seal(nil, nil, nil, k.checkBound()) }

// fits says whether this is the root key under which a file is sealed.
func (k *rootKey) fits(h *head) bool {
	_, err := k.aead.Open(nil, nil, h.Check, k.checkBound())
	return err == nil && k.id == h.Key
}

func (k *rootKey) checkBound() []byte { return []byte("homehook root key 2\n" + k.id) }

// moment is a time as it stands in the file.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// secretText is a root key as it is stored outside of the file.
func secretText(secret []byte) string { return base64.StdEncoding.EncodeToString(secret) }

// parseSecret reads a root key: 32 bytes in base64 or hexadecimal digits. As they
// are they would not differ from 32 characters that somebody typed.
func parseSecret(text []byte) ([]byte, error) {
	word := strings.TrimSpace(string(text))
	for _, decode := range []func(string) ([]byte, error){base64.StdEncoding.DecodeString, hex.DecodeString} {
		if secret, err := decode(word); err == nil && len(secret) == keySize {
			return secret, nil
		}
	}
	return nil, errors.New("holds no root key (32 random bytes in base64 or hexadecimal digits)")
}
