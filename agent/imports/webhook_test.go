package imports

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// write puts a file into a folder of the test's own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// program is one that is on every system that the tests run on.
func program(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the hooks name programs of Unix")
	}
	return "/bin/true"
}

// reported reads hooks, given as JSON without their command.
func reported(t *testing.T, hooks string, o WebhookOptions) *Report {
	t.Helper()
	file := write(t, "hooks.json", strings.NewReplacer("CMD", `"execute-command":"`+program(t)+`"`, "SHELL", `"execute-command":"/bin/sh"`).Replace(hooks))
	o.Prefix, o.Claim = "hooks", "garage"
	r, err := Webhook([]string{file}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRefused holds what is not imported, and that the reason is said.
func TestRefused(t *testing.T) {
	tests := []struct{ name, hooks, want string }{
		{"no id", `[{CMD}]`, "it has no id, and so no address"},
		{"no command", `[{"id":"a"}]`, "it has no execute-command"},
		{"command that is not there", `[{"id":"a","execute-command":"/no/such/program"}]`, `the command "/no/such/program" cannot be found`},
		{"command with arguments", `[{"id":"a","execute-command":"/bin/sh -c x"}]`, "arguments stand under pass-arguments-to-command"},
		{"id with dots", `[{"id":"../a",CMD}]`, "its id has an empty step or dots in it"},
		{"id that ends in a slash", `[{"id":"a/",CMD}]`, "its id has an empty step or dots in it"},
		{"wrong kind", `[{"id":"a",CMD,"http-methods":"GET"}]`, "http-methods has a value of another kind than webhook wants"},
		{"wrong flag", `[{"id":"a",CMD,"include-command-output-in-response":"perhaps"}]`, "true or false is wanted"},
		{"code of the sender", `[{"id":"a",SHELL,"pass-arguments-to-command":[{"source":"string","name":"-c"},{"source":"payload","name":"x"}]}]`, "sh runs what the sender writes as code: /bin/sh -c {payload.x}"},
		{"code of the sender in a text", `[{"id":"a","execute-command":"/usr/bin/env","pass-arguments-to-command":[{"source":"string","name":"bash"},{"source":"string","name":"-ec"},{"source":"url","name":"x"}]}]`, "bash runs what the sender writes as code"},
		{"variable of ours", `[{"id":"a",CMD,"pass-environment-to-command":[{"source":"payload","name":"x","envname":"HOMEHOOK_ID"}]}]`, "the variable HOMEHOOK_ID is one that Homehook sets"},
		{"dot in parsed parameter", `[{"id":"a",CMD,"parse-parameters-as-json":[{"source":"payload","name":"a.b"}]}]`, "for the dot in it"},
		{"unknown parsed source", `[{"id":"a",CMD,"parse-parameters-as-json":[{"source":"string","name":"a"}]}]`, "only header, query and payload hold texts to parse"},
		{"field of an answer", `[{"id":"a",CMD,"response-headers":[{"name":"Content-Length","value":"1"}]}]`, "Content-Length"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			item := reported(t, tt.hooks, WebhookOptions{}).Items[0]
			if item.State != Refused || !strings.Contains(item.Reason, tt.want) {
				t.Errorf("%s: %s; want: %s", item.State, item.Reason, tt.want)
			}
			if len(item.Routes) > 0 || len(item.Secrets) > 0 {
				t.Error("it has routes or secrets all the same")
			}
		})
	}
}

// TestApproval is row 75 of the table of attacks: commands that a shell reads
// come in switched off and are shown in full.
func TestApproval(t *testing.T) {
	tests := []struct {
		name, command string
		args          []string
		why           string
	}{
		{"sh", "/bin/sh", []string{"-c", "cd /srv && git pull"}, "sh runs the code in its arguments"},
		{"behind env", "/usr/bin/env", []string{"sh", "-xc", "id"}, "sh runs the code in its arguments"},
		{"perl", "/usr/bin/perl", []string{"-ne", "print"}, "perl runs the code in its arguments"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := os.Stat(tt.command); err != nil {
				t.Skip(err)
			}
			args := []map[string]string{}
			for _, a := range tt.args {
				args = append(args, map[string]string{"source": "string", "name": a})
			}
			text, err := json.Marshal([]map[string]any{{
				"id": "a", "execute-command": tt.command, "pass-arguments-to-command": args, "http-methods": []string{"PUT"},
				"trigger-rule": json.RawMessage(isA),
			}})
			if err != nil {
				t.Fatal(err)
			}
			item := reported(t, string(text), WebhookOptions{}).Items[0]
			if item.State != Approval || item.Reason != tt.why {
				t.Errorf("%s: %s", item.State, item.Reason)
			}
			if got, want := strings.Join(item.Command, " "), tt.command+" "+strings.Join(tt.args, " "); got != want {
				t.Errorf("command %q, want %q", got, want)
			}
			if len(item.Routes) != 3 {
				t.Errorf("%d routes, want 3", len(item.Routes))
			}
			for _, r := range item.Routes {
				if !r.Off {
					t.Errorf("route %q is on", r.Name)
				}
			}
		})
	}
	item := reported(t, `[{"id":"a",SHELL,"pass-arguments-to-command":[{"source":"string","name":"/srv/deploy.sh"},{"source":"url","name":"b"}]}]`, WebhookOptions{}).Items[0]
	if item.State != Equal {
		t.Errorf("a script by its path: %s, %s", item.State, item.Reason)
	}
}

// TestSecrets is row 80: secrets leave the file for the store, and nothing that
// is shown or written has them.
func TestSecrets(t *testing.T) {
	const hooks = `[
		{"id":"My Hook/1",CMD,"trigger-rule":{"or":[
			{"match":{"type":"payload-hmac-sha256","secret":"first-Secret","parameter":{"source":"header","name":"X-Sig"}}},
			{"match":{"type":"payload-hmac-sha256","secret":"second-Secret","parameter":{"source":"header","name":"X-Sig"}}}]}},
		{"id":"my-hook-1",CMD,"trigger-rule":{"match":{"type":"value","value":"third-Secret","parameter":{"source":"header","name":"X-Gitlab-Token"}}}},
		{"id":"query",CMD,"trigger-rule":{"match":{"type":"value","value":"word","parameter":{"source":"url","name":"token"}}}}]`
	r := reported(t, hooks, WebhookOptions{Taken: []string{"import/my-hook-1-2"}})
	text, err := r.YAML()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if all := text + string(asJSON); strings.Contains(all, "-Secret") {
		t.Errorf("a secret is shown in:\n%s", all)
	}
	stored := map[string]string{}
	if err := r.Secrets(func(name, value string) error { stored[name] = value; return nil }); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"import/my-hook-1": "first-Secret", "import/my-hook-1-3": "second-Secret", "import/my-hook-1-4": "third-Secret"}
	for name, value := range want {
		if stored[name] != value {
			t.Errorf("credential %s is %q, want %q", name, stored[name], value)
		}
	}
	if len(stored) != len(want) {
		t.Errorf("stored %v", stored)
	}
	if advice := strings.Join(r.Items[2].Advice, "\n"); !strings.Contains(advice, "the condition in the configuration shows it") {
		t.Errorf("nothing is said about the secret in the condition: %s", advice)
	}
}

// TestFiles holds what is read and what is not.
func TestFiles(t *testing.T) {
	hook := "- id: a\n  execute-command: " + program(t) + "\n"
	tests := []struct{ name, text, want string }{
		{"YAML", hook, ""},
		{"JSON with a mark", "\ufeff" + `[{"id":"a","execute-command":"/bin/true"}]`, ""},
		{"keys in other letters, and others", "- ID: a\n  Execute-Command: /bin/true\n  nonsense: 1\n", ""},
		{"anchors", hook + "  trigger-rule: &r {match: {type: value, value: x, parameter: {source: url, name: q}}}\n- id: b\n  execute-command: /bin/true\n  trigger-rule: *r\n", ""},
		{"numbers for texts", "- id: 7\n  execute-command: /bin/true\n  response-message: 1.50\n", ""},
		{"no list", "id: a", "it is not a list of hooks"},
		{"no YAML", "- [", "read "},
		{"bomb", bomb(), "it has more than 200000 values"},
		{"template", `[{"id":"a","execute-command":"{{ getenv "CMD" | js }}"}]`, "it is a Go template, which is not evaluated here:\n  line 1: {{ getenv \"CMD\" | js }}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			r, err := Webhook([]string{write(t, "hooks.yaml", tt.text)}, WebhookOptions{Prefix: "hooks"})
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want == "" && r.Items[0].State == Refused:
				t.Error(r.Items[0].Reason)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	large := write(t, "large", strings.Repeat(" ", maxFile+1))
	if _, err := Webhook([]string{large}, WebhookOptions{}); err == nil || !strings.Contains(err.Error(), "larger than 4 MiB") {
		t.Errorf("a large file: %v", err)
	}
}

// bomb is a small file that is huge with its aliases written out.
func bomb() string {
	text := "- &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for n := 1; n < 12; n++ {
		was := "*a" + string(rune('a'+n-1))
		if n == 1 {
			was = "*a0"
		}
		text += "- &a" + string(rune('a'+n)) + " [" + strings.TrimSuffix(strings.Repeat(was+", ", 10), ", ") + "]\n"
	}
	return text
}

// TestTemplates holds that templates are refused where webhook would evaluate
// them, and shown.
func TestTemplates(t *testing.T) {
	const hooks = `[{"id":"a",CMD,"response-message":"{{ getenv \"HOME\" }} {{.x}}"}]`
	item := reported(t, hooks, WebhookOptions{Template: true}).Items[0]
	if item.State != Refused || !strings.Contains(item.Reason, `{{ getenv \"HOME\" }} {{.x}}`) {
		t.Errorf("%s: %s", item.State, item.Reason)
	}
	item = reported(t, hooks, WebhookOptions{}).Items[0]
	if item.State != Equal || len(item.Advice) == 0 || !strings.Contains(item.Advice[0], "--template") {
		t.Errorf("%s, advice %q", item.State, item.Advice)
	}
}

// TestOptions holds the flags of webhook.
func TestOptions(t *testing.T) {
	r := reported(t, `[{"id":"a",CMD,"response-headers":[{"name":"x-one","value":"own"}]},{"id":"b",CMD,"http-methods":["GET","put"]},{"id":"a",CMD}]`, WebhookOptions{
		Methods: []string{"post"}, Headers: [][2]string{{"X-One", "all"}, {"X-Two", "all"}},
	})
	a, b := r.Items[0].Routes, r.Items[1].Routes
	if len(a) != 2 || a[0].When != `method != "POST"` || a[1].Match != "POST /hooks/a" || a[0].Respond.Status != 405 {
		t.Errorf("the methods of webhook: %+v", a)
	}
	if len(b) != 2 || b[0].When != `not (method in ["GET", "PUT"])` || b[1].Match != "/hooks/b" {
		t.Errorf("the methods of the hook: %+v", b)
	}
	if h := a[1].Accepted.Headers; len(h) != 2 || h["x-one"] != "own" || h["X-Two"] != "all" {
		t.Errorf("fields %v", h)
	}
	if item := r.Items[2]; item.State != Refused || !strings.Contains(item.Reason, `there is a hook "a" in `) {
		t.Errorf("the second of its name: %s, %s", item.State, item.Reason)
	}
}

func TestDropNames(t *testing.T) {
	r := reported(t, `[{"id":"a",CMD},{"id":"b",CMD}]`, WebhookOptions{})
	r.DropNames(func(name string) bool { return name == "hooks/a" })
	if r.Items[0].State != Already || len(r.Routes()) != 1 || r.Routes()[0].Name != "hooks/b" {
		t.Errorf("%+v", r.Items)
	}
}

// FuzzReadHooks holds that nothing in a file stops the program.
func FuzzReadHooks(f *testing.F) {
	f.Add([]byte(`[{"id":"a","execute-command":"/bin/sh","trigger-rule":` + isA + `}]`))
	f.Add([]byte("- id: a\n  execute-command: /bin/sh\n  trigger-rule: {and: [" + signed + "]}\n"))
	f.Add([]byte("- &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := readHooks("f", data)
		if err != nil {
			return
		}
		i := importer{report: &Report{secrets: map[string]string{}}, ids: map[string]string{}, credentials: map[string]bool{}}
		for _, e := range list {
			item := Item{Name: string(e.hook.ID)}
			i.hook(&item, &e, "/")
			i.report.Items = append(i.report.Items, item)
		}
		i.report.compile()
		if _, err := i.report.YAML(); err != nil {
			t.Error(err)
		}
	})
}
