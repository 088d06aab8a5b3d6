package agent

import (
	"strings"
	"testing"

	"homehook/agent/control"
)

func TestMask(t *testing.T) {
	const uuid = "01910f3e-7a5c-7c3b-9d2e-3f4a5b6c7d8e"
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "the agent runs, version dev, pid 4711", "the agent runs, version dev, pid 4711"},
		{"credential", "it said correct horse battery, twice: correct horse battery", "it said (credential github), twice: (credential github)"},
		{"credential in a query", "see correct+horse+battery", "see (credential github)"},
		{"short credential", "abc, abcd and ab", "(credential short), abcd and ab"},
		{"public url", "https://relay.example.com/~garage/", "https://relay.example.com/~garage/"},
		{"path of a webhook", "https://hooks.example.com/services/T0/B0/x1y2z3, no more", "https://hooks.example.com/…, no more"},
		{"user and query", "http://me:secret@relay.example.com:8080?token=x", "http://(hidden)@relay.example.com:8080?(hidden)"},
		{"no url", "http://%zz/", "http://(hidden)"},
		{"private host", "look up nas.local: no such host; http://nas.local:81/", "look up (private host 1): no such host; http://(private host 1):81/"},
		{"host of one word", "http://homeassistant:8123", "http://(private host 1):8123"},
		{"private address", "dial tcp 192.168.1.7:80 and [fd00::1]:80 and 192.168.1.7", "dial tcp (private address 1):80 and (private address 2):80 and (private address 1)"},
		{"public address", "from 203.0.113.9 and 2001:db8::9", "from (address 1) and (address 2)"},
		{"this machine", "127.0.0.1:7700, [::1]:7700, localhost, http://localhost:1/", "127.0.0.1:7700, [::1]:7700, localhost, http://localhost:1/"},
		{"times", "2026-01-31T08:00:00.123Z at 08:00:01", "2026-01-31T08:00:00.123Z at 08:00:01"},
		{"durations", "3.767879ms took=12.123456789s", "3.767879ms took=12.123456789s"},
		{"no durations", "x3.767879ms took=3.767879msx", "x3.(hidden) took=3.(hidden)"},
		{"mail", "to anna@example.org now", "to (mail address) now"},
		{"bearer", "Authorization: Bearer abcDEF123", "Authorization: (hidden)"},
		{"assignment", "password=allsmallletters; api_key: zzzzzz", "password=(hidden); api_key: (hidden)"},
		{"words", "the token is not known, a secret belongs to nobody", "the token is not known, a secret belongs to nobody"},
		{"name of a credential", "write token: relay/mine for it", "write token: relay/mine for it"},
		{"prefixes", "ghp_abcdefghijk whsec_MDEyMzQ1Njc4 hh_1a2b3c4d5e xoxb-12345678", "(hidden) (hidden) (hidden) (hidden)"},
		{"random", "4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c", "(hidden)"},
		{"delivery", "delivery " + uuid, "delivery " + uuid},
		{"version", "version v0.0.0-20260101120000-abcdef123456", "version v0.0.0-20260101120000-abcdef123456"},
		{"home of somebody", "open /home/anna/hook.sh and /Users/bert/x and C:\\Users\\carl\\x", "open /home/user/hook.sh and /Users/user/x and C:\\Users\\user\\x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMask(map[string][]string{"github": {"correct horse battery"}, "short": {"abc"}, "garage": {"ab"}, "relay/mine": nil}, "v0.0.0-20260101120000-abcdef123456")
			if got := m.text(tt.text); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestMaskedKeepsShape: what is masked is the same with other texts.
func TestMaskedKeepsShape(t *testing.T) {
	in := control.Checkup{OK: true, Findings: []control.Finding{{Check: "dns", Subject: "mine", Text: "nas.lan is 10.0.0.1"}, {Check: "disk"}}}
	out, err := Masked(in)
	if err != nil || !out.OK || len(out.Findings) != 2 || out.Findings[0].Text != "(private host 1) is (private address 1)" {
		t.Errorf("%+v, %v", out, err)
	}
	if in.Findings[0].Text != "nas.lan is 10.0.0.1" {
		t.Error("the original was changed")
	}
}

func TestMaskConfig(t *testing.T) {
	const text = `# a comment
relays:
  - {name: mine, url: "https://me:pw@relay.example.com/x", token: relay/mine, ca: /home/anna/ca.pem, proxy: "http://u:p@10.0.0.1:3128", proxy_password: proxy}
  - {name: odd, url: "https://relay.example.com", token: "Not A Name 1"}
claims: [{name: garage, answer: hold, hold: 2s, max_body: 32MiB, public_key: abcdef, accepted: {status: 202, body: hello}, parallel: 4}]
routes:
  - name: POST /in/abc123def456
    match: POST /in/abc123def456
    verify: {scheme: hmac, secret: github, header: X-Sig, user: anna, from: [10.0.0.0/8]}
    when: json.ref == "refs/heads/main" && header['X'] == ` + "`y`" + `
    script: {command: [/home/anna/deploy, --key, zzz], env: {A: 1, B: true, C: text}, timeout: 60s, sha256: 0123ab}
  - {match: /app/, forward: {to: "http://app.lan:80/secret", headers: {X: y}, strip: /app}, unverified: true}
history: {keep: 30d, max_size: 1GB, redact: [header.Authorization], off: false}
unknown: {deep: [text, 12]}
`
	const want = `relays:
- name: mine
  url: (https url, up to 128 characters)
  token: relay/mine
  ca: (path, up to 32 characters)
  proxy: (http url, up to 32 characters)
  proxy_password: (text, up to 8 characters)
- name: odd
  url: (https url, up to 32 characters)
  token: (text, up to 32 characters)
claims:
- name: garage
  answer: hold
  hold: 2s
  max_body: 32MiB
  public_key: (text, up to 8 characters)
  accepted:
    status: 202
    body: (text, up to 8 characters)
  parallel: 4
routes:
- name: (text, up to 32 characters)
  match: (text, up to 32 characters)
  verify:
    scheme: hmac
    secret: github
    header: (text, up to 8 characters)
    user: (text, up to 8 characters)
    from:
    - (text, up to 32 characters)
  when: (text, up to 128 characters)
  script:
    command:
    - (path, up to 32 characters)
    - (text, up to 8 characters)
    - (text, up to 8 characters)
    env:
      (key 1): (number)
      (key 2): (boolean)
      (key 3): (text, up to 8 characters)
    timeout: 60s
    sha256: (text, up to 8 characters)
- match: (path, up to 8 characters)
  forward:
    to: (http url, up to 32 characters)
    headers:
      (key 1): (text, up to 8 characters)
    strip: (path, up to 8 characters)
  unverified: true
history:
  keep: 30d
  max_size: 1GB
  redact:
  - (text, up to 32 characters)
  "off": false
(key 1):
  (key 1):
  - (text, up to 8 characters)
  - (number)
`
	if got := maskConfig(newMask(map[string][]string{"github": nil}), []byte(text)); got != want {
		t.Errorf("got\n%s", diffLines(want, got))
	}
	for _, none := range []string{"\t{", "relays: [", "- a\n- b\n"} {
		if got := maskConfig(newMask(nil), []byte(none)); got != "" {
			t.Errorf("%q: %q", none, got)
		}
	}
}

// TestMaskKeepsPorts: those of the configuration's URLs tell nobody a secret.
func TestMaskKeepsPorts(t *testing.T) {
	m := newMask(nil)
	maskConfig(m, []byte("relays: [{name: mine, url: 'http://127.0.0.1:7701', proxy: 'http://me:4711@proxy.lan:3128'}]\n"+
		"routes: [{match: /a, forward: {to: 'http://127.0.0.1:8123/5678'}}]\n"))
	const text = "http://127.0.0.1:7701: refused by proxy.lan:3128; dial tcp 127.0.0.1:8123; not 4711, 5678"
	const want = "http://127.0.0.1:7701: refused by (private host 1):3128; dial tcp 127.0.0.1:8123; not (configured), (configured)"
	if got := m.text(text); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// diffLines are the lines in which two texts differ.
func diffLines(want, got string) string {
	var out []string
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			out = append(out, "- "+a, "+ "+b)
		}
	}
	return strings.Join(out, "\n")
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{"http://a.local/x?y", "[fe80::1%eth0]:80", "Bearer x", "::::", "https://[::1", "a@b.cd", "token=" + strings.Repeat("a1", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		const secret = "pl4nted-Secret-Value"
		m := newMask(map[string][]string{"x": {secret}})
		if got := m.text(s + " " + secret + " " + s); strings.Contains(got, secret) {
			t.Errorf("%q: %q", s, got)
		}
		maskConfig(m, []byte(s))
	})
}
