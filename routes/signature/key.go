package signature

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
)

// signer checks and makes signatures with one key. The text comes in pieces.
type signer interface {
	// check takes a time that does not depend on the signatures but for their
	// number and length.
	check(text [][]byte, signatures [][]byte) bool
	sign(text [][]byte) ([]byte, error)
}

var (
	_ signer = (*macKey)(nil)
	_ signer = (*edKey)(nil)
	_ signer = token(nil)
	_ signer = digest(nil)
)

// macKey is a secret that both sides have.
type macKey struct {
	hash   func() hash.Hash
	secret []byte
}

func (k *macKey) sum(text [][]byte) []byte {
	m := hmac.New(k.hash, k.secret)
	for _, piece := range text {
		m.Write(piece)
	}
	return m.Sum(nil)
}

func (k *macKey) check(text, signatures [][]byte) bool {
	want, found := k.sum(text), 0
	for _, s := range signatures {
		found |= subtle.ConstantTimeCompare(want, s)
	}
	return found == 1
}

func (k *macKey) sign(text [][]byte) ([]byte, error) { return k.sum(text), nil }

// hmacKey reads a secret that is the key as it stands, for signatures whose
// tag names the hash.
func hmacKey(tag string, secret []byte) (signer, error) { return &macKey{hashes[tag], secret}, nil }

// versioned is hmacKey for signatures whose tag is a version.
func versioned(h func() hash.Hash) func(string, []byte) (signer, error) {
	return func(_ string, secret []byte) (signer, error) { return &macKey{h, secret}, nil }
}

// edKey is a key pair's public half, or both.
type edKey struct {
	public  ed25519.PublicKey
	private ed25519.PrivateKey // nil where only the sender has it
}

func (k *edKey) check(text, signatures [][]byte) bool {
	whole, found := bytes.Join(text, nil), false
	for _, s := range signatures {
		found = len(s) == ed25519.SignatureSize && ed25519.Verify(k.public, whole, s) || found
	}
	return found
}

var errNoPrivateKey = errors.New("only the sender can sign: what a receiver has is its public key")

func (k *edKey) sign(text [][]byte) ([]byte, error) {
	if k.private == nil {
		return nil, errNoPrivateKey
	}
	return ed25519.Sign(k.private, bytes.Join(text, nil)), nil
}

// edKeyOf makes a key of 32 bytes, a public key, or of 64, a private key with
// its public half behind it.
func edKeyOf(b []byte, private bool) (signer, error) {
	switch {
	case !private && len(b) == ed25519.PublicKeySize:
		return &edKey{public: b}, nil
	case private && len(b) == ed25519.PrivateKeySize:
		k := ed25519.NewKeyFromSeed(b[:ed25519.SeedSize])
		if !bytes.Equal(k, b) {
			return nil, failf(StepSecret, "the two halves of the private key do not belong together")
		}
		return &edKey{k.Public().(ed25519.PublicKey), k}, nil
	}
	return nil, failf(StepSecret, "the key has %d bytes, which no Ed25519 key has", len(b))
}

// ed25519Key reads a key in hexadecimal digits.
func ed25519Key(_ string, secret []byte) (signer, error) {
	b, err := hex.DecodeString(string(secret))
	if err != nil {
		return nil, failf(StepSecret, "the public key is not written in hexadecimal digits")
	}
	return edKeyOf(b, len(b) == ed25519.PrivateKeySize)
}

// standardKey reads the keys of Standard Webhooks: base64 behind whsec_, which
// may be left out, or behind whpk_ and whsk_ for a key pair's public and
// private key.
func standardKey(tag string, secret []byte) (signer, error) {
	text, public := bytes.CutPrefix(secret, []byte("whpk_"))
	private := false
	if !public {
		if text, private = bytes.CutPrefix(secret, []byte("whsk_")); !private {
			text = bytes.TrimPrefix(secret, []byte("whsec_"))
		}
	}
	b, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(text, "=")))
	if err != nil || len(b) == 0 {
		return nil, failf(StepSecret, "the secret is not base64, with or without whsec_ before it")
	}
	switch pair := public || private; {
	case pair != (tag == "v1a"):
		return nil, nil
	case pair:
		return edKeyOf(b, private)
	}
	return &macKey{sha256.New, b}, nil
}

// signingKey reads a secret of GitLab that signs: whsec_ and base64.
func signingKey(tag string, secret []byte) (signer, error) {
	if !bytes.HasPrefix(secret, []byte("whsec_")) {
		return nil, nil
	}
	return standardKey(tag, secret)
}

// unsignedKey reads every other secret of GitLab, which is sent as it is.
func unsignedKey(tag string, secret []byte) (signer, error) {
	if k, err := signingKey(tag, secret); k != nil || err != nil {
		return nil, nil
	}
	return token(secret), nil
}

// hexKey reads a secret in hexadecimal digits.
func hexKey(tag string, secret []byte) (signer, error) {
	b, err := hex.DecodeString(string(secret))
	if err != nil || len(b) == 0 {
		return nil, failf(StepSecret, "the key is not written in hexadecimal digits")
	}
	return &macKey{hashes[tag], b}, nil
}

// digest is a secret that stands before the text in a plain SHA-256.
type digest []byte

func (d digest) sum(text [][]byte) []byte {
	h := sha256.New()
	h.Write(d)
	for _, piece := range text {
		h.Write(piece)
	}
	return h.Sum(nil)
}

func (d digest) check(text, signatures [][]byte) bool {
	want, found := d.sum(text), 0
	for _, s := range signatures {
		found |= subtle.ConstantTimeCompare(want, s)
	}
	return found == 1
}

func (d digest) sign(text [][]byte) ([]byte, error) { return d.sum(text), nil }

func digestKey(_ string, secret []byte) (signer, error) { return digest(secret), nil }

// token is a secret that is sent as it is.
type token []byte

// check compares digests, so that not even the length shows.
func (t token) check(_, signatures [][]byte) bool {
	want, found := sha256.Sum256(t), 0
	for _, s := range signatures {
		got := sha256.Sum256(s)
		found |= subtle.ConstantTimeCompare(want[:], got[:])
	}
	return found == 1
}

func (t token) sign([][]byte) ([]byte, error) { return t, nil }

func tokenKey(_ string, secret []byte) (signer, error) { return token(secret), nil }
