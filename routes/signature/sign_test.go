package signature

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSignMakesWhatIsPublished signs the messages that senders' documents show.
func TestSignMakesWhatIsPublished(t *testing.T) {
	for _, tt := range []struct {
		scheme, secret, body string
		at                   int64
		existing             []Header
		want                 []Header
	}{
		{
			"github", "It's a Secret to Everybody", "Hello, World!", 1, nil,
			[]Header{{"X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}},
		},
		{
			"github", "0123456789abcdef", "payload=%7B%22yo%22%3Atrue%7D", 1,
			[]Header{{"x-hub-signature", "old"}},
			[]Header{{"X-Hub-Signature", "sha1=3374ef144403e8035423b23b02e2c9d7a4c50368"}},
		},
		{
			"jira", "It's a Secret to Everybody", "Hello World!", 1, nil,
			[]Header{{"X-Hub-Signature", "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"}},
		},
		{
			"shopify", "test_secret_key", `{"foo": "bar"}`, 1, nil,
			[]Header{{"X-Shopify-Hmac-SHA256", "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="}},
		},
		{
			"standard", stdSecret, `{"test": 2432232314}`, 1614265330,
			[]Header{{"Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek"}},
			[]Header{
				{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
				{"webhook-timestamp", "1614265330"},
				{"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
			},
		},
		{
			"slack", "8f742231b10e8888abcd99yyyzzz85a5",
			"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
			1531420618, nil,
			[]Header{
				{"X-Slack-Request-Timestamp", "1531420618"},
				{"X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
			},
		},
		{"gitlab", "sampleToken!", "{}", 1, nil, []Header{{"X-Gitlab-Token", "sampleToken!"}}},
	} {
		m := &Message{Body: []byte(tt.body), Header: Fields(tt.existing)}
		got, err := schemeFor(t, tt.scheme).Sign(m, []byte(tt.secret), time.Unix(tt.at, 0))
		if err != nil {
			t.Errorf("%s: %v", tt.scheme, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.scheme, diff)
		}
	}
}

// TestSignRenewsWhatIsThere: a request that is sent again has the fields that
// its sender gave it, and no signature of the old body among them.
func TestSignRenewsWhatIsThere(t *testing.T) {
	for _, tt := range []struct {
		scheme string
		there  []string
		want   string
	}{
		{"github", nil, "X-Hub-Signature-256"},
		{"github", []string{"X-Hub-Signature", "X-Hub-Signature-256"}, "X-Hub-Signature-256 X-Hub-Signature"},
		{"standard", nil, "webhook-id webhook-timestamp webhook-signature"},
		{"standard", []string{"svix-signature", "svix-id"}, "svix-id svix-timestamp svix-signature"},
		{"svix", nil, "svix-id svix-timestamp svix-signature"},
		{"gitea", []string{"X-Gitea-Signature", "X-Gogs-Signature", "X-Hub-Signature-256"}, "X-Gitea-Signature X-Gogs-Signature X-Hub-Signature-256"},
	} {
		secret, _ := keysOf(tt.scheme)
		var existing []Header
		for _, name := range tt.there {
			existing = append(existing, Header{name, "old"})
		}
		s := schemeFor(t, tt.scheme)
		set, m := signed(t, s, secret, now, existing...)
		var names []string
		for _, h := range set {
			names = append(names, h.Name)
			if h.Value == "old" && !strings.HasSuffix(h.Name, "-id") {
				t.Errorf("%s: %s is the old one", tt.scheme, h.Name)
			}
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s with %v: got %q, want %q", tt.scheme, tt.there, got, tt.want)
		}
		if err := s.Verify(m, bytesOf(secret), 0); err != nil {
			t.Errorf("%s: %v", tt.scheme, err)
		}
	}
}

func TestSignGivesIDs(t *testing.T) {
	s := schemeFor(t, "standard")
	a, _ := signed(t, s, stdSecret, now)
	b, _ := signed(t, s, stdSecret, now)
	if a[0].Value == b[0].Value || !strings.HasPrefix(a[0].Value, "msg_") {
		t.Errorf("ids %q and %q", a[0].Value, b[0].Value)
	}
}

func TestSignWithKeyPairs(t *testing.T) {
	discordPrivate, discordPublic, stdPrivate, stdPublic := pair()
	for _, tt := range []struct{ scheme, private, public string }{
		{"discord", discordPrivate, discordPublic},
		{"standard", stdPrivate, stdPublic},
		{"svix", stdPrivate, stdPublic},
	} {
		s := schemeFor(t, tt.scheme)
		_, m := signed(t, s, tt.private, now)
		if err := s.Verify(m, bytesOf(tt.public), 0); err != nil {
			t.Errorf("%s: %v", tt.scheme, err)
		}
		if _, err := s.Sign(m, []byte(tt.public), now); err == nil || !strings.Contains(err.Error(), "only the sender can sign") {
			t.Errorf("%s signs with a public key: %v", tt.scheme, err)
		}
	}
	halves := discordPrivate[:126] + "00"
	if _, err := schemeFor(t, "discord").Sign(&Message{}, []byte(halves), now); err == nil {
		t.Error("a private key whose halves do not belong together signs")
	}
	for _, secret := range []string{"", "\t"} {
		if _, err := schemeFor(t, "github").Sign(&Message{}, []byte(secret), now); err == nil {
			t.Errorf("the secret %q signs", secret)
		}
	}
}
