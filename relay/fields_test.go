package relay

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestRequestAtTheAgent compares what the agent gets, byte for byte, with what
// the sender sent.
func TestRequestAtTheAgent(t *testing.T) {
	tr := startRelay(t, Options{})
	var got seen
	tr.agent(t, "garage", 1, got.record)
	status, _ := tr.ask(t, "POST /~garage/Hook/%41?q=%20a&b HTTP/1.1\r\n"+
		"host: Relay.example:8443\r\n"+
		"X-Hub-Signature-256:   sha256=abc\r\n"+
		"x-lower: 1\r\n"+
		"Via: 1.1 other\r\n"+
		"X-Twice: 1\r\n"+
		"X-Forwarded-For: 10.0.0.1\r\nX_Forwarded_For: 10.0.0.2\r\nx_real.ip: 10.0.0.3\r\nHomehook_Delivery: mine\r\n"+
		"x-forwarded-proto: https\r\n"+
		"X-Real-IP: 10.0.0.1\r\n"+
		"Forwarded: for=10.0.0.1\r\n"+
		"Homehook-Delivery: forged\r\n"+
		"homehook-accepted: forged\r\n"+
		"PTTH-Ping: 5\r\n"+
		"TE: trailers\r\n"+
		"Upgrade: PTTH/1.0\r\n"+
		"Keep-Alive: timeout=5\r\n"+
		"Expect: 100-continue\r\n"+
		"X-Twice: 2\r\n"+
		"Max-Forwards: 7\r\n"+
		"Connection: close, Upgrade\r\n"+
		"Content-Length: 5\r\n\r\nhello")
	if status != 200 && status != 100 {
		t.Fatalf("status %d", status)
	}
	head := got.last(t)
	head = regexp.MustCompile(`Homehook-Delivery: [0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\r\n`).ReplaceAllString(head, "Homehook-Delivery: ID\r\n")
	head = regexp.MustCompile(`Homehook-Received: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\r\n`).ReplaceAllString(head, "Homehook-Received: TIME\r\n")
	want := "POST /Hook/%41?q=%20a&b HTTP/1.1\r\n" +
		"host: Relay.example:8443\r\n" +
		"X-Hub-Signature-256:   sha256=abc\r\n" +
		"x-lower: 1\r\n" +
		"Via: 1.1 other\r\n" +
		"X-Twice: 1\r\n" +
		"X-Twice: 2\r\n" +
		"Max-Forwards: 7\r\n" +
		"Via: " + string(tr.via) + "\r\n" +
		"Forwarded: for=127.0.0.1;host=\"Relay.example:8443\";proto=http\r\n" +
		"X-Forwarded-For: 127.0.0.1\r\n" +
		"X-Forwarded-Host: Relay.example:8443\r\n" +
		"X-Forwarded-Proto: http\r\n" +
		"X-Forwarded-Prefix: /~garage\r\n" +
		"Homehook-Delivery: ID\r\n" +
		"Homehook-Received: TIME\r\n" +
		"Homehook-Attempt: 1\r\n" +
		"Homehook-Answer: through\r\n" +
		"Content-Length: 5\r\n"
	if diff := cmp.Diff(want, head); diff != "" {
		t.Errorf("head at the agent (-want +got):\n%s", diff)
	}
	if got.body[0] != "hello" {
		t.Errorf("body %q", got.body[0])
	}
}

// TestForgedFields writes what only a relay may write. The socket decides, in
// every dialect; what else the sender says arrives as it was.
func TestForgedFields(t *testing.T) {
	const forged = "192.0.2.99"
	everyDialect(t, Options{}, func(t *testing.T, tr *testRelay, dialect string, got *seen) {
		status, _ := tr.ask(t, "POST /~garage/ HTTP/1.1\r\nHost: r\r\nX-Forwarded-For: "+forged+"\r\nX-Real-IP: "+forged+
			"\r\nForwarded: for="+forged+"\r\nX-Forwarded-Prefix: /"+forged+"\r\nHomehook-Delivery: "+forged+
			"\r\nHomehook-Accepted: "+forged+"\r\nPTTH-Ping: 9\r\nProxy: http://evil.example\r\nX-Twice: 1\r\nX-Twice: 2\r\n"+
			"Cookie: a=b\r\nAuthorization: Basic dTpw\r\nRange: bytes=1-2\r\nIf-None-Match: \"x\"\r\nAccept-Encoding: br\r\n"+
			"Connection: close\r\nContent-Length: 5\r\n\r\nhello")
		head := got.last(t)
		if status != 200 || strings.Contains(head, forged) || got.body[0] != "hello" {
			t.Fatalf("%d, the agent got %q and body %q", status, head, got.body)
		}
		for _, field := range []string{
			"Proxy: http://evil.example", "Cookie: a=b", "Authorization: Basic dTpw", "Range: bytes=1-2",
			"If-None-Match: \"x\"", "Accept-Encoding: br", "X-Forwarded-For: 127.0.0.1", "Via: " + string(tr.via), "Host: r",
		} {
			if !strings.Contains(strings.ToLower(head), strings.ToLower("\r\n"+field+"\r\n")) {
				t.Errorf("no %q in %q", field, head)
			}
		}
		first, second := strings.Index(head, "X-Twice: 1\r\n"), strings.Index(head, "X-Twice: 2\r\n")
		if first < 0 || second < first {
			t.Errorf("a repeated field lost its order in %q", head)
		}
		if strings.Contains(strings.ToLower(head), "ptth-ping") {
			t.Errorf("a field of the relay's own in %q", head)
		}
	})
}

func TestMaxForwardsIsCounted(t *testing.T) { everyDialect(t, Options{}, maxForwardsIsCounted) }

func maxForwardsIsCounted(t *testing.T, tr *testRelay, _ string, got *seen) {
	for _, n := range []int{1, 3} {
		tr.ask(t, fmt.Sprintf("OPTIONS /~garage/ HTTP/1.1\r\nHost: r\r\nMax-Forwards: %d\r\nConnection: close\r\n\r\n", n))
		if head := got.last(t); !strings.Contains(head, fmt.Sprintf("\r\nMax-Forwards: %d\r\n", n-1)) || strings.Count(head, "Max-Forwards") != 1 {
			t.Errorf("Max-Forwards %d arrives in %q", n, head)
		}
	}
}

func TestAuthorityOutranksHost(t *testing.T) {
	tr := startRelay(t, Options{})
	var got seen
	tr.agent(t, "garage", 1, got.record)
	tr.ask(t, "GET http://garage.localhost:99/a HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n")
	head := got.last(t)
	if strings.Contains(head, "Host: other") || !strings.Contains(head, "\r\nHost: garage.localhost:99\r\n") {
		t.Errorf("the agent got %q", head)
	}
}

func TestViaLoop(t *testing.T) { everyDialect(t, Options{}, viaLoop) }

func viaLoop(t *testing.T, tr *testRelay, _ string, got *seen) {
	via := string(tr.via)
	for n, want := range []int{200, 200, 508, 508} {
		status, _ := tr.ask(t, "GET /~garage/ HTTP/1.1\r\nHost: r\r\nVia: 1.1 a"+strings.Repeat(", "+via, n)+"\r\nConnection: close\r\n\r\n")
		if status != want {
			t.Errorf("own Via %d times: %d, want %d", n, status, want)
		}
	}
	if status, _ := tr.ask(t, "GET /~garage/ HTTP/1.1\r\nHost: r\r\nVia: "+via+"\r\nVia: "+via+"\r\nConnection: close\r\n\r\n"); status != 508 {
		t.Errorf("own Via in two fields: %d, want 508", status)
	}
}

// TestAnswerAtTheSender holds what an answer loses and gains.
func TestAnswerAtTheSender(t *testing.T) {
	tr := startRelay(t, Options{})
	tr.agent(t, "garage", 1, func(_ context.Context, x *http1.Exchange) {
		x.Start(207, []byte("Many things"))
		x.Field("x-CASE", "1")
		x.Field("Set-Cookie", "a=b; Path=/")
		x.Field("Set-Cookie", "c=d; Domain=.localhost")
		x.Field("Set-Cookie", "e=f; domain=garage.localhost; Secure")
		x.Field("Homehook-Accepted", "id")
		x.Field("PTTH-Ping", "1")
		x.Field("Keep-Alive", "timeout=50")
		x.EndLength(2)
		x.Write([]byte("ok"))
		x.Finish()
	})
	tests := []struct {
		name, send string
		cookies    []string
	}{
		{"host mode", "GET / HTTP/1.1\r\nHost: garage.localhost\r\nConnection: close\r\n\r\n", []string{"a=b; Path=/", "e=f; domain=garage.localhost; Secure"}},
		{"path mode", "GET /~garage/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", []string{"a=b; Path=/~garage/"}},
		{"HEAD in path mode", "HEAD /~garage/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", []string{"a=b; Path=/~garage/"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			head, body, _ := strings.Cut(tr.raw(t, tt.send), "\r\n\r\n")
			lines := strings.Split(head, "\r\n")
			if lines[0] != "HTTP/1.1 207 Many things" || lines[1] != "x-CASE: 1" {
				t.Errorf("answer %q", head)
			}
			if want := strings.HasPrefix(tt.send, "GET"); (body == "ok") != want {
				t.Errorf("body %q", body)
			}
			var cookies []string
			for _, l := range lines {
				if v, ok := strings.CutPrefix(l, "Set-Cookie: "); ok {
					cookies = append(cookies, v)
				}
			}
			if diff := cmp.Diff(tt.cookies, cookies); diff != "" {
				t.Errorf("cookies (-want +got):\n%s", diff)
			}
			for _, word := range []string{"Homehook-", "PTTH-", "Keep-Alive"} {
				if strings.Contains(head, word) {
					t.Errorf("%s is passed on: %q", word, head)
				}
			}
			if !strings.Contains(head, "\r\nVia: "+string(tr.via)) || strings.Count(head, "Content-Length: 2") != 1 {
				t.Errorf("no Via or no length in %q", head)
			}
		})
	}
}
