package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// toxiproxyVariable names the variable with the path of Toxiproxy's server.
const toxiproxyVariable = "HOMEHOOK_TEST_TOXIPROXY"

// toxiproxy is a Toxiproxy server with one proxy, "link", in it.
type toxiproxy struct {
	p      *process
	api    string
	listen string // where the agent finds the relay
}

// startToxiproxy runs the server before upstream.
func startToxiproxy(ctx context.Context, log, upstream string) (*toxiproxy, error) {
	bin := os.Getenv(toxiproxyVariable)
	if bin == "" {
		return nil, fmt.Errorf("%w: %s does not name the server of Toxiproxy; "+
			"go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0 makes one", errSkipped, toxiproxyVariable)
	}
	api, err := freeAddr()
	if err != nil {
		return nil, err
	}
	listen, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, _ := bytes.Cut([]byte(api), []byte(":"))
	p, err := startProcess("toxiproxy", log, nil, []string{bin, "-host", "127.0.0.1", "-port", string(port)})
	if err != nil {
		return nil, err
	}
	t := &toxiproxy{p: p, api: "http://" + api, listen: listen}
	err = until(ctx, 10*time.Second, "toxiproxy listens", func() bool { return t.ask("GET", "/version", nil) == nil })
	if err == nil {
		err = t.ask("POST", "/proxies", map[string]any{"name": "link", "listen": listen, "upstream": upstream, "enabled": true})
	}
	if err != nil {
		p.kill()
		return nil, err
	}
	return t, nil
}

// ask calls Toxiproxy's API.
func (t *toxiproxy) ask(method, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, t.api+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
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

// heal removes all toxics and lets the link be.
func (t *toxiproxy) heal() error { return t.ask("POST", "/reset", nil) }
