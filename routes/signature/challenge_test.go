package signature

import (
	"strings"
	"testing"
)

func TestChallenge(t *testing.T) {
	hub := "https://x.example/?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
	for _, tt := range []struct {
		name, preset, method, url, body string
		fields                          []Header
		status                          int // 0 for none
		want                            string
		unsigned                        bool
	}{
		{"slack", "slack", "POST", "", `{"token":"t","challenge":"3eZbrw1aB","type":"url_verification"}`, nil, 200, "3eZbrw1aB", false},
		{"slack event", "slack", "POST", "", `{"challenge":"x","type":"event_callback"}`, nil, 0, "", false},
		{"slack form", "slack", "POST", "", "type=url_verification&challenge=x", nil, 0, "", false},
		{"slack, long", "slack", "POST", "", `{"type":"url_verification","challenge":"` + strings.Repeat("x", 1025) + `"}`, nil, 0, "", false},
		{"discord", "discord", "POST", "", `{"type":1}`, nil, 200, `{"type":1}`, false},
		{"discord event ping", "discord", "POST", "", `{"version":1,"type":0}`, nil, 204, "", false},
		{"discord event", "discord-events", "POST", "", `{"type":1,"event":{}}`, nil, 0, "", false},
		{"discord command", "discord", "POST", "", `{"type":2}`, nil, 0, "", false},
		{"meta", "meta", "GET", hub + "tok%20en", "", nil, 200, "1158201444", true},
		{"meta, wrong token", "meta", "GET", hub + "token", "", nil, 0, "", false},
		{"meta, post", "meta", "POST", hub + "tok%20en", "", nil, 0, "", false},
		{"graph", "graph", "POST", "https://x.example/h?validationToken=Validation%3A+a%3Cb", "", nil, 200, "Validation: a<b", true},
		{"sharepoint", "graph", "POST", "https://x.example/h?validationtoken=a", "", nil, 200, "a", true},
		{"zoom", "zoom", "POST", "", `{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}`, nil, 200, `{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"55c98ee0c9cf6a2b0eff7d5f5e5e5a5b"}`, true},
		{"zoom, signed", "zoom", "POST", "", `{"event":"endpoint.url_validation","payload":{"plainToken":"a"}}`, []Header{{"x-zm-signature", "v0=00"}}, 200, "", false},
		{"zoom, to have a message signed", "zoom", "POST", "", `{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1700000000:{}"}}`, nil, 0, "", false},
		{"zoom, to have a command signed", "zoom", "POST", "", `{"event":"endpoint.url_validation","payload":{"plainToken":"cmd=reboot"}}`, nil, 0, "", false},
		{"twitch", "twitch", "POST", "", `{"challenge":"pogchamp"}`, []Header{{"Twitch-Eventsub-Message-Type", "webhook_callback_verification"}}, 200, "pogchamp", false},
		{"twitch notification", "twitch", "POST", "", `{"challenge":"pogchamp"}`, []Header{{"Twitch-Eventsub-Message-Type", "notification"}}, 0, "", false},
		{"dropbox", "dropbox", "GET", "https://x.example/d?challenge=abc", "", nil, 200, "abc", true},
		{"dropbox notification", "dropbox", "POST", "https://x.example/d?challenge=abc", "", nil, 0, "", false},
		{"github ping", "github", "POST", "", `{"zen":"x"}`, []Header{{"X-GitHub-Event", "ping"}}, 200, "pong", false},
		{"github push", "github", "POST", "", `{}`, []Header{{"X-GitHub-Event", "push"}}, 0, "", false},
		{"none", "stripe", "POST", "", `{"type":"url_verification","challenge":"x"}`, nil, 0, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &Message{Method: tt.method, URL: tt.url, Body: []byte(tt.body), Header: Fields(tt.fields)}
			a, ok := Challenge(tt.preset, m, bytesOf("zoom's secret"), []byte("tok en"))
			if ok != (tt.status != 0) {
				t.Fatalf("got %+v, %v", a, ok)
			}
			if !ok {
				return
			}
			if a.Status != tt.status || a.Unsigned != tt.unsigned || a.Who == "" || (a.ContentType == "") != (len(a.Body) == 0) {
				t.Errorf("got %+v", a)
			}
			if tt.preset == "zoom" {
				if !strings.HasPrefix(string(a.Body), `{"plainToken":"`) || len(a.Body) < 64+30 {
					t.Errorf("got %s", a.Body)
				}
			} else if string(a.Body) != tt.want {
				t.Errorf("got %q, want %q", a.Body, tt.want)
			}
		})
	}
	if _, ok := Challenge("meta", &Message{Method: "GET", URL: hub}, nil, nil); ok {
		t.Error("no token is as good as an empty one")
	}
	if _, ok := Challenge("zoom", &Message{Body: []byte(`{"event":"endpoint.url_validation","payload":{"plainToken":"a"}}`)}, nil, nil); ok {
		t.Error("Zoom is answered without a secret")
	}
}
