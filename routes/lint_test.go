package routes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLint(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	script := func(s ScriptSpec) Spec {
		if s.Command == nil {
			s.Command = []string{"/none"}
		}
		return Spec{Script: &s}
	}
	env := func(name, value string) Spec { return script(ScriptSpec{Env: map[string]string{name: value}}) }
	for _, tt := range []struct {
		name string
		spec Spec
		path string // of the one warning; empty for none
		want string
	}{
		{"shell with code", script(ScriptSpec{Command: []string{"/bin/sh", "-c", "true"}}), "[0].script.command[1]", "code for a shell"},
		{"shell with options and code", script(ScriptSpec{Command: []string{"/bin/bash", "-euxc", "true"}}), "[0].script.command[1]", "code for a shell"},
		{"program", script(ScriptSpec{Command: []string{"/usr/bin/git", "-c", "x"}}), "", ""},
		{"rm", script(ScriptSpec{Command: []string{"/bin/rm", "-rf", "/srv/{json.a}"}}), "[0].script.command", "rm takes"},
		{"rm of one file", script(ScriptSpec{Command: []string{"/bin/rm", "--", "/srv/{json.a}"}}), "", ""},
		{"rm of a fixed folder", script(ScriptSpec{Command: []string{"/bin/rm", "-r", "/srv/a{{b}}"}}), "", ""},
		{"option that runs", script(ScriptSpec{Command: []string{"/bin/tar", "--checkpoint-action=exec={json.a}"}}), "[0].script.command[1]", "takes a command"},
		{"option of git", script(ScriptSpec{Command: []string{"/usr/bin/git", "-c", "core.sshCommand={json.a}"}}), "[0].script.command[2]", "takes a command"},
		{"option before", script(ScriptSpec{Command: []string{"/usr/bin/find", "/x", "-exec", "{json.a}"}}), "[0].script.command[3]", "takes a command"},
		{"other option", script(ScriptSpec{Command: []string{"/x", "--comment={json.a}", "--exec=deploy"}}), "", ""},
		{"pipe to a shell", script(ScriptSpec{Command: []string{"/x", "curl https://a.example.com/i.sh | sudo bash"}}), "[0].script.command[1]", "from the network"},
		{"secret in an argument", script(ScriptSpec{Command: []string{"/x", "--token=abcdef"}}), "[0].script.command[1]", "looks like a secret"},
		{"secret of a known shape", script(ScriptSpec{Command: []string{"/x", "ghp_0123456789abcdefghij0123"}}), "[0].script.command[1]", "looks like a secret"},
		{"secret in a variable", env("API_KEY", "abc"), "[0].script.env.API_KEY", "looks like a secret"},
		{"secret in a file", env("API_KEY", "/home/me/key"), "", ""},
		{"path of a secret", env("TOKEN_FILE", "key"), "", ""},
		{"secret of the delivery", env("TOKEN", "{json.token}"), "", ""},
		{"variable", env("BRANCH", "main"), "", ""},
		{"root", script(ScriptSpec{User: "root"}), "[0].script.user", "root"},
		{"open folder in PATH", env("PATH", "/usr/bin:"+open), "[0].script.env.PATH", "other users can change"},
		{"relative folder in PATH", env("PATH", "/usr/bin:."), "[0].script.env.PATH", "depends on where"},
		{"secret in a field", Spec{Forward: &ForwardSpec{To: "http://a", Headers: map[string]string{"Authorization": "Basic bWU6eA=="}}}, "[0].forward.headers.Authorization", "looks like a secret"},
		{"field", Spec{Forward: &ForwardSpec{To: "http://a", Headers: map[string]string{"X-From": "homehook"}}}, "", ""},
		{"any certificate", Spec{Forward: &ForwardSpec{To: "https://a", TLS: &TLSSpec{Insecure: true}}}, "[0].forward.tls.insecure", "any certificate"},
		{"page", Spec{Respond: &RespondSpec{Headers: map[string]string{"content-type": "text/html"}, Body: "<p>{query.a}"}}, "[0].respond.body", "HTML"},
		{"fixed page", Spec{Respond: &RespondSpec{Headers: map[string]string{"Content-Type": "text/html"}, Body: "<p>"}}, "", ""},
		{"redirect", Spec{Respond: &RespondSpec{Status: 302, Headers: map[string]string{"Location": "{query.to}"}}}, "[0].respond.headers.Location", "where the sender is sent"},
		{"own redirect", Spec{Respond: &RespondSpec{Status: 302, Headers: map[string]string{"Location": "https://a.example.com/{query.to}"}}}, "", ""},
		{"meta", Spec{Match: "POST /", Verify: &VerifySpec{Scheme: "meta"}, Respond: &RespondSpec{}}, "[0].match", "asks with GET"},
		{"below also", Spec{Respond: &RespondSpec{}, Also: []HandlerSpec{{}, {Script: &ScriptSpec{Command: []string{"/bin/sh", "-c", "true"}}}}}, "[0].also[1].script.command[1]", "code for a shell"},
		{"cgi", Spec{CGI: &CGISpec{Env: map[string]string{"DB_PASSWORD": "abc"}}}, "[0].cgi.env.DB_PASSWORD", "looks like a secret"},
		{"fastcgi", Spec{FastCGI: &FastCGISpec{Env: map[string]string{"DB_PASSWORD": "abc"}}}, "[0].fastcgi.env.DB_PASSWORD", "looks like a secret"},

		{"asterisk at the end", Spec{Match: "POST /x/*"}, "[0].match", "an asterisk"},
		{"asterisk between", Spec{Match: "/x/*/y"}, "[0].match", "an asterisk"},
		{"colon", Spec{Match: "POST /github/:repo"}, "[0].match", ":repo stands for itself"},
		{"query", Spec{Match: "/x?a=b"}, "[0].match", "no query"},
		{"public address", Spec{Claim: "garage", Match: "POST /~garage/x"}, "[0].match", "~garage is a part of the claim's address"},
		{"the only claim's", Spec{Match: "/~garage/x"}, "[0].match", "~garage is a part"},
		{"a folder of that kind", Spec{Claim: "garage", Match: "/~me/x"}, "", ""},
		{"plain pattern", Spec{Match: "POST /a-b/{x}/{rest...}"}, "", ""},

		{"secret in a condition", Spec{When: `query.a == "sk_live_8f14e45fceea167a"`}, "[0].when", "looks like a secret"},
		{"compared with a token", Spec{When: `method == "POST" && "abc9" == query.token`}, "[0].when", "looks like a secret"},
		{"one of several", Spec{When: `!(lower(header["X-Api-Key"]) in ["abc9", "b"])`}, "[0].when", "looks like a secret"},
		{"kind of a token", Spec{When: `json.token_type == "abc9" && has(json.token) && json.secret == ""`}, "", ""},
		{"braces in quotes", Spec{When: `"{json.ref}" == "abc9"`}, "[0].when", "a text in quotes stands for itself"},
		{"braces of a pattern", Spec{When: `json.ref matches "^[a-z]{2}{x}$"`}, "", ""},
		{"plain condition", Spec{When: `json.ref == "refs/heads/main"`}, "", ""},
		{"no condition", Spec{When: `json.ref ==`}, "", ""},

		{"two braces", script(ScriptSpec{Command: []string{"/x", "{{json.a}}"}}), "[0].script.command[1]", "{{json.a}} is not read"},
		{"two braces and spaces", Spec{Notify: &NotifySpec{Text: "a {{ .json.a }} b"}}, "[0].notify.text", "{{ .json.a }} is not read"},
		{"spaces", Spec{Respond: &RespondSpec{Body: "a { params.x } b"}, Match: "/{x}"}, "[0].respond.body", "{ params.x } is not read"},
		{"dollar", Spec{Save: &SaveSpec{Name: "${id}.json"}}, "[0].save.name", "${id} is not read"},
		{"dollar and two braces", Spec{Accepted: &RespondSpec{Headers: map[string]string{"X-A": "${{ github.event.ref }}"}}}, "[0].accepted.headers.X-A", "is not read"},
		{"in a transform", Spec{Transform: &TransformSpec{Set: map[string]string{"json.a": "{{upper(x)}}", "json.b": "{{json.b}}"}}}, "[0].transform.set.json.b", "{{json.b}} is not read"},
		{"under also", Spec{Also: []HandlerSpec{{Notify: &NotifySpec{Title: "{{query.a}}"}}}}, "[0].also[0].notify.title", "{{query.a}}"},
		{"good templates", Spec{
			Match: "/{x}", Respond: &RespondSpec{Body: "{\"a\": {\"id\": {toJSON(json.id)}}, \"b\": { \"c\": 1 }} #{json.n} {params.x} {{x}} { x } $1 ${HOME} {{{{"},
			Forward: &ForwardSpec{To: "http://a", Headers: map[string]string{"X-From": "{remote}"}},
		}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Lint([]Spec{tt.spec})
			if tt.path == "" {
				if len(got) > 0 {
					t.Errorf("got %+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Path != tt.path || !strings.Contains(got[0].Message, tt.want) || got[0].Remedy == "" {
				t.Fatalf("got %+v", got)
			}
			if strings.Contains(got[0].Message+got[0].Remedy, "abc") || strings.Contains(got[0].Message+got[0].Remedy, "8f14") || strings.Contains(got[0].Message+got[0].Remedy, "ghp_0") {
				t.Errorf("the secret is repeated: %+v", got[0])
			}
		})
	}
}

func TestLintScripts(t *testing.T) {
	dir := t.TempDir()
	const sh = "#!/bin/sh\n"
	for _, tt := range []struct{ name, text, want string }{
		{"fine", sh + "set -eu\nname=$1\necho \"$name\" \"$HOMEHOOK_QUERY\" 'a $1' # $1\n[ \"$1\" = a ] && exit\ncase $1 in a) ;; esac\n", ""},
		{"eval", sh + "eval \"$1\"\n", "line 2: eval runs"},
		{"eval behind something", sh + "true; eval x\n", "line 2: eval runs"},
		{"no eval", sh + "# eval x\nretrieval=1\necho evaluate\n", ""},
		{"variable without quotes", sh + "echo x\ncp $1 /srv\n", "line 3: $1 is not in quotes"},
		{"of ours", sh + "echo ${HOMEHOOK_PATH}\n", "line 2: ${HOMEHOOK_PATH} is not in quotes"},
		{"with a default", sh + "sleep ${1:-3}\n", `line 2: ${1:-3} is not in quotes, so that the shell splits it and takes its asterisks for file names; write "${1:-3}"`},
		{"with a default of its own", sh + "sleep ${HOMEHOOK_QUERY:-${1:-a}} b\n", `write "${HOMEHOOK_QUERY:-${1:-a}}"`},
		{"of two digits", sh + "sleep ${12}\n", `write "${12}"`},
		{"not closed", sh + "sleep ${1\n", `line 2: ${1 is`},
		{"all arguments", sh + "x $@\n", "line 2: $@ is not in quotes"},
		{"in double quotes", sh + "echo \"a $1 b\" \"`echo \"$2\"`\"\n", ""},
		{"within quotes", sh + "x=\"$(echo \"$2\")\"\ny=$(basename \"$1\")\nf() { echo; }\ncase x in a) ;; esac\n", ""},
		{"not within", sh + "x=\"$(echo $2)\"\n", "line 2: $2 is"},
		{"between quotes", sh + "echo \"a\"$1\"b\"\n", "line 2: $1 is"},
		{"over lines", sh + "echo \"a\nb $1\n\" 'c\n$2' \\\n $3\n", "line 6: $3 is"},
		{"in brackets", "#!/bin/bash\nif [[ $1 == a ]]; then echo; fi\n", ""},
		{"zsh", "#!/bin/zsh\necho $1\n", ""},
		{"pipe", sh + "curl -s https://a.example.com | sh\n", "line 2: what comes from the network"},
		{"rm", sh + "rm -rf \"/srv/$1\"\n", "line 2: rm takes"},
		{"rm of files", sh + "rm -f \"/srv/$1\"\n", ""},
		{"shell in a shell", sh + "ssh h; bash -c \"deploy $1\"\n", "line 2: a shell is given code"},
		{"python", "#!/usr/bin/env python3\nimport os\nos.system('x ' + a)\n", "line 3: it runs text"},
		{"python list", "#!/usr/bin/env python3\nsubprocess.run(['x', a])\n", ""},
		{"node", "#!/usr/bin/env -S node\nrequire('child_process').exec(`x ${a}`)\n", "line 2: it runs text"},
		{"perl", "#!/usr/bin/perl\nsystem(\"x $a\");\n", "line 2: it runs text"},
		{"php", "#!/usr/bin/php\n<?php shell_exec($a);\n", "line 2: it runs text"},
		{"ruby", "#!/usr/bin/ruby\n`x #{a}`\n", "line 2: it runs text"},
		{"program", "\x7fELF\x00eval $1 curl x | sh", ""},
		{"other text", "eval $1\n", ""},
	} {
		path := commandFile(t, dir, "script", tt.text)
		got := Lint([]Spec{{Script: &ScriptSpec{Command: []string{path}}}})
		switch {
		case tt.want == "" && len(got) > 0:
			t.Errorf("%s: got %+v", tt.name, got)
		case tt.want != "" && (len(got) != 1 || got[0].Path != "[0].script.command[0]" || !strings.Contains(got[0].Message+"; "+got[0].Remedy, tt.want)):
			t.Errorf("%s: got %+v, want %s", tt.name, got, tt.want)
		}
	}
	plain := commandFile(t, dir, "plain.sh", "echo $1\n")
	if got := Lint([]Spec{{Script: &ScriptSpec{Command: []string{"/bin/sh", "-e", plain, "{json.a}"}}}}); len(got) != 1 || got[0].Path != "[0].script.command[2]" {
		t.Errorf("behind an interpreter: %+v", got)
	}
	if got := Lint([]Spec{{Script: &ScriptSpec{Command: []string{plain}}}, {Script: &ScriptSpec{Command: []string{"/bin/sh", plain}}}, {Script: &ScriptSpec{Command: []string{"/bin/sh", plain, "x"}}}}); len(got) != 1 || got[0].Path != "[1].script.command[1]" {
		t.Errorf("of several routes: %+v", got)
	}
	batch := commandFile(t, dir, "x.bat", "echo %HOMEHOOK_QUERY%\r\n")
	if got := Lint([]Spec{{Script: &ScriptSpec{Command: []string{batch}}}}); len(got) != 1 || !strings.Contains(got[0].Message, "command processor") {
		t.Errorf("batch file: %+v", got)
	}
}
