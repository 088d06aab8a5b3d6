package relay

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"homehook/http1"
)

// discordKey signs as Discord does.
var discordKey = ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32)))

const discordTime = "1700000000"

func discordSigned(body, signature string) string {
	return fmt.Sprintf("POST /~garage/d HTTP/1.1\r\nHost: r\r\nConnection: close\r\nX-Signature-Ed25519: %s\r\nX-Signature-Timestamp: %s\r\nContent-Length: %d\r\n\r\n%s",
		signature, discordTime, len(body), body)
}

func discord(body string) string {
	return discordSigned(body, hex.EncodeToString(ed25519.Sign(discordKey, []byte(discordTime+body))))
}

func jsonPost(body string) string {
	return fmt.Sprintf("POST /~garage/j HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func bare(method, query string) string {
	return method + " /~garage/q?" + query + " HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
}

// challenges are what senders ask to see whether their receiver is there. While
// home is away, 202 is never the answer.
func challenges() []challenge {
	public := hex.EncodeToString(discordKey.Public().(ed25519.PublicKey))
	hash := sha256.Sum256([]byte("my token"))
	withKey := func(preset string) *senderJSON { return &senderJSON{Preset: preset, PublicKey: public} }
	meta := &senderJSON{Preset: "meta", VerifyTokenSHA256: hex.EncodeToString(hash[:])}
	preset := func(name string) *senderJSON { return &senderJSON{Preset: name} }
	const slack = `{"token":"x","challenge":"3eZbrw1a<b>","type":"url_verification"}`
	const zoom = `{"payload":{"plainToken":"q"},"event_ts":1,"event":"endpoint.url_validation"}`
	const hub = "hub.mode=subscribe&hub.challenge=115%2B8&hub.verify_token="
	const graph = "validationToken=Validation%3A+Testing+%3Cx%3E"
	return []challenge{
		{"Discord's PING", withKey("discord"), discord(`{"type":1,"id":"1"}`), 200, `{"type":1}`, 0},
		{"Discord's PING of another's signature", withKey("discord"), discordSigned(`{"type":1}`, strings.Repeat("ab", 64)), 401, "", 0},
		{"Discord's PING without a signature", withKey("discord"), jsonPost(`{"type":1}`), 401, "", 0},
		{"Discord's PING with half a signature", withKey("discord"), discordSigned(`{"type":1}`, "abc"), 401, "", 0},
		{"Discord's command", withKey("discord"), discord(`{"type":2,"data":{}}`), 202, "", 1},
		{"Discord's command of another's signature", withKey("discord"), discordSigned(`{"type":2}`, strings.Repeat("00", 64)), 401, "", 0},
		{"Discord without a key, PING", preset("discord"), discord(`{"type":1}`), 503, "", 0},
		{"Discord without a key, command", preset("discord"), discord(`{"type":2}`), 202, "", 1},
		{"Discord without its preset, PING", nil, discord(`{"type":1}`), 503, "", 0},
		{"Discord too long", withKey("discord"), discord(strings.Repeat(" ", maxSigned) + `{"type":1}`), 401, "", 0},
		{"Discord's events, PING", withKey("discord-events"), discord(`{"version":1,"type":0}`), 204, "", 0},
		{"Discord's events, unsigned", withKey("discord-events"), jsonPost(`{"type":0}`), 401, "", 0},
		{"Discord's events, an event", withKey("discord-events"), discord(`{"type":1,"event":{}}`), 202, "", 1},
		{"Discord's events without a key", preset("discord-events"), jsonPost(`{"type":0}`), 503, "", 0},
		{"Slack", preset("slack"), jsonPost(slack), 200, "3eZbrw1a<b>", 0},
		{"Slack, an event", preset("slack"), jsonPost(`{"type":"event_callback","challenge":"x"}`), 202, "", 1},
		{"Slack, no challenge", preset("slack"), jsonPost(`{"type":"url_verification"}`), 202, "", 1},
		{"Slack, an endless challenge", preset("slack"), jsonPost(`{"type":"url_verification","challenge":"` + strings.Repeat("x", 2000) + `"}`), 400, "", 0},
		{"Slack without its preset", nil, jsonPost(" \n" + slack), 503, "", 0},
		{"Slack to another preset", preset("github"), jsonPost(slack), 503, "", 0},
		{"Meta", meta, bare("GET", hub+"my+token"), 200, "115+8", 0},
		{"Meta with another token", meta, bare("GET", hub+"x"), 403, "", 0},
		{"Meta without a token", preset("meta"), bare("GET", hub+"my+token"), 503, "", 0},
		{"Meta without its preset", nil, bare("GET", hub+"my+token"), 503, "", 0},
		{"Meta, an endless challenge", meta, bare("GET", "hub.mode=subscribe&hub.verify_token=my+token&hub.challenge="+strings.Repeat("1", 2000)), 400, "", 0},
		{"Meta, an event", meta, jsonPost(`{"object":"page"}`), 202, "", 1},
		{"Graph", preset("graph"), bare("POST", graph), 200, "Validation: Testing <x>", 0},
		{"Graph, by GET", preset("graph"), bare("GET", graph), 200, "Validation: Testing <x>", 0},
		{"Graph without its preset", nil, bare("POST", graph), 503, "", 0},
		{"Graph, an endless token", preset("graph"), bare("POST", "validationToken="+strings.Repeat("a", 2000)), 400, "", 0},
		{"Graph with a body", preset("graph"), strings.Replace(jsonPost(`{"value":[]}`), "/j", "/j?validationToken=x", 1), 200, "x", 0},
		{"Graph, an event", preset("graph"), strings.Replace(jsonPost(`{"value":[]}`), "/j", "/j?validationToken=", 1), 202, "", 1},
		{"Zoom", preset("zoom"), jsonPost(zoom), 503, "", 0},
		{"Zoom without its preset", nil, jsonPost(zoom), 503, "", 0},
		{"a webhook", nil, jsonPost(`{"type":"x"}`), 202, "", 1},
		{"a type of another kind", nil, jsonPost(`{"type":{"a":[1]},"challenge":"x","event":"y"}`), 202, "", 1},
		{"no JSON", nil, jsonPost(`{"type":"url_verification","challenge":"x"`), 202, "", 1},
		{"white space", nil, jsonPost("   "), 202, "", 1},
		{"a list", nil, jsonPost(`[{"type":"url_verification","challenge":"x"}]`), 202, "", 1},
	}
}

type challenge struct {
	name    string
	sender  *senderJSON
	request string
	status  int
	body    string
	stored  int
}

func TestChallengesWhileAway(t *testing.T) {
	for _, mode := range []string{answerHold, answerStore} {
		tr := startRelay(t, Options{AwayAfter: time.Millisecond})
		for _, tt := range challenges() {
			t.Run(mode+" "+tt.name, func(t *testing.T) {
				tr.claimOf(t, claimRecord{Name: "garage", Answer: mode, More: moreSettings{Sender: tt.sender}})
				before := tr.queued()
				got := tr.raw(t, tt.request)
				head, body, _ := strings.Cut(got, "\r\n\r\n")
				if !strings.HasPrefix(head, "HTTP/1.1 "+itoa(tt.status)+" ") || tt.body != "" && body != tt.body {
					t.Errorf("got %q, want %d %q", got, tt.status, tt.body)
				}
				if tt.status == 503 && !strings.Contains(head, "\r\nRetry-After: ") {
					t.Errorf("no Retry-After: %q", head)
				}
				if tt.status == 200 && !strings.Contains(head, "\r\nX-Content-Type-Options: nosniff") ||
					tt.status == 200 && tt.body[0] != '{' && !strings.Contains(head, "\r\nContent-Type: text/plain; charset=utf-8\r\n") {
					t.Errorf("a browser may take it for a page: %q", head)
				}
				if n := tr.queued() - before; n != tt.stored {
					t.Errorf("%d were stored, want %d", n, tt.stored)
				}
			})
		}
	}
}

// TestChallengesWhileThere: home is the one to answer, unless the relay can and the
// claim has it answer everything.
func TestChallengesWhileThere(t *testing.T) {
	t.Parallel()
	tr := startRelay(t, Options{})
	silent := make(chan struct{})
	var slow atomic.Bool
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold})
	tr.dial(t, "garage", func(_ context.Context, x *http1.Exchange) {
		if slow.Load() {
			<-silent
		}
		keep(x, 200, "home")
	})
	t.Cleanup(func() { close(silent) })
	list := challenges()
	for _, tt := range []struct {
		mode, name string
		status     int
		body       string
	}{
		{answerHold, "Slack", 200, "home"},
		{answerHold, "Zoom", 200, "home"},
		{answerHold, "Discord's PING of another's signature", 200, "home"},
		{answerStore, "Zoom", 200, "home"},
		{answerStore, "Meta without a token", 200, "home"},
		{answerStore, "Slack", 200, "3eZbrw1a<b>"},
		{answerStore, "Discord's PING", 200, `{"type":1}`},
		{answerStore, "Discord's PING of another's signature", 401, errSignature.detail + "\n"},
	} {
		t.Run(tt.mode+" "+tt.name, func(t *testing.T) {
			for _, c := range list {
				if c.name != tt.name {
					continue
				}
				tr.claimOf(t, claimRecord{Name: "garage", Answer: tt.mode, More: moreSettings{Sender: c.sender}})
				if status, body := tr.ask(t, c.request); status != tt.status || body != tt.body {
					t.Errorf("got %d %q", status, body)
				}
			}
		})
	}
	slow.Store(true)
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerHold, More: moreSettings{HoldMS: 12_000, Sender: &senderJSON{Preset: "slack"}}})
	start := time.Now()
	if status, body := tr.ask(t, jsonPost(`{"challenge":"abc","type":"url_verification"}`)); status != 200 || body != "abc" || time.Since(start) > 3*time.Second {
		t.Errorf("slow home: %d %q after %v", status, body, time.Since(start))
	}
	if n := tr.queued(); n != 0 {
		t.Errorf("%d were stored", n)
	}
}

// FuzzParam reads queries as net/url does, but for what that leaves out.
func FuzzParam(f *testing.F) {
	for _, q := range []string{"validationToken=a%20b", "a&validationToken=&validationToken=x", "validationToken=%zz&validationToken=1", "%76alidationToken=+"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if strings.Contains(query, ";") {
			return // which net/url refuses
		}
		want, _ := url.ParseQuery(query)
		if got := param([]byte(query), "validationToken"); got != want.Get("validationToken") {
			t.Fatalf("%q: %q, want %q", query, got, want.Get("validationToken"))
		}
	})
}
