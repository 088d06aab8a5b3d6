package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// scene is a message of a sender, and what the receiver knows.
type scene struct {
	scheme *Scheme
	secret string // both have it
	m      *Message
	fields []Header
	here   string // the secret that the receiver has
	rnd    *rand.Rand
}

// presets are those that the faults are tried with.
var presets = []string{"github", "paddle", "shopify", "slack", "square", "standard", "stripe", "twilio"}

func newScene(t *testing.T, name string, rnd *rand.Rand) *scene {
	s := schemeFor(t, name)
	key := make([]byte, 24)
	for i := range key {
		key[i] = byte(rnd.Uint32())
	}
	c := &scene{scheme: s, rnd: rnd, secret: hex.EncodeToString(key)}
	switch name {
	case "standard":
		c.secret = "whsec_" + base64.StdEncoding.EncodeToString(key)
	case "stripe":
		c.secret = "whsec_" + base64.RawURLEncoding.EncodeToString(key)
	}
	c.m = &Message{Method: "POST", URL: "https://garage.relay.example/hooks/in?x=1", Received: now, Body: c.payload(name)}
	c.here = c.secret
	c.sign(t, now.Add(-time.Duration(rnd.IntN(200))*time.Second))
	return c
}

// payload makes a body as senders write theirs.
func (c *scene) payload(name string) []byte {
	id, amount := c.rnd.Uint64(), c.rnd.IntN(100_000)
	if name == "twilio" {
		form := url.Values{"CallSid": {fmt.Sprintf("CA%x", id)}, "To": {"+1 800 555 1212"}, "Body": {"Grüße & mehr"}}
		return []byte(form.Encode())
	}
	text := fmt.Sprintf(`{"type":"charge.succeeded","id":"evt_%d","livemode":true,"data":{"object":{"amount":%d,"url":"https://example.com/a","note":"Grüße <b>&</b>","tags":["x","y"],"rate":1.50}}}`, id, amount)
	n, _ := readJSON([]byte(text))
	s := spaces[c.rnd.IntN(4)]
	s.escape = escapes[[]int{0, 1, 4, 5}[c.rnd.IntN(4)]]
	var b strings.Builder
	s.write(&b, &n, 0)
	return []byte(b.String())
}

func (c *scene) sign(t *testing.T, at time.Time) {
	t.Helper()
	m := *c.m
	m.Header = nil
	fields, err := c.scheme.Sign(&m, []byte(c.secret), at)
	if err != nil {
		t.Fatal(err)
	}
	c.fields = fields
}

// signature is the field with the signature.
func (c *scene) signature() *Header {
	name := c.scheme.layouts[0].signature
	return &c.fields[slices.IndexFunc(c.fields, func(h Header) bool { return h.Name == name })]
}

// fault spoils a scene and returns what the cause has to be called, "" where
// the sender cannot be spoilt so.
type fault struct {
	name  string
	spoil func(t *testing.T, c *scene) string
}

var faults = []fault{
	{"wrong secret", func(t *testing.T, c *scene) string {
		c.here = newScene(t, c.scheme.name, c.rnd).secret
		return "the secret here is not the one that the sender signs with"
	}},
	{"secret of the test mode", func(t *testing.T, c *scene) string {
		switch c.scheme.name {
		case "stripe", "square":
			c.m.Body = bytes.Replace(c.m.Body, []byte("true"), []byte("false"), 1)
			c.sign(t, now)
		case "shopify":
			c.fields = append(c.fields, Header{"X-Shopify-Test", "true"})
		default:
			return ""
		}
		c.here = newScene(t, c.scheme.name, c.rnd).secret
		return "test mode"
	}},
	{"secret spoilt in copying", func(_ *testing.T, c *scene) string {
		switch n := c.rnd.IntN(4); n {
		case 0:
			c.here += " "
			return "white space"
		case 1:
			c.here = `"` + c.here + `"`
			return "quotation marks"
		case 2:
			c.here += c.here
			return "pasted twice"
		default:
			c.here = "secret=" + c.here
			return "before it"
		}
	}},
	{"body changed on the way", func(_ *testing.T, c *scene) string {
		twilio := c.scheme.name == "twilio"
		switch n := c.rnd.IntN(4); {
		case n == 0:
			c.m.Body = append(c.m.Body, '\n')
			return "newline was added"
		case n == 1:
			c.m.Body = append([]byte("\ufeff"), c.m.Body...)
			return "byte order mark"
		case twilio:
			text, _ := url.QueryUnescape(string(c.m.Body))
			c.m.Body = []byte(text)
			return "body changed on the way"
		case n == 2 && bytes.Contains(c.m.Body, []byte("\n")):
			c.m.Body = bytes.ReplaceAll(c.m.Body, []byte("\n"), []byte("\r\n"))
			return "CR LF"
		default:
			c.m.Body = append(c.m.Body, "\r\n"...)
			return "newline was added"
		}
	}},
	{"body written anew", func(t *testing.T, c *scene) string {
		if c.scheme.name == "twilio" {
			return ""
		}
		was := c.m.Body
		if n, _ := readJSON(was); c.rnd.IntN(2) == 0 {
			s := style{comma: ",", colon: ":", escape: escapes[5]}
			if c.rnd.IntN(2) == 0 {
				s = style{comma: ", ", colon: ": ", escape: escapes[1]}
			}
			var b strings.Builder
			s.write(&b, &n, 0)
			if c.m.Body = []byte(b.String()); bytes.Equal(was, c.m.Body) {
				c.m.Body = append([]byte("\t"), was...) // nothing was changed
				return "white space"
			}
			return "written anew"
		}
		var v any
		if err := json.Unmarshal(was, &v); err != nil {
			t.Fatal(err)
		}
		c.m.Body, _ = json.Marshal(v) // in alphabetical order: the sender's cannot be known
		return "alphabetical order"
	}},
	{"signed as another sender", func(t *testing.T, c *scene) string {
		others := []string{"github", "stripe", "slack", "shopify", "zoom", "xero"}
		name := others[c.rnd.IntN(len(others))]
		if name == c.scheme.name {
			name = "dropbox"
		}
		o := schemeFor(t, name)
		m := *c.m
		m.Header = nil
		var err error
		if c.fields, err = o.Sign(&m, []byte(c.secret), now); err != nil {
			t.Fatal(err)
		}
		return "signed as " + o.title
	}},
	{"another encoding", func(t *testing.T, c *scene) string {
		h := c.signature()
		at := strings.LastIndexAny(strings.TrimRight(h.Value, "="), "=,") + 1
		text := h.Value[at:]
		if b, err := hex.DecodeString(text); err == nil {
			h.Value = h.Value[:at] + base64.StdEncoding.EncodeToString(b)
			return "base64 instead of hexadecimal"
		}
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		h.Value = h.Value[:at] + hex.EncodeToString(b)
		return "hexadecimal digits instead of base64"
	}},
	{"prefix", func(_ *testing.T, c *scene) string {
		h, l := c.signature(), &c.scheme.layouts[0]
		if l.bare != "" {
			h.Value = "sha256=" + h.Value
			return "before it"
		}
		before := l.tags[0] + l.tag
		if c.rnd.IntN(2) == 0 {
			h.Value = strings.Replace(h.Value, before, before+before, 1)
			return before + " before it twice"
		}
		h.Value = strings.Replace(h.Value, before, "", 1)
		return "lacks " + before
	}},
	{"clock", func(t *testing.T, c *scene) string {
		if c.scheme.window == untimed {
			return ""
		}
		off := 301 + c.rnd.IntN(80_000)
		if c.scheme.window == past {
			c.sign(t, now.Add(-time.Duration(off)*time.Second))
			return fmt.Sprintf("too old by %d s", off-300)
		}
		c.sign(t, now.Add(time.Duration(off)*time.Second))
		return fmt.Sprintf("too early by %d s", off-300)
	}},
	{"too old", func(t *testing.T, c *scene) string {
		if c.scheme.window == untimed {
			return ""
		}
		c.sign(t, now.Add(-301*time.Second))
		return "too old by 1 s"
	}},
	{"another URL", func(_ *testing.T, c *scene) string {
		if !strings.Contains(c.scheme.signed, "{url}") {
			return ""
		}
		list := []struct{ url, want string }{
			{"http://garage.relay.example/hooks/in?x=1", "with https://"},
			{"https://garage.relay.example/~garage/hooks/in?x=1", "without /~garage"},
			{"https://garage.relay.example/hooks/in/?x=1", "without the slash at the end"},
			{"https://garage.relay.example:8443/hooks/in?x=1", "without the port 8443"},
		}
		one := list[c.rnd.IntN(len(list))]
		if strings.Contains(one.want, "port") && c.scheme.name == "twilio" {
			one = list[0] // takes both
		}
		c.m.URL = one.url
		return one.want
	}},
}

// TestDetective spoils messages of eight senders in every way, and counts how
// often the cause is named.
func TestDetective(t *testing.T) {
	const seeds = 25
	named, tried := 0, 0
	for _, f := range faults {
		row := make([]string, 0, len(presets))
		for _, preset := range presets {
			hit, all := 0, 0
			for seed := range uint64(seeds) {
				c := newScene(t, preset, rand.New(rand.NewPCG(seed, uint64(len(f.name)))))
				want := f.spoil(t, c)
				if want == "" {
					break
				}
				all++
				got := c.verify(t)
				if strings.Contains(got, want) {
					hit++
				} else {
					t.Logf("%s of %s: %q is not in %q", f.name, preset, want, got)
				}
			}
			cell := "-"
			if all > 0 {
				cell = fmt.Sprintf("%d/%d", hit, all)
			}
			row = append(row, cell)
			named, tried = named+hit, tried+all
		}
		t.Logf("%-26s %s", f.name, strings.Join(row, "  "))
	}
	share := 100 * float64(named) / float64(tried)
	t.Logf("%d faults × %d presets, %d messages: the cause is named in %.1f %%", len(faults), len(presets), tried, share)
	if share < 95 {
		t.Errorf("%.1f %% are named", share)
	}
}

// verify returns what the receiver reads, which must hold no secret and no
// signature.
func (c *scene) verify(t *testing.T) string {
	t.Helper()
	c.m.Header = Fields(c.fields)
	step, detail := failed(c.scheme.Verify(c.m, bytesOf(c.here), 0))
	if step == "" {
		t.Error("a spoilt message passes")
	}
	hidden := []string{c.secret, c.here, strings.TrimPrefix(c.secret, "whsec_")}
	bare := *c.m
	bare.Header = nil
	for _, secret := range []string{c.secret, c.here} {
		if set, err := c.scheme.Sign(&bare, []byte(secret), now); err == nil {
			for _, h := range set {
				hidden = append(hidden, h.Value)
			}
		}
	}
	for _, h := range c.fields {
		hidden = append(hidden, h.Value)
	}
	for _, h := range hidden {
		if len(h) > 10 && strings.Contains(detail, h) {
			t.Errorf("%q holds %q", detail, h)
		}
	}
	return detail
}
