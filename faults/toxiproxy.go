package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"homehook/faults/port"
)

// toxiproxyVariable names the variable with the path of Toxiproxy's server.
const toxiproxyVariable = "HOMEHOOK_TEST_TOXIPROXY"

// toxiproxy is a Toxiproxy server with one proxy, "link", in it.
type toxiproxy struct {
	bin, log, upstream string
	api                string // host and port
	listen             string // where the agent finds the relay
	p                  *process
	client             http.Client
	restarts           int
}

// startToxiproxy runs the server before upstream.
func startToxiproxy(ctx context.Context, log, upstream string) (*toxiproxy, error) {
	t := &toxiproxy{bin: os.Getenv(toxiproxyVariable), log: log, upstream: upstream, client: http.Client{Timeout: 2 * time.Second}}
	if t.bin == "" {
		return nil, fmt.Errorf("%w: %s does not name the server of Toxiproxy; "+
			"go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0 makes one", errSkipped, toxiproxyVariable)
	}
	var err error
	if t.api, err = port.Free(); err != nil {
		return nil, err
	}
	if t.listen, err = port.Free(); err != nil {
		return nil, err
	}
	return t, t.start(ctx)
}

// start runs the server, which must not run.
func (t *toxiproxy) start(ctx context.Context) (err error) {
	_, port, _ := strings.Cut(t.api, ":")
	if t.p, err = startProcess("toxiproxy", t.log, nil, []string{t.bin, "-host", "127.0.0.1", "-port", port}); err != nil {
		return err
	}
	err = until(ctx, 10*time.Second, "toxiproxy listens", func() bool { return t.ask("GET", "/version", nil) == nil })
	if err == nil {
		err = t.ask("POST", "/proxies", map[string]any{"name": "link", "listen": t.listen, "upstream": t.upstream, "enabled": true})
	}
	if err != nil {
		t.p.kill()
	}
	return err
}

// ask calls Toxiproxy's API.
func (t *toxiproxy) ask(method, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, "http://"+t.api+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	res, err := t.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("toxiproxy: %s %s: %d %s", method, path, res.StatusCode, answer)
	}
	return err
}

// enable cuts the link or lets it be.
func (t *toxiproxy) enable(on bool) error {
	return t.ask("POST", "/proxies/link", map[string]any{"enabled": on})
}

// poison adds a toxic to one direction: "upstream" is towards the relay.
func (t *toxiproxy) poison(kind, stream string, attributes map[string]any) error {
	return t.ask("POST", "/proxies/link/toxics", map[string]any{
		"name": kind + "-" + stream, "type": kind, "stream": stream, "attributes": attributes,
	})
}

// heal removes all toxics and lets the link be. Toxiproxy sometimes never comes
// back from that; another one takes its place then, which is one more cut.
func (t *toxiproxy) heal(ctx context.Context) error {
	if t.ask("POST", "/reset", nil) == nil {
		return nil
	}
	t.restarts++
	t.p.kill()
	return t.start(ctx)
}
