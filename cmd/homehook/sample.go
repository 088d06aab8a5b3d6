package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// The names in the configuration that "try" writes.
const (
	sampleClaim  = "demo"
	sampleSecret = "relay/try"
	scriptRoute  = "say hello"
	forwardRoute = "everything else"
)

// sampleScriptCmd is the hidden verb that serves "try" as its script, so that
// it needs no shell and runs on every system.
type sampleScriptCmd struct{}

// Run does what any script may: it reads the body from stdin, looks at its
// environment, and prints the answer.
func (*sampleScriptCmd) Run(a *app) error {
	body, err := io.ReadAll(io.LimitReader(a.in, 1<<20))
	if err != nil {
		return fmt.Errorf("read webhook: %w", err)
	}
	var who struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(body, &who) != nil || who.Name == "" {
		who.Name = "stranger"
	}
	a.say("Hello, %s! Your webhook of %s reached a script at home.", who.Name, size(int64(len(body))))
	a.note("the script can log here: delivery %s", os.Getenv("HOMEHOOK_DELIVERY"))
	return nil
}

// sampleApp is the small server that "try" forwards to.
func sampleApp() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			http.Error(w, "the webhook broke off", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "An app on this machine got %s %s with %s.\n", r.Method, visible(r.URL.Path), size(n))
	})
}

// sampleConfig is the configuration of "try", as a user would write it.
func sampleConfig(relayURL string, command []string, dir, appURL string) string {
	return fmt.Sprintf(`relays:
  - name: here
    url: %s
    token: %s
claims:
  - name: %s
    relay: here
    answer: through
routes:
  - name: %s
    match: POST /hello
    unverified: true
    script:
      command: %s
      dir: %s
  - name: %s
    match: /
    unverified: true
    forward: {to: %s}
`, quoted(relayURL), sampleSecret, sampleClaim, scriptRoute, quoted(command), quoted(dir), forwardRoute, quoted(appURL))
}

// quoted writes a value as JSON, which YAML reads too.
func quoted(v any) string {
	p, err := json.Marshal(v)
	if err != nil {
		return `""` // strings always encode
	}
	return string(p)
}

// sampleCommand is the command line of the script route: this program itself.
// Where others could change the program no route may run it, as in a build
// folder that a group shares; a launcher in the private folder dir does then.
func sampleCommand(ctx context.Context, dir string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	if runtime.GOOS == "windows" || !sharedFile(self) && !sharedFile(filepath.Dir(self)) {
		return []string{self, "sample-script"}, nil
	}
	launcher, err := writeLauncher(dir, self)
	return []string{launcher}, err
}

// writeLauncher writes a script into dir that starts program as the sample
// script, and returns its path.
func writeLauncher(dir, program string) (string, error) {
	path := filepath.Join(dir, "hello.sh")
	text := "#!/bin/sh\nexec '" + strings.ReplaceAll(program, "'", `'\''`) + "' sample-script\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		return "", fmt.Errorf("write sample script: %w", err)
	}
	return path, nil
}

// sharedFile reports whether users other than the owner may write to path.
func sharedFile(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode()&0o022 != 0
}
