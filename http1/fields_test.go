package http1

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// webhook is the head of a request as GitHub sends it.
const webhook = "POST /github/blog?x=1 HTTP/1.1\r\n" +
	"Host: garage.relay.example.com\r\n" +
	"User-Agent: GitHub-Hookshot/044aadd\r\n" +
	"Content-Length: 7\r\n" +
	"Accept: */*\r\n" +
	"Content-Type: application/json\r\n" +
	"X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\n" +
	"X-GitHub-Event: push\r\n" +
	"X-GitHub-Hook-ID: 292430182\r\n" +
	"X-GitHub-Hook-Installation-Target-ID: 79929171\r\n" +
	"X-GitHub-Hook-Installation-Target-Type: repository\r\n" +
	"X-Hub-Signature: sha1=7d38cdd689735b008b3c702edd92eea23791c5f6\r\n" +
	"X-Hub-Signature-256: sha256=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c\r\n" +
	"\r\n"

// head parses a request and returns its head; it panics, since it is for
// inputs that are known to be good.
func head(text string) *Head {
	r, err := received(text, Limits{}).ReadRequest()
	if err != nil {
		panic(err)
	}
	return &r.Head
}

// copied returns what CopyFields writes of a head.
func copied(h *Head, drop Kinds) string {
	var out bytes.Buffer
	w := NewWriter(&out)
	w.StartResponse(200, nil)
	w.Flush()
	out.Reset()
	w.CopyFields(h, drop)
	w.Flush()
	return out.String()
}

func TestKindOf(t *testing.T) {
	tests := map[string]Kind{
		"Host": Host, "Content-Length": ContentLength, "Transfer-Encoding": TransferEncoding,
		"Connection": Connection, "Keep-Alive": KeepAlive, "Proxy-Connection": ProxyConnection,
		"Proxy-Authenticate": ProxyAuthenticate, "Proxy-Authorization": ProxyAuthorization,
		"Proxy-Authentication-Info": ProxyAuthenticate, "Authentication-Info": Other, "Proxy": Other,
		"TE": TE, "Trailer": Trailer, "Upgrade": Upgrade, "HTTP2-Settings": HTTP2Settings,
		"Expect": Expect, "Via": Via, "Max-Forwards": MaxForwards, "Date": Date,
		"Forwarded": Forwarded, "X-Forwarded-For": XForwarded, "X-Forwarded-Anything": XForwarded, "X_Forwarded_For": XForwarded, "x.forwarded-Proto": XForwarded, "X_Real_IP": XForwarded,
		"Homehook_Delivery": Homehook, "PTTH!Ping": PTTH,
		"X-Real-IP": XForwarded, "Homehook-Delivery": Homehook, "PTTH-Ping": PTTH,

		"": Other, "X": Other, "Hosts": Other, "X-Forwarded-": Other, "X-Forwardedx": Other,
		"Homehook-": Other, "Homehook": Other, "PTTH-": Other, "PTTH": Other, "Content-Lengtg": Other,
		"Content_Length": Other, "Transfer-Encodin": Other, "Viá": Other, "X-Real-IQ": Other,
		"Trailers": Other, "Te-": Other, "Upgrad\x05": Other,
	}
	for name, want := range tests {
		for _, n := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if got := kindOf([]byte(n)); got != want {
				t.Errorf("%q: got %d, want %d", n, got, want)
			}
		}
	}
}

func TestKinds(t *testing.T) {
	s := KindsOf(Via, PTTH)
	for k := Other; k <= PTTH; k++ {
		if got, want := s.Has(k), k == Via || k == PTTH; got != want {
			t.Errorf("kind %d: got %v, want %v", k, got, want)
		}
	}
	for _, k := range []Kind{Other, Host, Expect, Via, Date, Forwarded, XForwarded, Homehook, PTTH, MaxForwards} {
		if HopByHop.Has(k) {
			t.Errorf("kind %d counts as hop-by-hop", k)
		}
	}
}

func TestFieldAccess(t *testing.T) {
	h := head("GET / HTTP/1.1\r\nhOST:a\r\nAccept: x, Y ,z\r\nX-A:  \t one \t\r\nx-a: two\r\nAccept: w\r\nX-B:\r\n\r\n")
	if h.Len() != 6 {
		t.Fatalf("got %d fields, want 6", h.Len())
	}
	var got []string
	for name, value := range h.All() {
		got = append(got, string(name)+"="+string(value))
	}
	want := []string{"hOST=a", "Accept=x, Y ,z", "X-A=one", "x-a=two", "Accept=w", "X-B="}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("All (-want +got):\n%s", d)
	}
	for range h.All() {
		break // an early stop must be honoured
	}
	if v, ok := h.Get("X-a"); !ok || string(v) != "one" {
		t.Errorf("Get: %q, %v", v, ok)
	}
	if v, ok := h.Get("x-b"); !ok || len(v) != 0 {
		t.Errorf("Get of an empty value: %q, %v", v, ok)
	}
	if _, ok := h.Get("X-C"); ok {
		t.Error("Get finds a field that is not there")
	}
	if v, ok := h.GetKind(Host); !ok || string(v) != "a" {
		t.Errorf("GetKind: %q, %v", v, ok)
	}
	if _, ok := h.GetKind(Date); ok {
		t.Error("GetKind finds a kind that is not there")
	}
	if n := h.Count("ACCEPT"); n != 2 {
		t.Errorf("Count: got %d, want 2", n)
	}
	for token, want := range map[string]bool{"x": true, "y": true, "Z": true, "w": true, "x, Y": false, "": false} {
		if h.HasToken("accept", token) != want {
			t.Errorf("HasToken %q: want %v", token, want)
		}
	}
	if name, value, kind := h.At(0); string(name) != "hOST" || string(value) != "a" || kind != Host {
		t.Errorf("At: %q, %q, %d", name, value, kind)
	}
}

func TestRemove(t *testing.T) {
	const text = "GET /a HTTP/1.1\r\nVia: 1\r\nHost: h\r\nX-Forwarded-For: 2\r\nA: b\r\nVIA:3\r\nHomehook-X: 4\r\n\r\n"
	tests := []struct {
		name  string
		kinds Kinds
		want  string
	}{
		{"nothing", 0, "Via: 1\r\nHost: h\r\nX-Forwarded-For: 2\r\nA: b\r\nVIA:3\r\nHomehook-X: 4\r\n"},
		{"absent kind", KindsOf(Date), "Via: 1\r\nHost: h\r\nX-Forwarded-For: 2\r\nA: b\r\nVIA:3\r\nHomehook-X: 4\r\n"},
		{"first and middle", KindsOf(Via), "Host: h\r\nX-Forwarded-For: 2\r\nA: b\r\nHomehook-X: 4\r\n"},
		{"last", KindsOf(Homehook), "Via: 1\r\nHost: h\r\nX-Forwarded-For: 2\r\nA: b\r\nVIA:3\r\n"},
		{"neighbours", KindsOf(Via, Host, XForwarded), "A: b\r\nHomehook-X: 4\r\n"},
		{"everything", KindsOf(Via, Host, XForwarded, Homehook, Other), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := received(text, Limits{}).ReadRequest()
			if err != nil {
				t.Fatal(err)
			}
			r.Remove(tt.kinds)
			if got := string(r.Raw()); got != "GET /a HTTP/1.1\r\n"+tt.want {
				t.Errorf("raw: got %q", got)
			}
			if got := copied(&r.Head, 0); got != tt.want {
				t.Errorf("copied: got %q, want %q", got, tt.want)
			}
			if v, ok := r.Get("A"); ok != strings.Contains(tt.want, "A: b") || ok && string(v) != "b" {
				t.Errorf("field A: %q, %v", v, ok)
			}
			if string(r.Method) != "GET" || string(r.Target) != "/a" {
				t.Errorf("request line: %q %q", r.Method, r.Target)
			}
		})
	}
}

// TestCopyFields holds that order, case and spacing survive, and only what is
// asked for goes.
func TestCopyFields(t *testing.T) {
	tests := []struct {
		name, fields string
		drop         Kinds
		want         string
	}{
		{"nothing to drop", "b:1\r\nA:   2  \r\nb: 3\r\n", 0, "b:1\r\nA:   2  \r\nb: 3\r\n"},
		{"framing always goes", "A: 1\r\nContent-Length: 0\r\nB: 2\r\n", 0, "A: 1\r\nB: 2\r\n"},
		{"chunked always goes", "Transfer-Encoding: chunked\r\nB: 2\r\n", 0, "B: 2\r\n"},
		{"first and last", "Via: x\r\nA: 1\r\nVia: y\r\n", KindsOf(Via), "A: 1\r\n"},
		{"everything", "Via: x\r\nVia: y\r\n", KindsOf(Via), ""},
		{"hop by hop", "Connection: Upgrade\r\nUpgrade: x\r\nTE: trailers\r\nTrailer: a\r\nKeep-Alive: a\r\n" +
			"Proxy-Connection: a\r\nProxy-Authorization: b\r\nProxy-Authenticate: c\r\nA: 1\r\n", HopByHop, "A: 1\r\n"},
		{"no fields", "", HopByHop, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := copied(head("POST / HTTP/1.1\r\n"+tt.fields+"\r\n"), tt.drop); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCopyFieldsOfWebhook(t *testing.T) {
	want := strings.Replace(webhook, "Content-Length: 7\r\n", "", 1)
	_, want, _ = strings.Cut(strings.TrimSuffix(want, "\r\n"), "\r\n")
	if got := copied(head(webhook), HopByHop); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNominatedInResponse: what Connection names in a response is dropped by
// the next hop.
func TestNominatedInResponse(t *testing.T) {
	r, err := received("HTTP/1.1 200 OK\r\nX-Hop: 1\r\nConnection: x-hop, close\r\nX-End: 2\r\nContent-Length: 0\r\n\r\n", Limits{}).ReadResponse([]byte("GET"))
	if err != nil {
		t.Fatal(err)
	}
	if got := copied(&r.Head, HopByHop); got != "X-End: 2\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestHeader(t *testing.T) {
	got := head("POST / HTTP/1.1\r\nHost: a\r\nx-b: 1\r\nX-B: 2\r\nContent-Length: 0\r\nACCEPT:\r\n\r\n").Header()
	want := http.Header{"X-B": {"1", "2"}, "Accept": {""}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if keys := slices.Sorted(maps.Keys(got)); len(keys) != 2 {
		t.Errorf("keys: %v", keys)
	}
}
