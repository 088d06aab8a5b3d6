package history

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// sealKeyBytes is the size of Options.Seal.
const sealKeyBytes = 32

// seal encrypts originals, so that what redaction takes out of the history is
// not in clear on the disk either. What is sealed is a random nonce and the
// ciphertext of AES-256-GCM, bound to the delivery's id and the part's name. A nil
// seal refuses.
type seal struct {
	aead cipher.AEAD
	key  []byte
}

var errNoKey = errors.New("there is no key to seal it with")

func newSeal(key []byte) (*seal, error) {
	if len(key) == 0 {
		return nil, nil
	}
	if len(key) != sealKeyBytes {
		return nil, fmt.Errorf("the key that seals originals has %d bytes, it must have %d", len(key), sealKeyBytes)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &seal{aead, key}, nil
}

// close seals text; nothing stays nothing.
func (s *seal) close(id, part string, text []byte) ([]byte, error) {
	if len(text) == 0 {
		return nil, nil
	}
	if s == nil {
		return nil, errNoKey
	}
	n := s.aead.NonceSize()
	out := make([]byte, n, n+len(text)+s.aead.Overhead())
	rand.Read(out)
	return s.aead.Seal(out, out, text, about(id, part)), nil
}

// open is the reverse of close.
func (s *seal) open(id, part string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	if s == nil {
		return nil, errNoKey
	}
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("it is cut off")
	}
	return s.aead.Open(nil, sealed[:n], sealed[n:], about(id, part))
}

// about is what a sealed part is bound to. An id holds no zero byte.
func about(id, part string) []byte { return []byte(id + "\x00" + part) }
