package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"homehook/agent/control"
)

// TestDoctorOfProxies tells of a proxy that the agent knows nothing of, where the
// agent has trouble.
func TestDoctorOfProxies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("relays: [{name: far, url: \"https://relay.example.com\"}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	by := func(*http.Request) (*url.URL, error) { return url.Parse("http://me:hunter2@proxy.example:3128") }
	none := func(*http.Request) (*url.URL, error) { return nil, nil }
	bad := control.Finding{Check: "relay", Subject: "far", State: control.FindingProblem}
	for _, tt := range []struct {
		name  string
		found []control.Finding
		proxy func(*http.Request) (*url.URL, error)
		want  bool
	}{
		{"trouble", []control.Finding{bad}, by, true},
		{"no trouble", nil, by, false},
		{"trouble elsewhere", []control.Finding{{Check: "relay", Subject: "near", State: control.FindingProblem}}, by, false},
		{"no proxy", []control.Finding{bad}, none, false},
		{"the agent has one", []control.Finding{bad, {Check: "proxy", Subject: "far"}}, by, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			more := proxyFindings(path, tt.found, tt.proxy)
			if len(more) > 0 != tt.want {
				t.Fatalf("%+v", more)
			}
			if tt.want && (!strings.Contains(more[0].Text, "names the proxy proxy.example:3128 for relay.example.com") ||
				!strings.HasSuffix(more[0].Remedy, "proxy: http://proxy.example:3128") || strings.Contains(more[0].Text+more[0].Remedy, "hunter2")) {
				t.Errorf("%+v", more[0])
			}
		})
	}
	if more := proxyFindings(path+".d/none/x", []control.Finding{bad}, by); len(more) > 0 {
		t.Errorf("%+v", more)
	}
}
