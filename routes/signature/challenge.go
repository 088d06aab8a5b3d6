package signature

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
)

const (
	// maxChallenge is the longest body in bytes that may be a challenge, and
	// maxEcho the longest text that is sent back.
	maxChallenge = 64 << 10
	maxEcho      = 1024
)

// ChallengeAnswer is the answer to a sender's question whether the address is
// its user's.
type ChallengeAnswer struct {
	Status      int
	ContentType string // empty where there is no body
	Body        []byte
	Who         string // the sender, in a sentence: "Slack"

	// Unsigned says that the sender does not sign such questions, so that the
	// answer must not wait for the check of the sender, but for that of its
	// address. It gives nothing away that is worth having: it repeats what the
	// question holds, or the question has a token in it that was compared, or,
	// of Zoom, it is made with a secret that signs other texts only.
	Unsigned bool
}

// asker is a sender that asks before it sends.
type asker struct {
	presets []string // names of schemes and of relay presets
	who     string
	answer  func(q *question) *ChallengeAnswer
}

// question is a request that may be a challenge.
type question struct {
	*Message
	secrets [][]byte
	token   []byte
}

var askers = []asker{
	{[]string{"slack"}, "Slack", answerSlack},
	{[]string{"discord", "discord-events"}, "Discord", answerDiscord},
	{[]string{"meta"}, "Meta", answerMeta},
	{[]string{"graph"}, "Microsoft Graph", answerGraph},
	{[]string{"zoom"}, "Zoom", answerZoom},
	{[]string{"twitch"}, "Twitch", answerTwitch},
	{[]string{"dropbox"}, "Dropbox", answerDropbox},
	{[]string{"github"}, "GitHub", answerPing("X-GitHub-Event")},
	{[]string{"gitea"}, "Gitea", answerPing("X-Gitea-Event")},
	{[]string{"gogs"}, "Gogs", answerPing("X-Gogs-Event")},
}

// Challenge returns the answer to a challenge of the sender that a preset names,
// which is a scheme's name or a relay preset's; ok is false for every other
// request, and for a challenge whose token is wrong. The secrets are those of
// the scheme, of which Zoom's challenge needs the first, and must be those of no
// other scheme. The token is the text that Meta's page asks for. The message's URL
// needs its query only.
//
// An answer that is not Unsigned must be given to a request that passed
// [Scheme.Verify] only.
func Challenge(preset string, m *Message, secrets [][]byte, token []byte) (answer *ChallengeAnswer, ok bool) {
	for _, a := range askers {
		for _, p := range a.presets {
			if p != preset {
				continue
			}
			if answer = a.answer(&question{m, secrets, token}); answer == nil {
				return nil, false
			}
			answer.Who = a.who
			return answer, true
		}
	}
	return nil, false
}

// echo repeats a text of the question, nil for one that no sender asks for.
func echo(text string, unsigned bool) *ChallengeAnswer {
	if text == "" || len(text) > maxEcho {
		return nil
	}
	return &ChallengeAnswer{Status: 200, ContentType: "text/plain; charset=utf-8", Body: []byte(text), Unsigned: unsigned}
}

// param returns the first parameter of a name in the query.
func (q *question) param(name string) string {
	_, query, _ := strings.Cut(q.URL, "?")
	for part := range strings.SplitSeq(query, "&") {
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

// object reads the body into a struct, and reports whether it is an object of
// JSON that is short enough for a challenge.
func (q *question) object(into any) bool {
	body := bytes.TrimLeft(q.Body, " \t\r\n\ufeff")
	return len(body) <= maxChallenge && bytes.HasPrefix(body, []byte{'{'}) && json.Unmarshal(body, into) == nil
}

func answerSlack(q *question) *ChallengeAnswer {
	var o struct{ Type, Challenge string }
	if !q.object(&o) || o.Type != "url_verification" {
		return nil
	}
	return echo(o.Challenge, false)
}

// answerDiscord knows the PINGs of interactions, with the type 1, and of events,
// with the type 0. What has the type 1 and an event is an event.
func answerDiscord(q *question) *ChallengeAnswer {
	var o struct {
		Type  *int
		Event json.RawMessage
	}
	switch {
	case !q.object(&o) || o.Type == nil:
		return nil
	case *o.Type == 0:
		return &ChallengeAnswer{Status: 204}
	case *o.Type == 1 && o.Event == nil:
		return &ChallengeAnswer{Status: 200, ContentType: "application/json", Body: []byte(`{"type":1}`)}
	}
	return nil
}

func answerMeta(q *question) *ChallengeAnswer {
	if q.Method != "GET" || q.param("hub.mode") != "subscribe" || len(bytes.TrimSpace(q.token)) == 0 {
		return nil
	}
	given, want := sha256.Sum256([]byte(q.param("hub.verify_token"))), sha256.Sum256(q.token)
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		return nil
	}
	return echo(q.param("hub.challenge"), true)
}

// answerGraph knows the question by its query. SharePoint, which is of the same
// family, has the name in lower case.
func answerGraph(q *question) *ChallengeAnswer {
	if q.Method != "POST" {
		return nil
	}
	if text := q.param("validationToken"); text != "" {
		return echo(text, true)
	}
	return echo(q.param("validationtoken"), true)
}

// answerZoom makes an HMAC of the token in the question. What Zoom signs has a
// colon in it, so that a token without one is no signature that a stranger could
// have made here.
func answerZoom(q *question) *ChallengeAnswer {
	var o struct {
		Event   string
		Payload struct {
			PlainToken string `json:"plainToken"`
		}
	}
	if !q.object(&o) || o.Event != "endpoint.url_validation" || !isPlainToken(o.Payload.PlainToken) || len(q.secrets) == 0 || len(q.secrets[0]) == 0 {
		return nil
	}
	mac := hmac.New(sha256.New, q.secrets[0])
	mac.Write([]byte(o.Payload.PlainToken))
	body, err := json.Marshal(struct {
		PlainToken     string `json:"plainToken"`
		EncryptedToken string `json:"encryptedToken"`
	}{o.Payload.PlainToken, hex.EncodeToString(mac.Sum(nil))})
	if err != nil {
		return nil
	}
	return &ChallengeAnswer{Status: 200, ContentType: "application/json", Body: body, Unsigned: !q.has("x-zm-signature")}
}

// isPlainToken reports whether a text is one that Zoom asks with: base64 of the
// alphabet for URLs. What else has a meaning to anybody is not signed for
// strangers.
func isPlainToken(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

func answerTwitch(q *question) *ChallengeAnswer {
	var o struct{ Challenge string }
	if list := q.values("Twitch-Eventsub-Message-Type"); len(list) != 1 || list[0] != "webhook_callback_verification" || !q.object(&o) {
		return nil
	}
	return echo(o.Challenge, false)
}

func answerDropbox(q *question) *ChallengeAnswer {
	if q.Method != "GET" {
		return nil
	}
	return echo(q.param("challenge"), true)
}

// answerPing answers what is sent to try an address out.
func answerPing(field string) func(*question) *ChallengeAnswer {
	return func(q *question) *ChallengeAnswer {
		if list := q.values(field); len(list) != 1 || list[0] != "ping" {
			return nil
		}
		return echo("pong", false)
	}
}
