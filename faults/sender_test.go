package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// relayLike is a relay as a sender sees it: it answers as the test says, and
// keeps what it got.
type relayLike struct {
	mu     sync.Mutex
	bodies map[string][]string // digests by path
	fields []http.Header
	answer func(n int, w http.ResponseWriter)
	n      int
}

func (r *relayLike) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	sum := sha256.Sum256(body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if want := req.Header.Get(sizeField); want != strconv.Itoa(len(body)) {
		w.WriteHeader(400)
		return
	}
	r.bodies[req.URL.Path] = append(r.bodies[req.URL.Path], hex.EncodeToString(sum[:]))
	r.fields = append(r.fields, req.Header)
	r.n++
	r.answer(r.n, w)
}

func startRelayLike(t *testing.T, answer func(n int, w http.ResponseWriter)) (*relayLike, string) {
	t.Helper()
	r := &relayLike{bodies: make(map[string][]string), answer: answer}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, strings.TrimPrefix(server.URL, "http://")
}

func testSender(t *testing.T, addr string) (*sender, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := openLedger(path, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.close() })
	return &sender{name: "s", claim: "c", addr: addr, ledger: l, tally: newTally(), rng: rand.New(rand.NewPCG(1, 2))}, path
}

// TestSenderNotes compares the ledger with what the relay got, whatever the
// sizes and framing of bodies.
func TestSenderNotes(t *testing.T) {
	relay, addr := startRelayLike(t, func(n int, w http.ResponseWriter) {
		switch {
		case n%10 == 3:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(507)
		case n%10 == 7:
			panic(http.ErrAbortHandler) // the connection ends
		default:
			w.WriteHeader(202)
		}
	})
	s, path := testSender(t, addr)
	s.limit = 100
	if err := send(t.Context(), s).wait(); err != nil {
		t.Fatal(err)
	}
	all, err := readLedger(path)
	if err != nil || len(all) != 100 {
		t.Fatalf("%d requests in the ledger, %v", len(all), err)
	}
	accepted := 0
	for k, one := range all {
		if got := relay.bodies["/~c"+k.Path]; len(got) != 1 || got[0] != one.Digest {
			t.Errorf("%s: relay got %q, ledger says %s", k, got, one.Digest)
		}
		accepted += one.Accepted
	}
	if diff := cmp.Diff(map[string]int{"202": 80, "507": 10, "none": 10}, s.tally.answers()); accepted != 80 || diff != "" {
		t.Errorf("%d accepted, answers differ:\n%s", accepted, diff)
	}
	if s.tally.impatient != 0 || s.tally.count(2) != 80 || s.tally.count(507) != 10 {
		t.Errorf("tally: %+v", s.tally)
	}
}

// TestSenderRepeats sends what was refused again, with the same id and bytes.
func TestSenderRepeats(t *testing.T) {
	relay, addr := startRelayLike(t, func(n int, w http.ResponseWriter) {
		if n < 3 {
			w.WriteHeader(503)
		}
	})
	s, path := testSender(t, addr)
	s.repeats, s.size, s.limit = 5, 100, 1
	if err := send(t.Context(), s).wait(); err != nil {
		t.Fatal(err)
	}
	all, err := readLedger(path)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	got := relay.bodies["/~c/s/0"]
	if len(got) < 3 || got[0] != got[2] || all[key{"c", "/s/0"}].Accepted < 1 {
		t.Errorf("the relay got %q, the ledger has %+v", got, all)
	}
	for _, h := range relay.fields {
		if h.Get("X-Github-Delivery") != "s-0" {
			t.Errorf("fields %v", h)
		}
	}
	if s.tally.impatient != 2 {
		t.Errorf("%d refusals without Retry-After", s.tally.impatient)
	}
}

func TestCrowdStops(t *testing.T) {
	_, addr := startRelayLike(t, func(int, http.ResponseWriter) {})
	s, _ := testSender(t, addr)
	s.pause = time.Hour
	crowd := send(t.Context(), s)
	if err := until(t.Context(), 10*time.Second, "one request is answered", func() bool { return s.tally.count(200) == 1 }); err != nil {
		t.Fatal(err)
	}
	if err := crowd.stop(); err != nil {
		t.Fatal(err)
	}
	s.ledger.close()
	if err := send(t.Context(), s).wait(); err == nil {
		t.Error("a ledger that cannot be written is no error")
	}
}

// TestWire reads answers of every kind.
func TestWire(t *testing.T) {
	tests := []struct {
		name, answer string
		status       int
		body         string
		fails        bool
	}{
		{"plain", "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok", 202, "ok", false},
		{"informational first", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", false},
		{"until the end", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall", 200, "all", false},
		{"cut head", "HTTP/1.1 202 Acc", 0, "", true},
		{"cut body", "HTTP/1.1 202 Accepted\r\nContent-Length: 20\r\n\r\nok", 202, "ok", true},
		{"nothing", "", 0, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			go func() {
				nc, err := ln.Accept()
				if err != nil {
					return
				}
				defer nc.Close()
				req, err := http.ReadRequest(bufio.NewReader(nc))
				if err == nil {
					io.Copy(io.Discard, req.Body)
				}
				io.WriteString(nc, tt.answer)
			}()
			w := &wire{addr: ln.Addr().String(), timeout: 5 * time.Second}
			defer w.close()
			a, err := w.do(newRequest("r", key{"c", "/p"}, "", make([]byte, 100_000), tt.name == "plain"))
			if a.status != tt.status || a.body != tt.body || (err != nil) != tt.fails {
				t.Errorf("got %+v, %v", a, err)
			}
		})
	}
}

// TestHandler runs the script as the agent does.
func TestHandler(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		headers string
		args    []string
		attempt string
		fails   bool
		want    []string // marks of the lines
	}{
		{"whole", "Host: r\r\nx-faults-size: 4\r\n", nil, "1", false, []string{"whole"}},
		{"cut", "X-Faults-Size: 5\r\n", nil, "1", true, []string{"cut"}},
		{"no length", "Host: r\r\n", nil, "1", true, []string{"cut"}},
		{"slow", "X-Faults-Size: 4\r\n", []string{"10ms"}, "1", false, []string{"whole"}},
		{"later", "X-Faults-Size: 4\r\n", []string{"0s", "2"}, "1", true, nil},
		{"later has come", "X-Faults-Size: 4\r\n", []string{"0s", "2"}, "2", false, []string{"whole"}},
	}
	sum := sha256.Sum256([]byte("body"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			headers, runs := filepath.Join(dir, "headers"), filepath.Join(dir, "runs")
			if err := os.WriteFile(headers, []byte(tt.headers), 0o600); err != nil {
				t.Fatal(err)
			}
			env := []string{
				"HOMEHOOK_DELIVERY=id", "HOMEHOOK_CLAIM=c", "HOMEHOOK_PATH=/p", "HOMEHOOK_ATTEMPT=" + tt.attempt,
				"HOMEHOOK_HEADERS_FILE=" + headers,
			}
			_, err := output(env, "body", append([]string{self, "handler", runs}, tt.args...)...)
			if (err != nil) != tt.fails {
				t.Errorf("it ended with %v", err)
			}
			var want []ran
			for _, mark := range tt.want {
				want = append(want, ran{ID: "id", Key: key{"c", "/p"}, Digest: hex.EncodeToString(sum[:]), Cut: mark == "cut"})
			}
			got, err := readRuns(runs)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestLedgerMistakes(t *testing.T) {
	for name, text := range map[string]string{"accepted before it is sent": "+ c /p 202\n", "too short": "? c\n"} {
		path := filepath.Join(t.TempDir(), "ledger")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if all, err := readLedger(path); err == nil {
			t.Errorf("%s: %v", name, all)
		}
	}
}

// TestBodies holds that senders of different names and numbers send different
// bytes, now and then long ones.
func TestBodies(t *testing.T) {
	s, _ := testSender(t, "r")
	long, digests := 0, make(map[string]bool)
	for n := range 300 {
		r := s.next(n)
		digests[r.digest] = true
		if r.size > 256<<10 {
			long++
		}
	}
	if long == 0 || long > 60 || len(digests) < 290 {
		t.Errorf("%d long ones, %d different ones", long, len(digests))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.run(ctx); err != nil || s.tally.count(0) > 0 {
		t.Errorf("it sends after its end: %v", err)
	}
}
