package agent

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/routes"
	"homehook/routes/signature"
)

func TestSettingsOf(t *testing.T) {
	secret := func(name string) (string, error) {
		if name != "meta/verify" {
			return "", errors.New("is missing")
		}
		return "abc", nil
	}
	for _, tt := range []struct {
		name  string
		claim config.Claim
		want  string
		fails bool
	}{
		{"through", config.Claim{Answer: "through"}, `{"answer":"through","max_body":0}`, false},
		{"hold", config.Claim{Answer: "hold", Hold: routes.Duration(800 * time.Millisecond), MaxBody: 7}, `{"answer":"hold","hold_ms":800,"max_body":7}`, false},
		{
			"store",
			config.Claim{
				Answer:   "store",
				Accepted: &config.Accepted{Status: 200, Headers: map[string]string{"X-B": "2", "X-A": "1"}, Body: "ok"},
				Queue:    &config.Queue{MaxItems: 5, MaxSize: 6, MaxAge: routes.Duration(time.Hour)},
			},
			`{"answer":"store","max_body":0,"accepted":{"status":200,"headers":[["X-A","1"],["X-B","2"]],"body":"ok"},"queue":{"max_items":5,"max_bytes":6,"max_age_s":3600}}`, false,
		},
		{"a sender that the relay need not know", config.Claim{Answer: "hold", Sender: "stripe"}, `{"answer":"hold","max_body":0}`, false},
		{"discord", config.Claim{Answer: "hold", Sender: "discord", PublicKey: "ab"}, `{"answer":"hold","max_body":0,"sender":{"preset":"discord","public_key":"ab"}}`, false},
		{
			"meta",
			config.Claim{Answer: "hold", Sender: "meta", VerifyToken: "meta/verify"},
			`{"answer":"hold","max_body":0,"sender":{"preset":"meta","verify_token_sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}`, false,
		},
		{"no token", config.Claim{Answer: "hold", Sender: "meta", VerifyToken: "nope"}, `{"answer":"hold","max_body":0,"sender":{"preset":"meta"}}`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := settingsOf(&tt.claim, secret)
			got, _ := json.Marshal(s)
			if string(got) != tt.want || (err != nil) != tt.fails {
				t.Errorf("%s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// TestQueuedIsTold: how much waits at the relay is what it says, when the
// settings reach it and with each delivery from its queue.
func TestQueuedIsTold(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", respondRoute))
	queued := func() int {
		claims, err := h.client.Claims(t.Context())
		if err != nil || len(claims) != 1 {
			t.Fatalf("%v, %v", claims, err)
		}
		return claims[0].Queued
	}
	first := newID()
	r.must(t, sent{id: first, after: "none", fields: "Homehook-Queued: 41\r\n"})
	if n := queued(); n != 41 {
		t.Errorf("%d queued", n)
	}
	r.must(t, sent{after: first, fields: "Homehook-Queued: 0\r\n"})
	if n := queued(); n != 0 {
		t.Errorf("%d queued", n)
	}
}

// TestReleaseOfAClaimWithDeliveries: what waits at the relay is not thrown away
// by the way.
func TestReleaseOfAClaimWithDeliveries(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	m := pretend(t, nil, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/api/claims") {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
		switch {
		case r.Method == http.MethodGet:
			return answering(200, "Content-Type: application/json", "[]")(w, r)
		case r.Method == http.MethodDelete && r.URL.Query().Get("discard") != "true":
			return answering(409, "Content-Type: application/problem+json", `{"title":"Conflict","detail":"3 deliveries wait"}`)(w, r)
		case r.Method == http.MethodDelete:
			return answering(204, "X: y", "")(w, r)
		}
		return answering(200, "Content-Type: application/json", `{"url":"https://garage.relay.example/","queued":3}`)(w, r)
	})
	h := startHome(t, storing(m.server.Listener.Addr().String(), "", "  []\n"))
	if err := h.client.ReleaseClaim(t.Context(), "garage", false); !errors.Is(err, control.ErrQueued) || !strings.Contains(err.Error(), "3 deliveries wait") {
		t.Errorf("%v", err)
	}
	if err := h.client.ReleaseClaim(t.Context(), "garage", true); err != nil {
		t.Errorf("with discard: %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if last := asked[len(asked)-1]; last != "DELETE /api/claims/garage?discard=true" {
		t.Errorf("asked %q", asked)
	}
}

// TestSendersAreKnown holds the names that a claim's sender may have against
// those who use them.
func TestSendersAreKnown(t *testing.T) {
	nobody := []string{"basic", "bearer", "hmac", "ip", "rfc9421", "token"} // in particular
	for _, name := range append(signature.Names(), challenged...) {
		if !slices.Contains(nobody, name) && !slices.Contains(config.Senders, name) {
			t.Errorf("%s is no sender of a claim", name)
		}
	}
}
