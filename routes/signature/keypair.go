package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
)

// readKeyPair reads a public key, or a private one with its public half: PEM,
// or its base64 alone. ok is false for what is neither.
func readKeyPair(secret []byte) (public crypto.PublicKey, private crypto.Signer, ok bool) {
	var der []byte
	if block, _ := pem.Decode(bytes.TrimSpace(secret)); block != nil {
		der = block.Bytes
	} else {
		var err error
		if der, err = base64.StdEncoding.DecodeString(string(bytes.TrimSpace(secret))); err != nil {
			return nil, nil, false
		}
	}
	if public, err := x509.ParsePKIXPublicKey(der); err == nil {
		return public, nil, true
	}
	if public, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return public, nil, true
	}
	var key any
	var err error
	if key, err = x509.ParsePKCS8PrivateKey(der); err != nil {
		if key, err = x509.ParseECPrivateKey(der); err != nil {
			if key, err = x509.ParsePKCS1PrivateKey(der); err != nil {
				return nil, nil, false
			}
		}
	}
	private, ok = key.(crypto.Signer)
	if !ok {
		return nil, nil, false
	}
	return private.Public(), private, true
}

// ecdsaKey signs with P-256 and SHA-256.
type ecdsaKey struct {
	public  *ecdsa.PublicKey
	private *ecdsa.PrivateKey // nil where only the sender has it
	raw     bool              // signatures are two numbers of 32 bytes, not ASN.1
}

var _ signer = (*ecdsaKey)(nil)

func (k *ecdsaKey) check(text, signatures [][]byte) bool {
	sum, found := sumOf(text), false
	for _, s := range signatures {
		if k.raw {
			found = len(s) == 64 && ecdsa.Verify(k.public, sum, new(big.Int).SetBytes(s[:32]), new(big.Int).SetBytes(s[32:])) || found
			continue
		}
		found = ecdsa.VerifyASN1(k.public, sum, s) || found
	}
	return found
}

func (k *ecdsaKey) sign(text [][]byte) ([]byte, error) {
	switch {
	case k.private == nil:
		return nil, errNoPrivateKey
	case !k.raw:
		return ecdsa.SignASN1(rand.Reader, k.private, sumOf(text))
	}
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sumOf(text))
	if err != nil {
		return nil, err
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
}

func sumOf(text [][]byte) []byte {
	h := sha256.New()
	for _, piece := range text {
		h.Write(piece)
	}
	return h.Sum(nil)
}

// ecKey reads SendGrid's public key: base64, or PEM.
func ecKey(_ string, secret []byte) (signer, error) {
	public, private, _ := readKeyPair(secret)
	k, ok := public.(*ecdsa.PublicKey)
	if !ok || k.Curve != elliptic.P256() {
		return nil, failf(StepSecret, "the public key is not an ECDSA key of the curve P-256, in base64")
	}
	own, _ := private.(*ecdsa.PrivateKey)
	return &ecdsaKey{k, own, false}, nil
}

// rsaKey signs with PSS and SHA-512, or with PKCS #1 v1.5 and SHA-256.
type rsaKey struct {
	public  *rsa.PublicKey
	private *rsa.PrivateKey // nil where only the sender has it
	pss     bool
}

var _ signer = (*rsaKey)(nil)

var pssOptions = &rsa.PSSOptions{SaltLength: 64, Hash: crypto.SHA512}

func (k *rsaKey) sum(text [][]byte) []byte {
	if !k.pss {
		return sumOf(text)
	}
	sum := sha512.Sum512(bytes.Join(text, nil))
	return sum[:]
}

func (k *rsaKey) check(text, signatures [][]byte) bool {
	sum, found := k.sum(text), false
	for _, s := range signatures {
		if k.pss {
			found = rsa.VerifyPSS(k.public, crypto.SHA512, sum, s, pssOptions) == nil || found
			continue
		}
		found = rsa.VerifyPKCS1v15(k.public, crypto.SHA256, sum, s) == nil || found
	}
	return found
}

func (k *rsaKey) sign(text [][]byte) ([]byte, error) {
	switch {
	case k.private == nil:
		return nil, errNoPrivateKey
	case k.pss:
		return rsa.SignPSS(rand.Reader, k.private, crypto.SHA512, k.sum(text), pssOptions)
	}
	return rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, k.sum(text))
}

// algorithms are those of RFC 9421 that are taken, best first.
var algorithms = []string{"ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256", "hmac-sha256"}

// messageKey reads a key of RFC 9421: a key pair's public half, or a secret. A
// secret that is base64 of 16 bytes and more is what it decodes to, or what it
// is as text: senders differ.
func messageKey(algorithm string, secret []byte) (signer, error) {
	public, private, ok := readKeyPair(secret)
	if !ok && bytes.Contains(secret, []byte("-----BEGIN")) {
		return nil, failf(StepSecret, "the key is no public key in PEM that could be read")
	}
	switch key := public.(type) {
	case ed25519.PublicKey:
		if own, _ := private.(ed25519.PrivateKey); algorithm == "ed25519" {
			return &edKey{key, own}, nil
		}
	case *ecdsa.PublicKey:
		if own, _ := private.(*ecdsa.PrivateKey); algorithm == "ecdsa-p256-sha256" && key.Curve == elliptic.P256() {
			return &ecdsaKey{key, own, true}, nil
		}
	case *rsa.PublicKey:
		if own, _ := private.(*rsa.PrivateKey); algorithm == "rsa-pss-sha512" || algorithm == "rsa-v1_5-sha256" {
			return &rsaKey{key, own, algorithm == "rsa-pss-sha512"}, nil
		}
	case nil:
		if what := publicLooking(secret); what != "" {
			return nil, failf(StepSecret, "the secret looks like %s, which others may know and could sign with: store a public key as PEM; if it is a secret that both sides share, say hash: sha256 in verify", what)
		}
		return sharedKey(algorithm, secret)
	}
	return nil, nil
}

// sharedKey reads a secret that both sides have, whatever it looks like.
func sharedKey(algorithm string, secret []byte) (signer, error) {
	if algorithm == "hmac-sha256" {
		return newEitherKey(secret), nil
	}
	return nil, nil
}

// openShared makes of the scheme one that takes no public keys, where a hash is
// given.
func openShared(s *Scheme, o Options) error {
	switch o.Hash {
	case "":
		return nil
	case "sha256":
		s.key = sharedKey
		return nil
	}
	return &OptionError{"hash", "signatures of HTTP messages that are made with a secret use sha256", "write sha256, or leave it out"}
}

// publicLooking says what kind of public key a secret may be, "" if it looks
// like none: as a secret it would let everybody sign who knows the key.
func publicLooking(secret []byte) string {
	text := bytes.TrimSpace(secret)
	for before, what := range map[string]string{
		"ssh-": "a public key of SSH", "ecdsa-sha2-": "a public key of SSH", "sk-ssh-": "a public key of SSH", "sk-ecdsa-": "a public key of SSH",
		"whpk_": "a public key of Standard Webhooks", "z6Mk": "a public key in multibase", "did:key:": "a public key in multibase",
	} {
		if bytes.HasPrefix(text, []byte(before)) {
			return what
		}
	}
	if bytes.HasPrefix(text, []byte("{")) && bytes.Contains(text, []byte(`"kty"`)) {
		return "a JSON Web Key"
	}
	raw := [][]byte{text}
	if b, ok := anyBase64(string(bytes.Join(bytes.Fields(text), nil))); ok {
		raw = append(raw, b)
	}
	if b, err := hex.DecodeString(string(text)); err == nil {
		raw = append(raw, b)
	}
	for i, b := range raw {
		written := i > 0 || !isPrintable(b)
		switch {
		case written && len(b) == ed25519.PublicKeySize:
			return "an Ed25519 public key"
		case written && (len(b) == 33 && b[0]&^1 == 2 || len(b) == 65 && b[0] == 4):
			return "an ECDSA public key"
		case written && len(b) > 4 && b[0] == 0x30 && isDER(b):
			return "a key or a certificate that cannot be read"
		}
	}
	return ""
}

// isDER reports whether the bytes are one value of ASN.1.
func isDER(b []byte) bool {
	rest, err := asn1.Unmarshal(b, &asn1.RawValue{})
	return err == nil && len(rest) == 0
}

func isPrintable(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' })
}

// eitherKey is a secret that may be base64.
type eitherKey struct{ decoded, text macKey }

var _ signer = (*eitherKey)(nil)

func newEitherKey(secret []byte) signer {
	text := macKey{sha256.New, secret}
	b, err := base64.StdEncoding.Strict().DecodeString(string(secret))
	if err != nil || len(b) < 16 {
		return &text
	}
	return &eitherKey{macKey{sha256.New, b}, text}
}

func (k *eitherKey) check(text, signatures [][]byte) bool {
	decoded, plain := k.decoded.check(text, signatures), k.text.check(text, signatures)
	return decoded || plain
}

// sign signs as the RFC's own key is used.
func (k *eitherKey) sign(text [][]byte) ([]byte, error) { return k.decoded.sign(text) }
