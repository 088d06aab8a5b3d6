package senders

import (
	"cmp"
	"crypto/rand"
	"strconv"
	"strings"
	"time"
)

// field is a header field: name and value.
type field [2]string

// Sample is a delivery as a sender sends it, but for its signature.
type Sample struct {
	Fields [][2]string // that say what it is, with Content-Type
	Body   []byte
}

// Sample makes a delivery up that the sender might have sent. No two are alike, so
// that none is taken for the repetition of another.
func (s *Sender) Sample(now time.Time) Sample {
	fill := strings.NewReplacer("$ID", rand.Text(), "$NOW", strconv.FormatInt(now.Unix(), 10))
	out := Sample{Fields: [][2]string{{"Content-Type", cmp.Or(s.kind, "application/json")}}, Body: []byte(fill.Replace(s.body))}
	for _, f := range s.fields {
		out.Fields = append(out.Fields, [2]string{f[0], fill.Replace(f[1])})
	}
	return out
}
