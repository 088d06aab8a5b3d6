package agent

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"homehook/agent/control"
)

// TestMaskLeaves holds that nothing of a secret is left in texts, however it is
// written there.
func TestMaskLeaves(t *testing.T) {
	const odd, lines = `pa"ss\word<x> é`, "line one secret\nline two secret\r\n shrt"
	values := map[string][]string{
		"a": {"correct horse battery"}, "pin": {"4711"}, "q": {odd}, "multi": {lines}, "b": {"hunterpass"},
	}
	quote := func(s string) string { return fmt.Sprintf("%q", s) }
	jsonText := func(s string) string { text, _ := json.Marshal(s); return string(text) }
	for _, tt := range []struct {
		name, text string
		gone       []string
	}{
		{"userinfo with brackets", `proxy http://user:p)w]x@proxy.example:3128 refused`, []string{"p)w", "w]x", "user"}},
		{"userinfo in quotes", `Get "http://user:pa%29ss@host/x": err`, []string{"pa%29ss", "user:"}},
		{"userinfo with a quote", `http://user:p'quote@host/`, []string{"quote"}},
		{"userinfo with a double quote", `http://user:p"quote@host/`, []string{"quote"}},
		{"userinfo with a backtick", "http://u:p`tick@h/", []string{"tick"}},
		{"userinfo with angles", `http://u:p<ti>ck\x}y@h/`, []string{"ti", "ck", "y@"}},
		{"userinfo with a space", `http://user:pw word@host/`, []string{"pw", "word"}},
		{"userinfo with a slash", `http://user:pw/word@host/`, []string{"pw", "word"}},
		{"userinfo with an at", `http://user:pw@word@host/`, []string{"pw", "word"}},
		{"userinfo that was cut", `http://user:pwword`, []string{"pwword"}},
		{"capitals", `HTTP://U5er:P455@H.example/x`, []string{"U5er", "P455"}},
		{"other schemes", `ftp://u5er:p455@h mongodb+srv://u6er:p466@h/x`, []string{"u5er", "p455", "u6er", "p466"}},
		{"no scheme", `//user:p455@host/path user:p466@host.example:25`, []string{"p455", "p466"}},
		{"query", `https://h.example?k=v)alue"x and https://h.example/#frag)ment`, []string{"alue", "frag", "ment"}},
		{"basic", `Authorization: Basic aHVudGVycGFzcw==`, []string{"aHVudGVy"}},
		{"authorization of another kind", `authorization: ApiKey zzzzzzzz`, []string{"zzzz"}},
		{"base64", base64.StdEncoding.EncodeToString([]byte("hunterpass")), []string{"aHVudGVy"}},
		{"base64 behind one", "x " + base64.StdEncoding.EncodeToString([]byte("u:hunterpass")), []string{base64.StdEncoding.EncodeToString([]byte("u:hunterpass"))[4:12]}},
		{"base64 behind two", "x " + base64.URLEncoding.EncodeToString([]byte("ab:hunterpass")), []string{base64.StdEncoding.EncodeToString([]byte("ab:hunterpass"))[4:14]}},
		{"hex", fmt.Sprintf("%x %X", "hunterpass", "hunterpass"), []string{fmt.Sprintf("%x", "hunter"), fmt.Sprintf("%X", "hunter")}},
		{"quoted", quote(odd) + quote(quote(odd)), []string{"word", "ss"}},
		{"json", jsonText(odd) + quote(jsonText(odd)), []string{"word", "ss"}},
		{"query escape", url.QueryEscape(odd) + " " + url.PathEscape(odd) + " " + strings.ToLower(url.PathEscape(odd)), []string{"word", "ss"}},
		{"several lines", quote(lines), []string{"one", "two", "shrt"}},
		{"one line of several", "line two secret", []string{"two"}},
		{"short last line", "and shrt too", []string{"shrt"}},
		{"path escape", `correct%20horse%20battery correct+horse+battery`, []string{"correct", "horse"}},
		{"other case", `Correct Horse Battery`, []string{"Correct"}},
		{"short value", `pin 4711, (4711) "4711"`, []string{"4711"}},
		{"pass", `user=bob pass=hunter2x pwd: hunter3x PASSWD=hunter4x`, []string{"hunter"}},
		{"passphrase", `passphrase: horse staple`, []string{"horse", "staple"}},
		{"fields", `X-Api-Key: abcdefgh; api_key=abcdefgi, access_token=zz`, []string{"abcdef", "zz"}},
		{"said", `password is hunter2x, token (hunter3x)`, []string{"hunter"}},
		{"quoted value", `secret "ab cd efgh" password='ab cd efgh' token="ab \" efgh"`, []string{"cd", "efgh"}},
		{"escaped value", `token=abc%20def {"password":"s3 cr"} "{\"password\":\"s3 cr\"}"`, []string{"abc%", "cr"}},
		{"mixed case", `AbCdEfGhIjKlMnOpQrSt in /AbCdEfGhIjKlMnOpQrStUvWx`, []string{"AbCd"}},
		{"words in one", `POST /hook/correcthorsebatterystaple/x`, []string{"staple"}},
		{"capitals only", `/hooks/T00000000/B00000000/QQQQQQQQQQQQQQQQQQQQQQQQ`, []string{"QQQ", "T0000000", "B0000000"}},
		{"path of a webhook", `https://hooks.slack.com/services/T00/B00/QQQQ hooks.slack.com/services/T01/B01/YYYY ntfy.sh/mysecrettopic`, []string{"T00", "QQQQ", "T01", "YYYY", "mysecret"}},
		{"mail", `smtp: 535 5.7.8 bob@example.com`, []string{"bob"}},
		{"key", "-----BEGIN PRIVATE KEY-----\nabcd\n-----END PRIVATE KEY-----", []string{"abcd"}},
		{"jwt", `eyJhbGciOi.eyJzdWIiOi.abc`, []string{"eyJ"}},
		{"groups", `k8f-3jd9-2kd8 and 0123456789`, []string{"k8f", "2kd8", "01234"}},
		{"uuid of others", `9f3a2b1c-0d9e-4f7a-8b5c-4d3e2f1a0b9c`, []string{"9f3a", "0b9c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := newMask(values).text(tt.text)
			for _, part := range tt.gone {
				if strings.Contains(got, part) {
					t.Errorf("%q of %q is in %q", part, tt.text, got)
				}
			}
		})
	}
}

// TestMaskOfOrdinaryWords: names that are words of masks do not garble them.
func TestMaskOfOrdinaryWords(t *testing.T) {
	m := newMask(map[string][]string{"x": {"hidden"}, "y": {"credential"}, "z": {"private"}})
	for _, tt := range []struct{ text, want string }{
		{"http://host/ http://relay/ http://agent/", "http://(private host 1)/ http://(private host 2)/ http://(private host 3)/"},
		{"the host of the agent, http://host:81", "the host of the agent, http://(private host 1):81"},
		{"hidden credential in private", "(credential x) (credential y) in (credential z)"},
		{"http://nas; the nas, unasked", "http://(private host 4); the (private host 4), unasked"},
		{"10.0.0.5:8080 nas.lan fe80::1%eth0", "(private address 1):8080 (private host 5) (private address 2)"},
	} {
		if got := m.text(tt.text); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

// leakyConfig has secrets where people put them.
const leakyConfig = `# comment-secret-1
relays:
- {name: x, url: 'http://u5er:p455word@h.example/sec/ret', proxy: 'http://pu:p)w]z@px:3128', token: 12345678}
- {name: y, url: 'https://relay.example.com', token: relay/y}
claims:
- {name: x, max_body: 1MB, relay: y, hold: 47110816s, verify_token: trustno1hunter, parallel: 31337}
routes:
- name: y
  match: POST /hook/correcthorsebatterystaple/{id}
  claim: x
  script: {command: [/bin/x, 4711, '0815', 3.25, true, 2026-01-02, 0x1F40, 070605, unlock, "47110815"], user: bobby, dir: /srv/secretdir, args: [9988]}
  when: 'json.code == 4799 and json.x in [123456, 654321] and json.pin == 62831853 and json.w == "swordfish"'
  notify: {smtp: {host: mailbox, user: robert, password: 987654}, title: "code is zebra77", ntfy: {url: ntfy.sh/mysecrettopic, token: ntfypass-zebra}}
  unknownkey: {hunter2key: vvvv}
  hunter3key: 1234567
- name: POST /AbCdEfGhIjKlMnOpQrStUvWx
  match: /AbCdEfGhIjKlMnOpQrStUvWx
  verify: {scheme: github, secret: github, secrets: [ghosts, stored]}
  respond: {status: 204, body: "opensesame", headers: {X-Quux: plugh1}}
  script: {env: {PLOVER: xyzzy9}, sha256: deadbeef, timeout: 60s}
history: {max_size: 1GB, keep: 30d, off: false}
`

// leaks are the secrets in it.
var leaks = strings.Fields(`comment-secret u5er p455word sec/ret p)w]z 12345678 47110816 trustno1hunter 31337 correcthorsebatterystaple
	4711 0815 3.25 2026-01-02 0x1F40 8000 070605 29061 unlock 47110815 bobby secretdir 9988 4799 123456 654321 62831853 swordfish
	mailbox robert 987654 zebra77 mysecrettopic ntfypass-zebra unknownkey hunter2key vvvv hunter3key 1234567 AbCdEfGhIjKlMnOpQrStUvWx
	ghosts opensesame X-Quux plugh1 PLOVER xyzzy9 deadbeef`)

func TestMaskConfigLeaves(t *testing.T) {
	m := newMask(map[string][]string{"stored": {"value"}})
	got := maskConfig(m, []byte(leakyConfig))
	for _, leak := range leaks {
		if strings.Contains(got, leak) {
			t.Errorf("%q is in the configuration", leak)
		}
		if leak == "comment-secret" || leak == "sec/ret" {
			continue
		}
		for _, text := range []string{leak, fmt.Sprintf("route %q: %s failed", leak, leak), "x=" + leak + " y"} {
			if masked := m.text(text); strings.Contains(masked, leak) {
				t.Errorf("%q: %q", text, masked)
			}
		}
	}
	for _, kept := range []string{"name: x", "max_body: 1MB", "relay: \"y\"", "scheme: github", "- stored", "token: relay/y", "timeout: 60s", "status: 204", "keep: 30d", "claim: x"} {
		if !strings.Contains(got, kept) {
			t.Errorf("no %q", kept)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// TestMaskBrokenConfig: what an error shows of a file that is no YAML is hidden.
func TestMaskBrokenConfig(t *testing.T) {
	m := newMask(nil)
	if got := maskConfig(m, []byte("relays:\n  - token: swordfish\n code: [zebra77, 8472\n# opensesame")); got != "" {
		t.Errorf("%q", got)
	}
	got := m.text("> 2 |  - token: swordfish\n  3 | code: [zebra77, 8472\n# opensesame")
	for _, leak := range []string{"swordfish", "zebra77", "8472", "opensesame"} {
		if strings.Contains(got, leak) {
			t.Errorf("%q", got)
		}
	}
}

// TestMaskedCutLines: half of a value at the end of a line that was cut off is
// hidden too.
func TestMaskedCutLines(t *testing.T) {
	const secret = "one horse two battery three staple"
	for n := longestLine - 200; n < longestLine; n++ {
		var l lastLines
		l.with(slog.New(slog.DiscardHandler)).Info(strings.Repeat("x ", n/2) + strings.Repeat(".", n%2) + secret + strings.Repeat(" y", 200))
		m := newMask(map[string][]string{"a": {secret}})
		for _, line := range l.all() {
			if !strings.HasSuffix(line, cutOff) {
				t.Fatalf("%q", line)
			}
			if got := m.line(line); strings.Contains(got, "horse") || strings.Contains(got, "one ") {
				t.Fatalf("%d: %q", n, got[len(got)-60:])
			}
		}
	}
}

// TestMaskedKeepsConstants: programs go by the states of findings.
func TestMaskedKeepsConstants(t *testing.T) {
	m := newMask(map[string][]string{"x": {"problem", "token"}})
	got, err := masked(m, control.Finding{Check: "token", State: control.FindingProblem, Text: "a problem"})
	if err != nil || got != (control.Finding{Check: "token", State: control.FindingProblem, Text: "a (credential x)"}) {
		t.Errorf("%+v, %v", got, err)
	}
}
