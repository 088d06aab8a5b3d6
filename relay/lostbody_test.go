package relay

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"homehook/http1"
	"homehook/ptth"
)

// spoilt has the relay accept a long body between two deliveries while home is
// away, and then changes the body's file.
func (tr *testRelay) spoilt(t *testing.T, data, request string, spoil func(file string, content []byte) error) {
	t.Helper()
	tr.accepted(t, "/before")
	if status, body := tr.ask(t, request); status != 202 {
		t.Fatalf("got %d %q", status, body)
	}
	tr.accepted(t, "/after")
	found, err := filepath.Glob(filepath.Join(data, "bodies", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("files %v, %v", found, err)
	}
	content, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := spoil(found[0], content); err != nil {
		t.Fatal(err)
	}
}

// TestSpoiltBody: a body that the disk has not kept is never taken for a delivery at
// home, and those behind it get through.
func TestSpoiltBody(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcdef", 40_000) // 640,000 bytes
	requests := map[string]string{
		"length":   "POST /~garage/long HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Length: 640000\r\n\r\n" + long,
		"trailers": "POST /~garage/long HTTP/1.1\r\nHost: r\r\nConnection: close\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n9c400\r\n" + long + "\r\n0\r\nX-Sum: 5\r\n\r\n",
	}
	ways := map[string]func(file string, content []byte) error{
		"a changed byte": func(file string, content []byte) error {
			content[len(content)-70_000] ^= 1
			return os.WriteFile(file, content, 0o600)
		},
		"cut":  func(file string, _ []byte) error { return os.Truncate(file, 300_000) },
		"gone": removeFile,
	}
	agents := map[string]func(t *testing.T, tr *testRelay, h *home){
		"ours":           func(t *testing.T, tr *testRelay, h *home) { tr.agent(t, "garage", 2, h.handle) },
		"ours, ptth":     func(t *testing.T, tr *testRelay, h *home) { tr.agentOf(t, ptth.DialectPTTH, "garage", 1, h.handle) },
		"foreign":        func(t *testing.T, tr *testRelay, h *home) { tr.foreignOf(t, ptth.Dialect10, "garage", 2, h.handle) },
		"foreign, parks": func(t *testing.T, tr *testRelay, h *home) { tr.foreignOf(t, parkedMode, "garage", 2, h.handle) },
	}
	for how, request := range requests {
		for way, spoil := range ways {
			for agent, dial := range agents {
				t.Run(how+" "+way+" "+agent, func(t *testing.T) {
					t.Parallel()
					data := t.TempDir()
					tr := startRelay(t, Options{Data: data})
					tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
					tr.spoilt(t, data, request, spoil)
					h := &home{Foreign: strings.HasPrefix(agent, "foreign")}
					if h.Foreign {
						h.Answer = func(x *http1.Exchange, _ int) { x.Text(200, "done") }
					}
					dial(t, tr, h)
					tr.emptied(t)
					if s := tr.queue().Stats(); s.Lost != 1 || s.Dones != 2 {
						t.Errorf("%+v", s)
					}
					var paths []string
					h.mu.Lock()
					defer h.mu.Unlock()
					for _, path := range h.paths { // some wait there for the one that never comes
						paths = append(paths, strings.TrimPrefix(path, "/~garage"))
					}
					slices.Sort(paths)
					if !slices.Equal(paths, []string{"/after", "/before"}) {
						t.Errorf("home took %v", paths)
					}
					if !strings.Contains(tr.log.String(), "table lost") {
						t.Error("nothing is in the log")
					}
				})
			}
		}
	}
}

func removeFile(file string, _ []byte) error { return os.Remove(file) }

// TestWholeBodyKept holds a long body that nobody has touched to what was sent.
func TestWholeBodyKept(t *testing.T) {
	data := t.TempDir()
	tr := startRelay(t, Options{Data: data})
	tr.claimOf(t, claimRecord{Name: "garage", Answer: answerStore})
	long := bytes.Repeat([]byte("x"), 640_000)
	tr.spoilt(t, data, "POST /~garage/long HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Length: 640000\r\n\r\n"+string(long),
		func(string, []byte) error { return nil })
	h := &home{}
	tr.agent(t, "garage", 1, h.handle)
	tr.emptied(t)
	if got := h.order(); len(got) != 3 || h.bodies[1] != string(long) {
		t.Errorf("home got %v", got)
	}
}
