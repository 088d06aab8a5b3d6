package main_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"homehook/relay"
)

var update = flag.Bool("update", false, "write the examples of docs/protocols.md anew")

const protocolsDoc = "docs/protocols.md"

// TestProtocolExamples plays an agent and a sender byte by byte against the
// relay, and holds the conversations in docs/protocols.md against what was said.
func TestProtocolExamples(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(protocolsDoc)
	if err != nil {
		t.Fatal(err)
	}
	doc, said := string(data), make([]string, len(protocolExamples))
	t.Run("play", func(t *testing.T) {
		for i, e := range protocolExamples {
			t.Run(e.name, func(t *testing.T) {
				t.Parallel()
				said[i] = play(t, e.script)
			})
		}
	})
	for i, e := range protocolExamples {
		begin, end := "<!-- example: "+e.name+" -->\n```\n", "```\n<!-- end -->"
		before, rest, found := strings.Cut(doc, begin)
		written, after, ended := strings.Cut(rest, end)
		switch {
		case !found || !ended:
			t.Errorf("%s has no example %q", protocolsDoc, e.name)
		case *update:
			doc = before + begin + said[i] + end + after
		case written != said[i]:
			t.Errorf("%s differs from what was said; write it anew with: go test -run %s -update .\n%s", protocolsDoc, t.Name(), said[i])
		}
	}
	if *update {
		if err := os.WriteFile(protocolsDoc, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// conversation is what an agent, a sender and the relay say to each other.
type conversation struct {
	t     *testing.T
	addr  string
	token string
	conns map[string]*bufio.ReadWriter
	said  strings.Builder
}

func play(t *testing.T, script func(*conversation)) string {
	t.Helper()
	r, err := relay.New(t.Context(), relay.Options{Data: t.TempDir(), Hold: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	token, err := r.CreateToken(t.Context(), "me", 10)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.Serve(ctx, ln) })
	defer wg.Wait()
	defer cancel()
	c := &conversation{t: t, addr: ln.Addr().String(), token: token, conns: map[string]*bufio.ReadWriter{}}
	script(c)
	return c.cleaned()
}

// conn returns the connection of who speaks, opened at the first word.
func (c *conversation) conn(who string) *bufio.ReadWriter {
	if rw := c.conns[who]; rw != nil {
		return rw
	}
	nc, err := net.Dial("tcp", c.addr)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	rw := bufio.NewReadWriter(bufio.NewReader(nc), bufio.NewWriter(nc))
	c.conns[who] = rw
	return rw
}

// say sends a message, whose lines end with LF here, and notes it down.
func (c *conversation) say(who, head, body string) {
	c.t.Helper()
	head = strings.NewReplacer("$TOKEN", c.token, "$RELAY", c.addr).Replace(head)
	rw := c.conn(who)
	rw.WriteString(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n" + body)
	if err := rw.Flush(); err != nil {
		c.t.Fatal(err)
	}
	c.note(who, head+"\n"+body)
}

// hear reads one message that the relay sends to somebody, notes it down and
// returns it.
func (c *conversation) hear(who string) string {
	c.t.Helper()
	rw := c.conn(who)
	var head strings.Builder
	length := 0
	for {
		line, err := rw.ReadString('\n')
		if err != nil {
			c.t.Fatalf("%s heard %q, then %v", who, head.String(), err)
		}
		line = strings.TrimSuffix(line, "\r\n")
		head.WriteString(line + "\n")
		if line == "" {
			break
		}
		if name, value, _ := strings.Cut(line, ": "); strings.EqualFold(name, "Content-Length") {
			length, _ = strconv.Atoi(value)
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(rw, body); err != nil {
		c.t.Fatal(err)
	}
	text := head.String() + string(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")))
	c.note("relay → "+who, text)
	return text
}

func (c *conversation) note(who, text string) {
	if !strings.Contains(who, "→") {
		who += " → relay"
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if i > 0 {
			who = ""
		}
		fmt.Fprintln(&c.said, strings.TrimRight(fmt.Sprintf("%-15s │ %s", who, line), " "))
	}
	fmt.Fprintln(&c.said)
}

// What differs from run to run is written as it might look elsewhere.
var changing = []struct{ pattern, replace string }{
	{`127\.0\.0\.1:\d+`, "relay.example"},
	{`hh_[a-z2-7]{32}`, "hh_k3t…"},
	{`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`, "0198c2e1-…"},
	{`Date: [^\n]+`, "Date: Sun, 22 Nov 2026 05:11:09 GMT"},
	{`\d{4}-\d\d-\d\dT[\d:.]+Z`, "2026-11-22T05:11:09.125Z"},
	{`homehook-[0-9a-f]{8}`, "homehook-5f0c21d9"},
	{`/reversehttp/garage/[a-z2-7]{16,}/[a-z2-7]{16,}`, "/reversehttp/garage/5dq…/7rk…"},
	{`/reversehttp/garage/[a-z2-7]{16,}`, "/reversehttp/garage/5dq…"},
	{`"message-id":"[^"]+"`, `"message-id":"m4…"`},
	{`Message-Id: [^\n]+`, "Message-Id: m4…"},
	{`Requesting-Client: [^\n]+`, "Requesting-Client: 203.0.113.7:40112"},
	{`for=127\.0\.0\.1`, "for=203.0.113.7"},
	{`"127\.0\.0\.1"`, `"203.0.113.7"`},
	{`X-Forwarded-For: 127\.0\.0\.1`, "X-Forwarded-For: 203.0.113.7"},
}

func (c *conversation) cleaned() string {
	text := c.said.String()
	for _, s := range changing {
		text = regexp.MustCompile(s.pattern).ReplaceAllString(text, s.replace)
	}
	return strings.TrimRight(text, "\n") + "\n"
}

// find returns what a pattern with one group finds.
func (c *conversation) find(text, pattern string) string {
	c.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		c.t.Fatalf("no %s in %q", pattern, text)
	}
	return m[1]
}

const (
	senderPost = "POST /~garage/hook?a=b HTTP/1.1\nHost: $RELAY\nContent-Type: text/plain\nContent-Length: 5\n"
	okHead     = "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 4\n"
)

var protocolExamples = []struct {
	name   string
	script func(*conversation)
}{
	{"ptth", func(c *conversation) {
		c.say("agent", "GET /.well-known/ptth/http%3A%2F%2Fgarage.localhost/ HTTP/1.1\nHost: $RELAY\nAuthorization: Bearer $TOKEN\nUpgrade: ptth\nConnection: Upgrade\nALPN: h2, http%2F1.1\n", "")
		c.hear("agent")
		preface := make([]byte, 24)
		if _, err := io.ReadFull(c.conn("agent"), preface); err != nil {
			c.t.Fatal(err)
		}
		c.note("relay → agent", strings.TrimRight(strings.ReplaceAll(string(preface), "\r\n", "\n"), "\n")+"\n(HTTP/2 frames from here on)")
	}},
	{"ptth/1.0", func(c *conversation) {
		c.say("agent", "POST /ptth/garage HTTP/1.1\nHost: $RELAY\nAuthorization: Bearer $TOKEN\nUpgrade: PTTH/1.0\nConnection: Upgrade\nPTTH-Ping: 20\nPTTH-Max-Conns: 32\nContent-Length: 0\n", "")
		c.hear("agent")
		c.say("sender", senderPost, "hello")
		c.hear("agent")
		c.say("agent", okHead, "busy")
		c.hear("sender")
	}},
	{"ptth/0.9", func(c *conversation) {
		c.say("agent", "POST /ptth/garage/$TOKEN HTTP/1.1\nUpgrade: PTTH/0.9\n", "")
		c.hear("agent")
	}},
	{"parked", func(c *conversation) {
		const park = "POST /ptth/garage?park HTTP/1.1\nHost: $RELAY\nAuthorization: Bearer $TOKEN\nUpgrade: PTTH/1.0\nConnection: Upgrade\n"
		c.say("agent", park, "")
		c.hear("agent")
		c.say("agent", park, "")
		c.hear("agent")
		c.say("agent", park, "")
		c.say("sender", "GET /~garage/status HTTP/1.1\nHost: $RELAY\n", "")
		c.hear("agent")
		c.hear("agent")
		c.say("agent", okHead, "busy")
		c.hear("sender")
	}},
	{"comet", func(c *conversation) {
		const poll = "POST /comet/garage HTTP/1.1\nHost: $RELAY\nAuthorization: Bearer $TOKEN\n"
		c.say("agent", poll+"Content-Length: 0\n", "")
		c.hear("agent")
		c.say("agent", poll+"Content-Length: 0\n", "")
		c.say("sender", senderPost, "hello")
		id := c.find(c.hear("agent"), `"message-id":"([^"]+)"`)
		reply := fmt.Sprintf(`{"message-id":%q,"http-version":"PTTH/0.9","status":200,"reason":"OK","headers":[["Content-Type","text/plain"]],"body":"busy"}`, id)
		c.say("agent", poll+"Content-Type: application/json\nContent-Length: "+strconv.Itoa(len(reply))+"\n", reply)
		c.hear("sender")
	}},
	{"comet text", func(c *conversation) {
		const poll = "POST /comet/garage HTTP/1.1\nHost: $RELAY\nAuthorization: Bearer $TOKEN\nAccept: message/http\n"
		c.say("agent", poll+"Content-Length: 0\n", "")
		c.hear("agent")
		c.say("agent", poll+"Content-Length: 0\n", "")
		c.say("sender", senderPost, "hello")
		id := c.find(c.hear("agent"), `Message-Id: (\S+)`)
		reply := strings.ReplaceAll(okHead, "\n", "\r\n") + "\r\nbusy"
		c.say("agent", poll+"Content-Type: message/http\nMessage-Id: "+id+"\nContent-Length: "+strconv.Itoa(len(reply))+"\n", reply)
		c.hear("sender")
	}},
	{"reversehttp", func(c *conversation) {
		form := "name=garage&token=" + c.token + "&lease=60"
		c.say("agent", "POST /reversehttp HTTP/1.1\nHost: $RELAY\nContent-Type: application/x-www-form-urlencoded\nContent-Length: "+strconv.Itoa(len(form))+"\n", form)
		first := c.find(c.hear("agent"), `<http://[^/]+(/[^>]+)>; rel="first"`)
		c.say("agent", "GET "+first+" HTTP/1.1\nHost: $RELAY\n", "")
		c.hear("agent")
		c.say("agent", "GET "+first+" HTTP/1.1\nHost: $RELAY\n", "")
		c.say("sender", senderPost, "hello")
		c.hear("agent")
		reply := strings.ReplaceAll(okHead, "\n", "\r\n") + "\r\nbusy"
		c.say("agent", "POST "+first+" HTTP/1.1\nHost: $RELAY\nContent-Type: message/http\nContent-Length: "+strconv.Itoa(len(reply))+"\n", reply)
		c.hear("sender")
		c.hear("agent")
	}},
	{"426", func(c *conversation) {
		c.say("agent", "GET /ptth/garage HTTP/1.1\nHost: $RELAY\n", "")
		c.hear("agent")
	}},
	{"problem", func(c *conversation) {
		c.say("sender", "GET /~nobody/ HTTP/1.1\nHost: $RELAY\nAccept: application/problem+json\n", "")
		c.hear("sender")
	}},
}
