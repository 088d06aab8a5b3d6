package relay

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

// check is one kind of question whether a receiver is there.
type check struct {
	name, method, query, body string
	preset                    string // whose answer is status, with its key
	status                    int
	keyed                     bool // that takes the key
	ping                      bool // of Discord: only a signature or a preset of Discord's tells it
}

const bom = "\xef\xbb\xbf"

func checks() []check {
	const slack = `{"challenge":"c","type":"url_verification"}`
	const zoom = `{"event":"endpoint.url_validation","payload":{"plainToken":"q"}}`
	all := []check{
		{name: "PING 1", body: `{"type":1}`, preset: "discord", status: 200, keyed: true, ping: true},
		{name: "PING 1 with more", body: `{"id":"1","type": 1,"user":{"id":"2"},"token":"t"}`, preset: "discord", status: 200, keyed: true, ping: true},
		{name: "PING 0", body: `{"version":1,"type":0}`, preset: "discord", status: 204, keyed: true, ping: true},
		{name: "PING 0 with an event", body: `{"type":0,"event":{"type":"x"}}`, preset: "discord", status: 204, keyed: true, ping: true},
		{name: "Slack", body: slack, preset: "slack", status: 200},
		{name: "Slack with an event", body: `{"type":"url_verification","challenge":"c","event":{"a":1}}`, preset: "slack", status: 200},
		{name: "Slack with more than is known", body: `{"x":[1,{}],"challenge":"c","type":"url_verification"}` + "\n", preset: "slack", status: 200},
		{name: "Zoom", body: zoom},
		{name: "Zoom with a type of its own", body: `{"type":{"a":1},"challenge":[],"event":"endpoint.url_validation"}`},
		{name: "Meta", method: "GET", query: "hub.mode=subscribe&hub.challenge=1&hub.verify_token=v", preset: "meta", status: 200, keyed: true},
		{name: "Meta with a body", method: "GET", query: "hub.mode=subscribe&hub.challenge=1&hub.verify_token=v", body: "x", preset: "meta", status: 200, keyed: true},
	}
	for _, body := range []string{"", "x", "{}", `{"type":1}`, slack, strings.Repeat("x", 2*maxChallenge), strings.Repeat("x", 300<<10)} {
		name := fmt.Sprintf("Graph with a body of %d", len(body))
		all = append(all,
			check{name: name, query: "validationToken=abc", body: body, preset: "graph", status: 200},
			check{name: name + ", by GET", method: "GET", query: "a=b&validationToken=abc", body: body, preset: "graph", status: 200})
	}
	all = append(all, check{name: "SharePoint", query: "validationtoken=abc", preset: "graph", status: 200})
	for _, c := range all {
		if strings.HasPrefix(c.body, "{") && c.query == "" {
			for name, front := range map[string]string{"a mark": bom, "a mark in white space": " \r\n" + bom + "\t"} {
				marked := c
				marked.name, marked.body = c.name+" behind "+name, front+c.body
				all = append(all, marked)
			}
		}
	}
	return all
}

func (c *check) request(signed bool) string {
	method := c.method
	if method == "" {
		method = "POST"
	}
	fields := ""
	if signed {
		fields = fmt.Sprintf("X-Signature-Ed25519: %s\r\nX-Signature-Timestamp: %s\r\n",
			hex.EncodeToString(ed25519.Sign(discordKey, []byte(discordTime+c.body))), discordTime)
	}
	return fmt.Sprintf("%s /~garage/x?%s HTTP/1.1\r\nHost: r\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s",
		method, c.query, fields, len(c.body), c.body)
}

// want is the status that a check gets of a claim, 0 for a request that is none.
func (c *check) want(preset string, key, signed bool) int {
	discord := strings.HasPrefix(preset, "discord")
	own := preset == c.preset || discord && c.preset == "discord"
	switch {
	case discord && key && !signed:
		return 401
	case c.ping && !discord && !signed:
		return 0
	case c.status != 0 && own && (key || !c.keyed):
		return c.status
	}
	return 503
}

// TestChecksAreNeverAccepted sends every kind of check to claims of every preset,
// with and without its key, signed and not. None gets 202, and none is stored.
func TestChecksAreNeverAccepted(t *testing.T) {
	public := hex.EncodeToString(discordKey.Public().(ed25519.PublicKey))
	hash := sha256.Sum256([]byte("v"))
	all := checks()
	for _, mode := range []string{answerHold, answerStore} {
		for _, preset := range []string{"", "discord", "discord-events", "slack", "meta", "graph", "zoom", "github", "stripe"} {
			for _, key := range []bool{false, true} {
				if preset == "" && key {
					continue
				}
				t.Run(fmt.Sprintf("%s, preset %q, key %t", mode, preset, key), func(t *testing.T) {
					t.Parallel()
					tr := startRelay(t, Options{AwayAfter: time.Millisecond})
					more := moreSettings{}
					if preset != "" {
						more.Sender = &senderJSON{Preset: preset}
					}
					if key {
						more.Sender.PublicKey, more.Sender.VerifyTokenSHA256 = public, hex.EncodeToString(hash[:])
					}
					tr.claimOf(t, claimRecord{Name: "garage", Answer: mode, More: more})
					for _, c := range all {
						for _, signed := range []bool{false, true} {
							want := c.want(preset, key, signed)
							if want == 0 {
								continue
							}
							if status, body := tr.ask(t, c.request(signed)); status != want {
								t.Errorf("%s, signed %t: %d %q, want %d", c.name, signed, status, body, want)
							}
						}
					}
					if n := tr.queued(); n != 0 {
						t.Errorf("%d were stored", n)
					}
				})
			}
		}
	}
}
