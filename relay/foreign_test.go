package relay

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestForeignAgent lets an agent that others wrote answer behind the relay:
// reverse-http 1.3.0 from npm. HOMEHOOK_TEST_NODE_MODULES names the folder
// that it is installed in; CI sets it.
func TestForeignAgent(t *testing.T) {
	modules := os.Getenv("HOMEHOOK_TEST_NODE_MODULES")
	if modules == "" {
		t.Skip("HOMEHOOK_TEST_NODE_MODULES is not set")
	}
	tr := startRelay(t, Options{})
	_, port, _ := strings.Cut(tr.addr, ":")
	ctx, cancel := context.WithCancel(t.Context())
	node := exec.CommandContext(ctx, "node", "testdata/foreign-agent.js", port, "/ptth/garage/"+tr.token)
	node.Env = append(os.Environ(), "NODE_PATH="+modules)
	node.Stderr = t.Output()
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	defer node.Wait()
	defer cancel()
	tr.waitLinks(t, "garage", 1)

	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	kilobyte := strings.Repeat("0123456789abcdef", 64)
	type ask struct {
		method, path, body string
		status             int
		want               string
	}
	asks := []ask{
		{"GET", "/a?b=c", "", 200, "hello"},
		{"POST", "/hook", kilobyte, 200, kilobyte},
		{"HEAD", "/h", "", 200, ""},
		{"GET", "/empty", "", 204, ""},
	}
	for i := range 50 {
		body := fmt.Sprint("request ", i)
		asks = append(asks, ask{"POST", "/row", body, 200, body})
	}
	for i, a := range asks {
		req, err := http.NewRequestWithContext(t.Context(), a.method, "http://"+tr.addr+"/~garage"+a.path, strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		got, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != a.status || string(got) != a.want {
			t.Fatalf("request %d: %d, %q, %v; want %d, %q", i, res.StatusCode, got, err, a.status, a.want)
		}
		if a.status == 200 && res.Header.Get("X-Saw") != a.method+" "+a.path+" "+tr.addr {
			t.Errorf("request %d arrived as %q", i, res.Header.Get("X-Saw"))
		}
		if a.method == "HEAD" && res.ContentLength != 1234 {
			t.Errorf("HEAD announces %d bytes", res.ContentLength)
		}
	}
}
