package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"homehook/agent/control"
	"homehook/agent/credentials"
	"homehook/service"
)

// unpack reads a bundle.
func unpack(t *testing.T, path string) map[string]string {
	t.Helper()
	files := map[string]string{}
	keep := func(name string, r io.Reader) {
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(name, bundleFolder+"/")] = string(text)
	}
	if strings.HasSuffix(path, ".zip") {
		z, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			keep(f.Name, r)
			r.Close()
		}
		return files
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(gz); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		keep(h.Name, r)
	}
}

// planted are secrets that people put where they should not be.
const plantedConfig = `# the password is planted-comment-01
relays: [{name: mine, url: "http://127.0.0.1:9", token: relay/mine}]
claims: [{name: garage}]
routes:
  - name: deploy
    match: POST /hooks/plantedpath02
    unverified: true
    when: header["X-Key"] == "planted-when-03"
    background: true
    script: {command: [/bin/sh, -c, "echo planted-argument-04"], env: {API_KEY: planted-env-05, PIN: "planted06"}}
  - name: app
    match: /app/
    unverified: true
    forward: {to: "http://nas.local:8123/api/planted-path-08", headers: {X-Key: planted-header-10}}
  - name: news
    match: /news/
    unverified: true
    notify: {title: planted-title-11, text: planted-text-12, ntfy: {url: "https://ntfy.sh/planted-topic-13", token: ntfy}}
  - name: fixed
    match: /fixed/
    unverified: true
    respond: {body: planted-body-14, headers: {X-A: planted-field-15}}
`

// TestBundle holds that a bundle has what a bug report needs and none of the
// secrets that lie about.
func TestBundle(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("scripts are others there")
	}
	for _, name := range []string{"b.zip", "b.tar.gz"} {
		t.Run(name, func(t *testing.T) {
			a, out, errs := newTestApp(t)
			p, err := a.paths()
			if err != nil {
				t.Fatal(err)
			}
			logged := filepath.Join(t.TempDir(), "homehook.log")
			a.services = func(context.Context, service.Scope) (service.Status, error) {
				return service.Status{Installed: true, Enabled: true, State: service.StateStopped, System: "sysv", Log: logged, Config: "/home/anna/config.yaml"}, nil
			}
			creds, err := credentials.Open(p.State)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range []error{
				os.WriteFile(p.Config, []byte(plantedConfig), 0o600),
				creds.Set("relay/mine", "hh_planted_token_16"), creds.Set("ntfy", "planted words only"), creds.Close(),
				os.WriteFile(logged, []byte("level=WARN msg=\"cannot forward\" error=\"Post http://me:planted-log-17@192.168.1.9/x?k=planted-18: refused\"\n"+
					"Authorization: Bearer planted-bearer-19; the value was planted words only; password=plantedtwenty\n"), 0o600),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(t.TempDir(), name)
			runSteps(t, a, out, errs, []verbStep{
				{"doctor --bundle " + path, exitFailed, "the service is stopped", "wrote " + path + "; look through it before you send it"},
				{"doctor --bundle " + path, exitFailed, "", path + " is there already\n  give the bundle another name"},
				{"doctor --bundle " + path + ".txt", exitUsage, "", "ends with .zip, .tar.gz or .tgz"},
			})
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
			files := unpack(t, path)
			for name, want := range map[string][]string{
				"README.txt": {"Look through it before you send it"}, "checkup.txt": {"✗ service       the service is stopped", "✗ relay         mine: connect to relay 127.0.0.1:9"},
				"checkup.json": {`"check": "service"`}, "system.json": {`"version": "test"`, `"os": "` + runtime.GOOS}, "service.json": {`"system": "sysv"`, "/home/user/config.yaml"},
				"config.yaml": {"name: garage", "token: relay/mine", "match: (text, up to 32 characters)", "(key 1): (text, up to 32 characters)", "to: (http url, up to 128 characters)", "token: ntfy", "background: true"},
				"log.txt":     {"level=WARN msg=\"cannot forward\" error=\"Post http://(hidden)@(private address 1)/…: refused", "Authorization: (hidden)", "the value was (credential ntfy)", "password=(hidden)"},
			} {
				for _, part := range want {
					if !strings.Contains(files[name], part) {
						t.Errorf("%s has no %q:\n%s", name, part, files[name])
					}
				}
			}
			for name, text := range files {
				if i := strings.Index(text, "planted"); i >= 0 {
					t.Errorf("%s has %q", name, text[max(0, i-40):min(len(text), i+40)])
				}
			}
		})
	}
}

// TestBundleOfRunningAgent has what the agent says of itself.
func TestBundleOfRunningAgent(t *testing.T) {
	a, out, errs := withAgent(t, &fakeAgent{found: []control.Finding{{Check: "agent", State: control.FindingOK, Text: "runs"}}})
	path := filepath.Join(t.TempDir(), "b.tgz")
	runSteps(t, a, out, errs, []verbStep{{"doctor --json --bundle " + path, exitDone, `"ok": true`, "wrote "}})
	files := unpack(t, path)
	if files["checkup.txt"] != "✓ agent         runs\n\nno problem found, 0 warnings\n" || files["log.txt"] != "" {
		t.Errorf("%q", files)
	}
}

// TestBundleThatFails leaves no half of a file.
func TestBundleThatFails(t *testing.T) {
	a, out, errs := newTestApp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "b.zip")
	if code := a.execute(ctx, []string{"doctor", "--bundle", path}); code != exitFailed {
		t.Errorf("code %d, %s%s", code, out, errs)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is there: %v", path, err)
	}
	if code := a.execute(t.Context(), []string{"doctor", "--bundle", filepath.Join(path, "b.zip")}); code != exitFailed || !strings.Contains(errs.String(), "write bundle: ") {
		t.Errorf("code %d, %s", code, errs)
	}
}
