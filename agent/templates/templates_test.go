package templates

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"homehook/agent/config"
	"homehook/agent/senders"
	"homehook/routes"
	"homehook/routes/signature"
)

// answersFor answers what a template asks for that has no default.
func answersFor(t *testing.T, tpl *Template) map[string]string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "program.exe")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	given := map[string]string{}
	for _, q := range tpl.Ask {
		switch {
		case q.Default != "" || q.Optional:
		case q.Kind == "program":
			given[q.Key] = program
		case q.Kind == "folder":
			given[q.Key] = dir
		case q.Kind == "url":
			given[q.Key] = "http://127.0.0.1:3000/topic"
		default:
			t.Errorf("%s: nobody can answer %s", tpl.Name, q.Key)
		}
	}
	return given
}

// TestEveryTemplateLoads: with what it asks for, each makes routes that a
// configuration takes.
func TestEveryTemplateLoads(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		tpl := &all[i]
		t.Run(tpl.Name, func(t *testing.T) {
			answers, err := tpl.Complete(answersFor(t, tpl))
			if err != nil {
				t.Fatal(err)
			}
			specs, err := tpl.Fill(answers, "garage")
			if err != nil || len(specs) == 0 {
				t.Fatalf("%d routes, %v", len(specs), err)
			}
			for _, s := range specs {
				if s.Claim != "garage" || (s.Verify == nil) != s.Unverified {
					t.Errorf("%+v", s)
				}
				if text, err := config.RouteText(s); err != nil || strings.Contains(text, "${") {
					t.Errorf("%v in:\n%s", err, text)
				}
			}
			if tpl.Title == "" || tpl.About == "" || tpl.After == "" || !slices.Contains(routes.HandlerKeys, tpl.Handler) {
				t.Errorf("%+v", tpl)
			}
			if _, ok := senders.Find(tpl.Sender); !ok && tpl.Sender != "" {
				t.Errorf("nobody knows the sender %q", tpl.Sender)
			}
			if after := tpl.Afterwards(answers, "https://garage.example/"); strings.Contains(after, "${") || strings.Contains(after, "example//") {
				t.Errorf("after: %s", after)
			}
		})
	}
}

// TestSimpleTemplates: those for any sender check by whatever scheme is said, and
// say that they check nothing without one.
func TestSimpleTemplates(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"forward", "script", "notify", "save"} {
		tpl := &all[slices.IndexFunc(all, func(t Template) bool { return t.Name == name })]
		if tpl.Handler != name || tpl.Sender != "" {
			t.Errorf("%s: handler %s, sender %q", name, tpl.Handler, tpl.Sender)
		}
		given := answersFor(t, tpl)
		for _, scheme := range append(signature.Names(), "") {
			if scheme == "ip" {
				continue // addresses are no credential
			}
			given["scheme"], given["credential"], given["user"], given["header"] = scheme, "", "", ""
			switch scheme {
			case "":
			case "basic":
				given["user"] = "me"
			case "hmac", "token":
				given["header"] = "X-Its-Own"
			}
			if scheme != "" {
				given["credential"] = "its-secret"
			}
			answers, err := tpl.Complete(given)
			if err != nil {
				t.Fatal(err)
			}
			specs, err := tpl.Fill(answers, "garage")
			if err != nil {
				t.Errorf("%s with %s: %v", name, scheme, err)
				continue
			}
			if v := specs[0].Verify; scheme != "" && (v == nil || v.Scheme != scheme || v.Secret != "its-secret" || specs[0].Unverified) || scheme == "" && !specs[0].Unverified {
				t.Errorf("%s with %s: %+v", name, scheme, specs[0])
			}
		}
	}
}

// TestEventsOfATemplate become those of the route.
func TestEventsOfATemplate(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	tpl := &all[slices.IndexFunc(all, func(t Template) bool { return t.Name == "forward" })]
	answers, err := tpl.Complete(map[string]string{"scheme": "github", "credential": "gh", "events": "push, release"})
	if err != nil {
		t.Fatal(err)
	}
	specs, err := tpl.Fill(answers, "garage")
	if err != nil || !slices.Equal(specs[0].Events, []string{"push", "release"}) {
		t.Errorf("%+v, %v", specs, err)
	}
}

// TestWrongAnswers names the answer that is missing or wrong, and does not repeat it.
func TestWrongAnswers(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "none")
	for _, tt := range []struct {
		template, want string
		given          map[string]string
	}{
		{"script", `the answer "script" is missing: The script`, nil},
		{"script", `asks for no "scirpt"; did you mean "script"?`, map[string]string{"script": script, "scirpt": "x"}},
		{"forward", `asks for no "colour"; it asks for to, path`, map[string]string{"colour": "x"}},
		{"forward", `the answer "to" (Address of the program) will not do: it does not begin with http://`, map[string]string{"to": "ftp://x"}},
		{"forward", "never the secret itself", map[string]string{"scheme": "github", "credential": "hh_thesecret"}},
		{"forward", `"credential" is there without "scheme"`, map[string]string{"credential": "gh"}},
		{"forward", "githib", map[string]string{"scheme": "githib", "credential": "gh"}},
		{"forward", "secret", map[string]string{"scheme": "github"}},
		{"save", "cannot be found", map[string]string{"folder": filepath.Dir(script) + "/none"}},
	} {
		tpl := &all[slices.IndexFunc(all, func(t Template) bool { return t.Name == tt.template })]
		answers, err := tpl.Complete(tt.given)
		if err == nil {
			_, err = tpl.Fill(answers, "garage")
		}
		wrong, _ := errors.AsType[*AnswerError](err)
		problems, _ := errors.AsType[config.Problems](err)
		if err == nil || !strings.Contains(err.Error(), tt.want) || wrong == nil && problems == nil || strings.Contains(fmt.Sprint(err), "thesecret") {
			t.Errorf("%s %v: %v", tt.template, tt.given, err)
		}
	}
	if runtime.GOOS != "windows" {
		cgi := &all[slices.IndexFunc(all, func(t Template) bool { return t.Name == "cgi-folder" })]
		if _, err := cgi.Fill(map[string]string{"folder": t.TempDir(), "path": "/cgi-bin"}, "garage"); err == nil || !strings.Contains(err.Error(), "there is no program in") {
			t.Errorf("an empty folder: %v", err)
		}
	}
}

// TestTemplateValues holds that a value is never taken for something else.
func TestTemplateValues(t *testing.T) {
	q := func(kind string) *Question { return &Question{Key: "k", Kind: kind} }
	for _, tt := range []struct {
		kind, value string
		ok          bool
	}{
		{"word", "main", true},
		{"word", `main" || true || "`, false},
		{"word", "a b", false},
		{"path", "/a/b", true},
		{"path", "a", false},
		{"path", "/{x}", false},
		{"program", "bin/x", false},
		{"credential", "hh_token", false},
		{"url", "file:///etc/passwd", false},
		{"text", "two\nlines", false},
		{"text", "", false},
		{"text", "Somebody's {query.name}", true},
	} {
		if err := q(tt.kind).Check(tt.value); (err == nil) != tt.ok {
			t.Errorf("%s %q: %v", tt.kind, tt.value, err)
		}
	}
	got := withAnswers(map[string]any{"a": []any{"${x} ${y}"}}, map[string]string{"x": "${y}", "y": "${x}"})
	if text, _ := json.Marshal(got); string(text) != `{"a":["${y} ${x}"]}` {
		t.Errorf("%s", text)
	}
}
