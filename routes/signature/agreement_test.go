package signature

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// TestAgreesWithStandardWebhooks holds 10,000 random messages, a half of them
// spoilt, against the reference implementation, in both directions.
func TestAgreesWithStandardWebhooks(t *testing.T) {
	const messages = 10_000
	rnd := rand.New(rand.NewPCG(9421, 9530))
	s := schemeFor(t, "standard")
	good, bad := 0, 0
	for i := range messages {
		key := randomBytes(rnd, 24+rnd.IntN(41))
		secret := base64.StdEncoding.EncodeToString(key)
		if rnd.IntN(2) == 0 {
			secret = "whsec_" + secret
		}
		theirs, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		body := randomBytes(rnd, rnd.IntN(2000))
		at := time.Now().Add(time.Duration(rnd.IntN(560)-280) * time.Second)
		id := fmt.Sprintf("msg_%x", rnd.Uint64())
		fields := signBoth(t, s, theirs, secret, id, at, body)
		if rnd.IntN(2) == 0 {
			fields, body = spoil(rnd, fields, body)
		}
		h := http.Header{}
		for _, f := range fields {
			h.Add(f.Name, f.Value)
		}
		want := theirs.Verify(body, h) == nil
		err = s.Check(&Message{Header: Fields(fields), Body: body, Received: time.Now()}, bytesOf(secret), 0)
		if (err == nil) != want {
			t.Fatalf("message %d: we say %v, the reference says %v: %v", i, err, want, fields)
		}
		if want {
			good++
		} else {
			bad++
		}
	}
	t.Logf("%d random messages, %d good and %d bad: no disagreement", messages, good, bad)
	if good < messages/3 || bad < messages/3 {
		t.Error("too few of one kind")
	}
}

// signBoth signs with both implementations, which must come to the same.
func signBoth(t *testing.T, s *Scheme, theirs *standardwebhooks.Webhook, secret, id string, at time.Time, body []byte) []Header {
	t.Helper()
	ours, err := s.Sign(&Message{Body: body, Header: Fields([]Header{{"webhook-id", id}})}, []byte(secret), at)
	if err != nil {
		t.Fatal(err)
	}
	want, err := theirs.Sign(id, at, body)
	if err != nil || ours[2].Value != want {
		t.Fatalf("signed %v, the reference %s, %v", ours, want, err)
	}
	return ours
}

func randomBytes(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

// spoil changes a message, or adds what must not count.
func spoil(rnd *rand.Rand, fields []Header, body []byte) ([]Header, []byte) {
	f := slices.Clone(fields)
	flip := func(text string) string {
		b := []byte(text)
		b[rnd.IntN(len(b))] ^= 1
		return string(b)
	}
	switch rnd.IntN(9) {
	case 0:
		body = append(slices.Clone(body), '\n')
	case 1:
		f[0].Value = flip(f[0].Value)
	case 2:
		at, _ := strconv.Atoi(f[1].Value)
		f[1].Value = strconv.Itoa(at + 1 - 2*rnd.IntN(2))
	case 3:
		f[2].Value = flip(f[2].Value)
	case 4:
		f = slices.Delete(f, 1, 2)
	case 5: // one of several fits
		f[2].Value = "v1," + base64.StdEncoding.EncodeToString(randomBytes(rnd, 32)) + " v1a,AAAA " + f[2].Value
	case 6:
		f[2].Value = strings.Replace(f[2].Value, "v1,", "v2,", 1)
	case 7:
		at, _ := strconv.Atoi(f[1].Value)
		f[1].Value = strconv.Itoa(at - 100_000)
	case 8:
		f[2].Value = f[2].Value[:len(f[2].Value)-8]
	}
	return f, body
}
