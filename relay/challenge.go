package relay

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"time"

	"homehook/http1"
	"homehook/relay/queue"
)

const (
	// maxChallenge is the longest body in bytes that may be a challenge, and
	// maxEcho the longest text that is sent back.
	maxChallenge = 16 << 10
	maxEcho      = 1024

	// maxSigned is the longest body in bytes whose signature the relay checks
	// itself. What Discord sends is far below.
	maxSigned = 4 << 20

	// challengeWait is the longest wait for home's answer to a challenge: most
	// senders give up after three seconds.
	challengeWait = 2 * time.Second
)

// The presets for which the relay has something to answer.
const (
	presetDiscord       = "discord"
	presetDiscordEvents = "discord-events"
	presetSlack         = "slack"
	presetMeta          = "meta"
	presetGraph         = "graph"
)

var (
	// errChallenge answers what only home can answer: 202 would be taken for a
	// wrong answer, and the address would be struck off.
	errChallenge = refuseFor(503, 30, "the receiver is not connected at the moment, and only it can answer this; try again later")

	errSignature  = refuse(401, "the signature is missing or wrong")
	errVerifyMeta = refuse(403, "the verify token is not the one that was agreed on")
	errLongEcho   = refuse(400, "the challenge is longer than any that is known")
)

// sender is what the relay knows of who sends to a claim.
type sender struct {
	preset      string
	publicKey   ed25519.PublicKey // nil for none
	verifyToken []byte            // its SHA-256; nil for none
}

func newSender(j *senderJSON) *sender {
	if j == nil || j.Preset == "" {
		return nil
	}
	s := &sender{preset: j.Preset}
	if isHex32(j.PublicKey) {
		s.publicKey, _ = hex.DecodeString(j.PublicKey)
	}
	if isHex32(j.VerifyTokenSHA256) {
		s.verifyToken, _ = hex.DecodeString(j.VerifyTokenSHA256)
	}
	return s
}

func (s *sender) is(presets ...string) bool {
	for _, p := range presets {
		if s != nil && s.preset == p {
			return true
		}
	}
	return false
}

// reply is what the relay answers in home's place to a request that must not get
// 202.
type reply struct {
	refusal *refusal // not nil for one that is refused
	status  int
	kind    string // Content-Type
	body    string
}

// able reports whether the relay can answer as home would.
func (r *reply) able() bool { return r.refusal != errChallenge }

func echoOf(text string) *reply {
	if len(text) > maxEcho {
		return &reply{refusal: errLongEcho}
	}
	return &reply{status: 200, kind: "text/plain; charset=utf-8", body: text}
}

var onlyHome = &reply{refusal: errChallenge}

// replyTo finds what the relay has to say to a request, should it come to answer
// by itself; nil where it may be stored. It knows challenges by their shape,
// whatever the claim's preset: without the right one they get 503.
func (s *sender) replyTo(r *http1.Request, body *queue.Spool) (*reply, error) {
	signed := s.is(presetDiscord, presetDiscordEvents) && s.publicKey != nil
	most := int64(maxChallenge)
	if signed {
		most = maxSigned
	}
	var b []byte
	if body.Size() <= most {
		var err error
		if b, err = readSpool(body); err != nil {
			return nil, err
		}
	}
	// Discord itself tests whether its receivers check this.
	if signed && (body.Size() > most || !s.verified(r, b)) {
		return &reply{refusal: errSignature}, nil
	}
	if rep := s.replyToQuery(r); rep != nil {
		return rep, nil
	}
	return s.replyToObject(r, b), nil
}

// replyToQuery knows the challenges that stand in the query, whatever the body:
// some senders put one beside them.
func (s *sender) replyToQuery(r *http1.Request) *reply {
	_, query := r.PathQuery()
	if len(query) == 0 {
		return nil
	}
	if r.IsMethod("GET") && param(query, "hub.mode") != "" && param(query, "hub.challenge") != "" {
		return s.replyToHub(query)
	}
	// SharePoint, which is of the same family, has the name in lower case.
	token := cmp.Or(param(query, "validationToken"), param(query, "validationtoken"))
	switch {
	case token == "":
		return nil
	case !s.is(presetGraph):
		return onlyHome
	}
	return echoOf(token)
}

func (s *sender) replyToHub(query []byte) *reply {
	if !s.is(presetMeta) || s.verifyToken == nil {
		return onlyHome
	}
	hash := sha256.Sum256([]byte(param(query, "hub.verify_token")))
	if subtle.ConstantTimeCompare(hash[:], s.verifyToken) != 1 {
		return &reply{refusal: errVerifyMeta}
	}
	return echoOf(param(query, "hub.challenge"))
}

// param returns the first parameter of a name in a query.
func param(query []byte, name string) string {
	for part := range strings.SplitSeq(string(query), "&") {
		key, value, _ := strings.Cut(part, "=")
		if key, err := url.QueryUnescape(key); err != nil || key != name {
			continue
		}
		if value, err := url.QueryUnescape(value); err == nil {
			return value
		}
	}
	return ""
}

// replyToObject knows the challenges that are an object of JSON.
func (s *sender) replyToObject(r *http1.Request, body []byte) *reply {
	body = bytes.TrimLeft(body, " \t\r\n\ufeff") // some put a byte order mark in front
	if !bytes.HasPrefix(body, []byte{'{'}) {
		return nil
	}
	var o struct{ Type, Challenge, Event json.RawMessage }
	if json.Unmarshal(body, &o) != nil {
		return nil
	}
	switch challenge := textIn(o.Challenge); {
	case textIn(o.Type) == "url_verification" && challenge != "":
		if !s.is(presetSlack) {
			return onlyHome
		}
		return echoOf(challenge)
	case textIn(o.Event) == "endpoint.url_validation": // of Zoom, whose answer takes the secret
		return onlyHome
	}
	return s.replyToPing(r, string(o.Type), o.Event != nil)
}

// textIn is the string that a member of an object holds; "" for anything else.
func textIn(member json.RawMessage) (text string) {
	if json.Unmarshal(member, &text) != nil {
		return ""
	}
	return text
}

// replyToPing knows Discord's PINGs: that of interactions has the type 1, that of
// events 0. What has the type 1 and an event is an event. One application sends
// both under one key, so that each gets its answer under either preset; without a
// key that is for home, and under other presets the signature tells a PING from
// what has such a type by chance.
func (s *sender) replyToPing(r *http1.Request, kind string, event bool) *reply {
	if kind != "0" && (kind != "1" || event) {
		return nil
	}
	discord := s.is(presetDiscord, presetDiscordEvents)
	_, signed := r.Get("X-Signature-Ed25519")
	switch {
	case !discord && !signed:
		return nil
	case !discord || s.publicKey == nil:
		return onlyHome
	case kind == "0":
		return &reply{status: 204}
	}
	return &reply{status: 200, kind: "application/json", body: `{"type":1}`}
}

// verified checks the signature over time and body.
func (s *sender) verified(r *http1.Request, body []byte) bool {
	if r.Count("X-Signature-Ed25519") != 1 || r.Count("X-Signature-Timestamp") != 1 {
		return false
	}
	shown, _ := r.Get("X-Signature-Ed25519")
	stamp, _ := r.Get("X-Signature-Timestamp")
	signature, err := hex.DecodeString(string(shown))
	if err != nil || len(signature) != ed25519.SignatureSize {
		return false
	}
	return ed25519.Verify(s.publicKey, append(bytes.Clone(stamp), body...), signature)
}

// readSpool returns a body whose size has been looked at.
func readSpool(body *queue.Spool) ([]byte, error) {
	if body.Size() == 0 {
		return nil, nil
	}
	in, err := body.NewReader()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(in)
}

// reply answers in home's place.
func (v *visitor) reply(r *reply) *refusal {
	if r.refusal != nil {
		return r.refusal
	}
	x := v.x
	x.Start(r.status, nil)
	if r.kind != "" {
		x.Field("Content-Type", r.kind)
	}
	x.Field("Cache-Control", "no-store")
	x.Field("X-Content-Type-Options", "nosniff")
	x.EndLength(int64(len(r.body)))
	x.Write([]byte(r.body))
	x.Finish()
	return nil
}
