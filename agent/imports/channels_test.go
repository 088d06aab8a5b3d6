package imports

import (
	"slices"
	"strings"
	"testing"
)

func TestSmee(t *testing.T) {
	tests := []struct{ name, url, target, match, to, want string }{
		{"target", "https://smee.io/abc", "http://127.0.0.1:3000/events?", "POST /events", "http://127.0.0.1:3000", ""},
		{"root", "https://smee.io/abc", "http://127.0.0.1:3000", "POST /{$}", "http://127.0.0.1:3000", ""},
		{"slash", "https://smee.io/abc", "https://app.local/x/", "POST /x/{$}", "https://app.local", ""},
		{"file", "https://smee.io/abc", "file:///etc/passwd", "", "", `begins with "file:"`},
		{"gopher", "https://smee.io/abc", "gopher://127.0.0.1:70/", "", "", `begins with "gopher:"`},
		{"query", "https://smee.io/abc", "http://127.0.0.1/?a=b", "", "", "has a query"},
		{"no host", "https://smee.io/abc", "http:///x", "", "", "has no host"},
		{"metadata", "https://smee.io/abc", "http://169.254.169.254/", "", "", "169.254.169.254"},
		{"mapped metadata", "https://smee.io/abc", "http://[::ffff:169.254.169.254]/", "", "", "169.254.169.254"},
		{"number", "https://smee.io/abc", "http://2130706433/", "", "", "2130706433"},
		{"password", "https://smee.io/abc", "http://me:sesame@127.0.0.1/", "", "", `the target "http://127.0.0.1/" has a user and password`},
		{"no channel", "https://smee.io/", "http://127.0.0.1/", "", "", "names no channel"},
		{"no address", "abc", "http://127.0.0.1/", "", "", "is not the address of a channel"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Smee(SmeeOptions{Claim: "garage", URL: tt.url, Target: strings.TrimSuffix(tt.target, "?"), DeleteHeaders: []string{"X-Secret"}})
			switch {
			case err != nil:
				if tt.want == "" || !strings.Contains(err.Error(), tt.want) {
					t.Error(err)
				}
			case tt.want != "":
				if item := r.Items[0]; item.State != Refused || !strings.Contains(item.Reason, tt.want) {
					t.Errorf("%s: %s", item.State, item.Reason)
				}
			default:
				s := r.Routes()[0]
				if s.Match != tt.match || s.Forward.To != tt.to || s.Claim != "garage" || !slices.Equal(s.Transform.Drop, []string{"header.X-Secret"}) {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

func TestGosmee(t *testing.T) {
	program(t)
	folder := t.TempDir()
	r, err := Gosmee(write(t, "config.yaml", `client:
  smee-url: https://hook.example.com/abc
  target-url: https://127.0.0.1:8443/x
  ignore-event: [ping]
  saveDir: `+folder+`
  target-retries: 9
  target-connection-timeout: 7
  insecure-skip-tls-verify: true
  exec: 'echo {x} "$GOSMEE_EVENT_TYPE"'
  exec-on-events: [push, tag]
  frobnicate: 1
replay: {hook-id: 1}
`), "garage")
	if err != nil {
		t.Fatal(err)
	}
	specs := r.Routes()
	if len(specs) != 2 {
		t.Fatalf("%+v", r.Items)
	}
	f, exec := specs[0], specs[1]
	if f.Match != "POST /x" || f.Forward.To != "https://127.0.0.1:8443" || f.Forward.Retries != 5 || f.Forward.Timeout.String() != "7s" || !f.Forward.TLS.Insecure || !f.Continue {
		t.Errorf("forward: %+v", f)
	}
	if !strings.HasPrefix(f.When, "not (") || !strings.HasSuffix(f.When, `in ["ping"])`) || f.Also[0].Save.Folder != folder {
		t.Errorf("forward: %+v", f)
	}
	if !exec.Off || exec.Script.Command[2] != `echo {{x}} "$GOSMEE_EVENT_TYPE"` || !strings.Contains(exec.When, `in ["push", "tag"]`) {
		t.Errorf("exec: %+v", exec)
	}
	if item := r.Items[1]; item.State != Approval || item.Command[2] != `echo {x} "$GOSMEE_EVENT_TYPE"` {
		t.Errorf("%+v", item)
	}
	var codes []string
	for _, d := range r.Items[0].Differences {
		codes = append(codes, d.Code)
	}
	for _, want := range []string{"retries", "unknown-key", "saved-files", "real-answer"} {
		if !slices.Contains(codes, want) {
			t.Errorf("%s is not among %v", want, codes)
		}
	}
}

func TestGosmeeWithout(t *testing.T) {
	program(t)
	tests := []struct{ name, text, want string }{
		{"no client", "server: {}", "it has no section client"},
		{"no URL", "client: {target-url: 'http://127.0.0.1'}", "smee-url"},
		{"not saved there", "client: {smee-url: 'https://x.example/a', saveDir: here}", "no absolute path"},
		{"kind", "client: {smee-url: 'https://x.example/a', target-retries: many}", "another kind"},
		{"scheme", "client: {smee-url: 'https://x.example/a', target-url: 'file:///x', exec: id}", `begins with "file:"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Gosmee(write(t, "config.yaml", tt.text), "garage")
			text := ""
			if err != nil {
				text = err.Error()
			} else {
				text = r.Items[0].Reason
				if len(r.Routes()) > 0 {
					t.Errorf("%+v", r.Routes())
				}
			}
			if !strings.Contains(text, tt.want) {
				t.Errorf("%q, want %q", text, tt.want)
			}
		})
	}
	r, err := Gosmee(write(t, "config.yaml", "client: {smee-url: 'https://x.example/a', noReplay: true, exec: id}"), "garage")
	if err != nil || len(r.Routes()) != 2 || r.Routes()[0].Respond == nil || !r.Routes()[0].Continue {
		t.Errorf("without a target: %+v, %v", r, err)
	}
}
