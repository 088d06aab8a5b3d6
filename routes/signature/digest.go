package signature

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
)

// contentDigest makes the field of RFC 9530 for a body.
func contentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// checkDigest compares the digest of the body with that in the field
// Content-Digest (RFC 9530), which must be there. Each one that is of a known
// kind must fit.
func checkDigest(m *Message) error {
	const name = "Content-Digest"
	value, err := m.one(name, "digest")
	if err != nil {
		return err
	}
	m.spend(len(m.Body))
	list, err := readDictionary(value)
	if err != nil {
		return failf(StepFormat, "%s cannot be read: it is to look like sha-256=:base64:", name)
	}
	known := false
	for _, d := range list {
		var want []byte
		switch d.name {
		case "sha-256":
			sum := sha256.Sum256(m.Body)
			want = sum[:]
		case "sha-512":
			sum := sha512.Sum512(m.Body)
			want = sum[:]
		default:
			continue
		}
		known = true
		if d.item.kind != 'b' || subtle.ConstantTimeCompare([]byte(d.item.text), want) != 1 {
			return failf(StepSignature, "body changed on the way: its digest is not the one in %s", name)
		}
	}
	if !known {
		return failf(StepFormat, "%s has no digest of a known kind in it (sha-256, sha-512)", name)
	}
	return nil
}
