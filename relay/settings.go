package relay

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"homehook/relay/queue"
)

// The answer modes: what a sender gets.
const (
	// answerHold is home's own answer if it comes within the hold time, else 202
	// as soon as the delivery is in the queue.
	answerHold = "hold"

	// answerStore is 202 as soon as the delivery is in the queue.
	answerStore = "store"

	// answerThrough is home's own answer, however long it takes. Nothing is
	// stored.
	answerThrough = "through"
)

const (
	defaultHold = 2 * time.Second
	maxHold     = 12 * time.Second

	// heldBody is the longest body in bytes, unless the claim says otherwise, of
	// what may have to be stored.
	heldBody = 32 << 20
)

// settingsJSON is what an agent may set of a claim.
type settingsJSON struct {
	Answer  string `json:"answer"`   // hold when absent
	MaxBody int64  `json:"max_body"` // bytes; 0 for the relay's own limit
	moreSettings
}

// moreSettings are those that matter to the modes hold and store. The store
// keeps them as they are here.
type moreSettings struct {
	HoldMS   int           `json:"hold_ms,omitempty"`
	Accepted *acceptedJSON `json:"accepted,omitempty"`
	Sender   *senderJSON   `json:"sender,omitempty"`
	Queue    *queueJSON    `json:"queue,omitempty"`
}

// senderJSON says who sends to the claim, so that the relay can answer what must
// be answered at once while home is away.
type senderJSON struct {
	Preset            string `json:"preset"`
	PublicKey         string `json:"public_key,omitempty"`          // hex; of Discord
	VerifyTokenSHA256 string `json:"verify_token_sha256,omitempty"` // hex; of Meta
}

// queueJSON bounds what of a claim may be in the queue. Zero means the relay's
// own limit, which none can pass.
type queueJSON struct {
	MaxItems int   `json:"max_items"`
	MaxBytes int64 `json:"max_bytes"`
	MaxAgeS  int64 `json:"max_age_s"`
}

var errSettings = refuse(400, `the settings are not a JSON object of "answer", "hold_ms", "max_body", "accepted", "sender" and "queue"`)

// readSettings reads the body of a PUT; an empty one means the defaults.
func readSettings(body io.Reader) (settingsJSON, error) {
	var set settingsJSON
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&set); err != nil && !errors.Is(err, io.EOF) {
		return set, errSettings
	}
	if dec.More() {
		return set, refuse(400, "there is more than one JSON value")
	}
	switch set.Answer {
	case "":
		set.Answer = answerHold
	case answerHold, answerStore, answerThrough:
	default:
		return set, refuse(400, "the answer mode is none of \"hold\", \"store\" and \"through\"")
	}
	if set.MaxBody < 0 {
		return set, refuse(400, "max_body is below 0")
	}
	if set.HoldMS < 0 || set.HoldMS > int(maxHold/time.Millisecond) {
		return set, refuse(400, fmt.Sprintf("hold_ms is not between 1 and %d", maxHold/time.Millisecond))
	}
	for _, check := range []func() *refusal{set.Accepted.check, set.Sender.check, set.Queue.check} {
		if ref := check(); ref != nil {
			return set, ref
		}
	}
	return set, nil
}

// check refuses what no sender has. Presets that the relay has nothing to do for
// pass: the agent has its own use for them.
func (s *senderJSON) check() *refusal {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	switch {
	case s == nil:
		return nil
	case len(s.Preset) > 40 || strings.Trim(s.Preset, letters) != "":
		return refuse(400, "the preset of the sender has other characters than a-z, 0-9 and hyphens, or more than 40")
	case s.Preset == "" && *s != (senderJSON{}):
		return refuse(400, "the sender has no preset")
	case s.PublicKey != "" && !isHex32(s.PublicKey):
		return refuse(400, "the public_key of the sender is not 32 bytes in hexadecimal digits")
	case s.VerifyTokenSHA256 != "" && !isHex32(s.VerifyTokenSHA256):
		return refuse(400, "the verify_token_sha256 of the sender is not 32 bytes in hexadecimal digits")
	}
	return nil
}

func isHex32(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32
}

// maxAgeS keeps an age within what a time.Duration can hold.
const maxAgeS = int64(100 * 365 * 24 * time.Hour / time.Second)

func (q *queueJSON) check() *refusal {
	if q != nil && (q.MaxItems < 0 || q.MaxBytes < 0 || q.MaxAgeS < 0 || q.MaxAgeS > maxAgeS) {
		return refuse(400, "a limit of the queue is below 0 or out of reach")
	}
	return nil
}

// plan is what the settings of a claim come to: made once, and never changed.
type plan struct {
	answer   string
	mode     []byte // the same
	hold     time.Duration
	maxBody  int64 // 0 for none
	accepted *accepted
	sender   *sender // nil for none that the relay knows
	limits   queue.Limits
}

// newPlan fills in the relay's own limits.
func newPlan(rec *claimRecord, own poolLimits) *plan {
	p := &plan{answer: rec.Answer, mode: throughMode, hold: defaultHold, maxBody: own.body, limits: own.queue}
	if rec.Answer != answerThrough {
		p.mode = []byte(rec.Answer)
		if p.maxBody == 0 || p.maxBody > heldBody && rec.MaxBody == 0 {
			p.maxBody = heldBody
		}
	}
	if n := rec.MaxBody; n > 0 && (own.body == 0 || n < own.body) {
		p.maxBody = n
	}
	if rec.More.HoldMS > 0 {
		p.hold = time.Duration(rec.More.HoldMS) * time.Millisecond
	}
	p.accepted = newAccepted(rec.More.Accepted)
	p.sender = newSender(rec.More.Sender)
	if q := rec.More.Queue; q != nil {
		p.limits.Items = lower(p.limits.Items, q.MaxItems)
		p.limits.Bytes = lower(p.limits.Bytes, q.MaxBytes)
		p.limits.Age = lower(p.limits.Age, time.Duration(q.MaxAgeS)*time.Second)
	}
	return p
}

// lower returns the lower of two limits, where zero as a wish means none.
func lower[T int | int64 | time.Duration](most, wish T) T {
	if wish <= 0 || wish > most {
		return most
	}
	return wish
}
