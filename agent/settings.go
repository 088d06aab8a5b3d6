package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"homehook/agent/config"
)

// settings are those of a claim as the relay's claims API takes them. What is
// left out is as the relay has it by default.
type settings struct {
	Answer   string            `json:"answer"`
	HoldMS   int64             `json:"hold_ms,omitempty"`
	MaxBody  int64             `json:"max_body"`
	Accepted *acceptedSettings `json:"accepted,omitempty"`
	Sender   *senderSettings   `json:"sender,omitempty"`
	Queue    *queueSettings    `json:"queue,omitempty"`
}

type acceptedSettings struct {
	Status  int         `json:"status"`
	Headers [][2]string `json:"headers,omitempty"`
	Body    string      `json:"body,omitempty"`
}

type senderSettings struct {
	Preset            string `json:"preset"`
	PublicKey         string `json:"public_key,omitempty"`
	VerifyTokenSHA256 string `json:"verify_token_sha256,omitempty"`
}

type queueSettings struct {
	MaxItems int   `json:"max_items,omitempty"`
	MaxBytes int64 `json:"max_bytes,omitempty"`
	MaxAgeS  int64 `json:"max_age_s,omitempty"`
}

// challenged are the senders for which the relay has something to do. Of the
// others it need not know.
var challenged = []string{"discord", "discord-events", "graph", "meta", "slack", "zoom"}

// settingsOf translates the configuration of a claim. secret returns the value
// of a credential; when that is missing, the settings are there but for it,
// beside the error.
func settingsOf(c *config.Claim, secret func(name string) (string, error)) (*settings, error) {
	s := &settings{Answer: c.Answer, MaxBody: int64(c.MaxBody)}
	if c.Answer == answerHold {
		s.HoldMS = time.Duration(c.Hold).Milliseconds()
	}
	if a := c.Accepted; a != nil {
		s.Accepted = &acceptedSettings{Status: acceptedStatus(c), Body: a.Body}
		for _, name := range slices.Sorted(maps.Keys(a.Headers)) {
			s.Accepted.Headers = append(s.Accepted.Headers, [2]string{name, a.Headers[name]})
		}
	}
	if q := c.Queue; q != nil {
		s.Queue = &queueSettings{MaxItems: q.MaxItems, MaxBytes: int64(q.MaxSize), MaxAgeS: int64(time.Duration(q.MaxAge) / time.Second)}
	}
	if !slices.Contains(challenged, c.Sender) {
		return s, nil
	}
	s.Sender = &senderSettings{Preset: c.Sender, PublicKey: c.PublicKey}
	if c.VerifyToken == "" {
		return s, nil
	}
	token, err := secret(c.VerifyToken)
	if err != nil {
		return s, fmt.Errorf("credential %q cannot be used, so the relay cannot answer %s: %w", c.VerifyToken, c.Sender, err)
	}
	sum := sha256.Sum256([]byte(token))
	s.Sender.VerifyTokenSHA256 = hex.EncodeToString(sum[:])
	return s, nil
}
