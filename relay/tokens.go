package relay

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"
)

const (
	tokenPrefix = "hh_"
	tokenBytes  = 20 // 160 random bits
	maxToken    = 256
)

// tokenHash is what the relay keeps of a token. A token is random, so a plain
// hash is enough.
type tokenHash [sha256.Size]byte

// Token is what is known of a relay token: everything but the token.
type Token struct {
	Name      string
	Created   time.Time
	Revoked   time.Time // zero while the token is good
	MaxClaims int       // how many names it may hold
	Claims    int       // how many it holds
}

// newToken makes a token: "hh_" and 32 letters and digits.
func newToken() string {
	var b [tokenBytes]byte
	rand.Read(b[:])
	return tokenPrefix + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

func hashToken(token string) tokenHash { return sha256.Sum256([]byte(token)) }

// tokenName checks the name a person gives a token.
func tokenName(s string) error {
	ok := len(s) > 0 && len(s) <= maxName
	for _, c := range []byte(s) {
		ok = ok && ('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '@')
	}
	if !ok || s[0] == '-' {
		return refuse(400, "a token's name has 1 to 63 letters, digits, \".\", \"_\", \"@\" and \"-\", and does not begin with \"-\"")
	}
	return nil
}
