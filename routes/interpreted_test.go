package routes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// commandFile makes a file that the checks of a command accept.
func commandFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRow82Interpreters writes commands as a user would, with a program in place
// of its name.
func TestRow82Interpreters(t *testing.T) {
	dir := t.TempDir()
	const code, input = "use stdin or env", "name a file with the script"
	for _, tt := range []struct {
		command string // the words, with | between them
		at      int    // of the argument that is refused
		remedy  string // empty where nothing is
	}{
		{"sh|-c|echo {json.a}", 2, code},
		{"bash|-c|{json.a}", 2, code},
		{"bash|-lc|{json.a}", 2, code},
		{"bash|-e|-c|echo {json.a}", 3, code},
		{"bash|-ec|-x|echo {json.a}", 3, code},
		{"bash|+x|-c|{json.a}", 3, code},
		{"bash|--rcfile|{json.a}|x", 2, code},
		{"sh|{json.a}", 1, code},
		{"sh|-c{json.a}", 1, code},
		{"sh|-o|pipefail|{json.a}", 3, code},
		{"sh|-c|printf %s \"$1\"|sh|{json.a}", 0, ""},
		{"sh|/x.sh|{json.a}", 0, ""},
		{"sh|-e|/x.sh|-c|{json.a}", 0, ""},
		{"sh|--|/x.sh|{json.a}", 0, ""},
		{"sh", 0, input},
		{"sh|-s|--|{json.a}", 3, code},
		{"sh|-s|a", 0, input},
		{"sh|-", 0, input},
		{"sh|/dev/stdin", 0, input},
		{"zsh|-c|{json.a}", 2, code},
		{"dash|-c|{json.a}", 2, code},
		{"ksh93|-c|{json.a}", 2, code},
		{"fish|-c|{json.a}", 2, code},
		{"python3|-c|print({json.a})", 2, code},
		{"python3.11|-Ic|{json.a}", 2, code},
		{"python3|-c{json.a}", 1, code},
		{"python3|-m|{json.a}", 2, code},
		{"python3|-m|mod|{json.a}", 0, ""},
		{"python3|{json.a}", 1, code},
		{"python3|-W|ignore|/x.py|{json.a}", 0, ""},
		{"python3|-c|import sys|{json.a}", 0, ""},
		{"python3|-", 0, input},
		{"python3", 0, input},
		{"python3|--version", 0, ""},
		{"node|-e|{json.a}", 2, code},
		{"node|-p|{json.a}", 2, code},
		{"node|--eval|{json.a}", 2, code},
		{"node|--eval={json.a}", 1, code},
		{"node|--print={json.a}", 1, code},
		{"node|-r|{json.a}|/x.js", 2, code},
		{"node|/x.js|{json.a}|--eval={json.b}", 0, ""},
		{"nodejs|-pe|{json.a}", 2, code},
		{"perl|-e|{json.a}", 2, code},
		{"perl|-ne|{json.a}", 2, code},
		{"perl|-e|print|-e|{json.a}", 4, code},
		{"perl|-e|print|-e{json.a}", 3, code},
		{"perl|-e|print|{json.a}", 0, ""},
		{"perl|-E|{json.a}", 2, code},
		{"perl|-M{json.a}|/x.pl", 1, code},
		{"ruby|-e|{json.a}", 2, code},
		{"php|-r|{json.a}", 2, code},
		{"php8.2|-R|{json.a}", 2, code},
		{"php|-f|/x.php|{json.a}", 0, ""},
		{"php|-d|a=b|/x.php|{json.a}", 0, ""},
		{"lua5.4|-e|{json.a}", 2, code},
		{"awk|{json.a}", 1, code},
		{"awk|-v|n={json.a}|{{print n}}", 0, ""},
		{"awk|-vn={json.a}|{{print n}}", 0, ""},
		{"awk|{{print}}|{json.a}", 0, ""},
		{"awk|-f|/x.awk|{json.a}", 0, ""},
		{"sed|s/a/{json.a}/", 1, code},
		{"sed|-n|-e|{json.a}", 3, code},
		{"sed|-e|p|{json.a}", 0, ""},
		{"pwsh|-Command|{json.a}", 2, code},
		{"pwsh|-c|a|{json.a}", 3, code},
		{"powershell.exe|-EncodedCommand|{json.a}", 2, code},
		{"powershell|{json.a}", 1, code},
		{"pwsh|-NoProfile|-File|/x.ps1|{json.a}", 0, ""},
		{"pwsh|-File|{json.a}", 2, code},
		{"cmd.exe|/c|x|{json.a}", 3, code},
		{"ssh|host|ls|{json.a}", 3, code},
		{"make|REF={json.a}", 1, code},
		{"su|me|-c|{json.a}", 3, code},
		{"parallel|echo|{json.a}", 2, code},
		{"env|sh|-c|{json.a}", 3, code},
		{"env|-i|A=b|sh|-c|{json.a}", 5, code},
		{"env|A={json.a}|/x", 0, ""},
		{"env|LD_PRELOAD={json.a}|/x", 1, code},
		{"env|-S|{json.a}", 2, code},
		{"env|{json.a}", 1, code},
		{"env|python3|/x.py|{json.a}", 0, ""},
		{"sudo|-u|me|bash|-c|{json.a}", 5, code},
		{"sudo|-u|{json.a}|/x", 2, code},
		{"sudo|--user=me|/x|{json.a}", 0, ""},
		{"timeout|-k|5|60|sh|-c|{json.a}", 6, code},
		{"timeout|60|{json.a}", 2, code},
		{"timeout|60|/x|{json.a}", 0, ""},
		{"nice|-n|5|node|-e|{json.a}", 5, code},
		{"nice|-n5|/x|{json.a}", 0, ""},
		{"xargs|-n1|sh|-c|{json.a}", 4, code},
		{"flock|/l|-c|{json.a}", 3, code},
		{"flock|/l|/x|{json.a}", 0, ""},
		{"busybox|sh|-c|{json.a}", 3, code},
		{"timeout|60|env|A=b|nice|bash|-c|{json.a}", 7, code},
		{"docker|exec|app|sh|-c|{json.a}", 5, code},
		{"kubectl|exec|pod|--|bash|-ec|echo {json.a}", 6, code},
		{"docker|exec|app|sh|/x.sh|{json.a}", 0, ""},
		{"logger|-t|node|{json.a}", 0, ""},
		{"deploy|{json.a}", 0, ""},
		{"vim|-c|{json.a}", 2, code},
		{"vim|-es|+{json.a}|/x", 2, code},
		{"vim|{json.a}", 1, code},
		{"vim|--|{json.a}", 0, ""},
		{"tar|-cf|x.tar|--checkpoint-action={json.a}", 3, code},
		{"tar|--checkpoint-act|{json.a}", 2, code},
		{"tar|-cI|{json.a}|f", 2, code},
		{"tar|-cf|{json.a}|f", 0, ""},
		{"prlimit|--nofile=10|bash|{json.a}", 3, code},
		{"prlimit|-n=10|bash|/x.sh|{json.a}", 0, ""},
		{"git|-c|core.sshCommand={json.a}|fetch", 2, code},
		{"git|-c|{json.a}|fetch", 2, code},
		{"git|-c|user.name={json.a}|commit", 0, ""},
		{"git|checkout|--|{json.a}", 0, ""},
		{"git|rebase|--exec={json.a}", 2, code},
		{"sudo|tar|--to-command={json.a}", 2, code},
		{"tmux|new|{json.a}", 2, code},
		{"gdb|-ex|{json.a}", 2, code},
		{"socat|-|TCP:{json.a}", 2, code},
		{"psql|-Atc|{json.a}", 2, code},
		{"psql|-v|a={json.a}|-f|/x.sql", 0, ""},
		{"sqlite3|db|{json.a}", 2, code},
		{"m4|-D|A={json.a}|/x", 2, code},
		{"m4-1.4.19|-D|A={json.a}|/x", 2, code},
		{"m|{json.a}", 0, ""},
		{"m2|{json.a}", 0, ""},
		{"find|/x|-exec|{json.a}", 3, code},
		{"R|--no-save|-e|{json.a}", 3, code},
		{"R|-e|f()|--args|{json.a}", 0, ""},
		{"Rscript|-e|{json.a}", 2, code},
		{"Rscript|/x.R|{json.a}", 0, ""},
		{"deno|eval|{json.a}", 2, code},
		{"deno|eval|-p|{json.a}", 3, code},
		{"deno|run|-A|{json.a}", 3, code},
		{"deno|run|--config|/d.json|/x.ts|{json.a}", 0, ""},
		{"deno", 0, input},
		{"octave|--eval|{json.a}", 2, code},
		{"octave-cli|--eval=f({json.a})", 1, code},
		{"octave|--eval|f()|{json.a}", 3, code},
		{"octave|/x.m|{json.a}", 0, ""},
		{"dc|-e|{json.a}", 2, code},
		{"dc|-e|1p|{json.a}", 3, code},
		{"dc", 0, input},
		{"raku|-ne|{json.a}", 2, code},
		{"gnuplot|-e|{json.a}", 2, code},
		{"gnuplot|{json.a}", 1, code},
		{"gnuplot|/x.gp", 0, ""},
		{"ncat|host|80|--sh-exec|{json.a}", 4, code},
		{"ncat|--sh-exec={json.a}|host|80", 1, code},
		{"nc|-lc|{json.a}", 2, code},
		{"nc.traditional|-e|{json.a}|host", 2, code},
		{"netcat|host|{json.a}", 0, ""},
		{"groovy|-e|{json.a}", 2, code},
		{"groovy|/x.groovy|{json.a}", 0, ""},
		{"mongosh|db|--eval|{json.a}", 3, code},
		{"mongosh|--eval={json.a}", 1, code},
		{"split|--filter={json.a}|/x", 1, code},
		{"split|/x|{json.a}", 0, ""},
		{"tcpdump|-G|1|-z|{json.a}", 4, code},
		{"tcpdump|-i|{json.a}", 0, ""},
		{"sbcl|--eval|{json.a}", 2, code},
		{"erl|-noshell|-eval|{json.a}", 3, code},
		{"nix-shell|--run|{json.a}", 2, code},
		{"x.bat|{json.a}", 1, "use stdin or files"},
		{"x.CMD|a|{json.a}", 2, "use stdin or files"},
		{"x.bat. |{json.a}", 1, "use stdin or files"},
		{"x.BAT::$DATA|{json.a}", 1, "use stdin or files"},
		{"x.bat|--now", 0, ""},
		{"x.batch|{json.a}", 0, ""},
	} {
		t.Run(tt.command, func(t *testing.T) {
			words := strings.Split(tt.command, "|")
			words[0] = commandFile(t, dir, words[0], "\x7fELF")
			got, problems := commandProblem(words)
			if tt.remedy == "" {
				if len(problems) != 0 {
					t.Errorf("got %+v", problems)
				}
				return
			}
			if got != tt.at || len(problems) != 1 || !strings.Contains(problems[0].Remedy, tt.remedy) {
				t.Errorf("got %+v", problems)
			}
		})
	}
}

// commandProblem returns what is wrong with a command, and with which word.
func commandProblem(words []string) (at int, problems []Problem) {
	_, problems = Compile([]Spec{{Name: "x", Claim: "c", Match: "/", Unverified: true, Script: &ScriptSpec{Command: words}}})
	at = -1
	for i := range words {
		if len(problems) > 0 && strings.HasSuffix(problems[0].Path, ".script.command["+string(rune('0'+i))+"]") {
			at = i
		}
	}
	return at, problems
}

// TestRow82Links holds that a program is known behind a link, and that a script
// of the user's may be called as such a program.
func TestRow82Links(t *testing.T) {
	dir := t.TempDir()
	real := commandFile(t, dir, "bash", "\x7fELF")
	link := filepath.Join(dir, "run")
	if err := os.Symlink(real, link); err != nil {
		t.Skip("no links here: ", err)
	}
	if at, problems := commandProblem([]string{link, "-c", "{json.a}"}); at != 2 {
		t.Errorf("behind a link: %+v", problems)
	}
	box := commandFile(t, dir, "busybox", "\x7fELF")
	applet := filepath.Join(dir, "ls")
	if err := os.Symlink(box, applet); err != nil {
		t.Fatal(err)
	}
	if _, problems := commandProblem([]string{applet, "--", "{json.a}"}); problems != nil {
		t.Errorf("applet: %+v", problems)
	}
	for _, name := range []string{"script", "watch", "make", "time"} {
		own := commandFile(t, filepath.Join(dir, "own"), name, "#!/bin/sh\n")
		if _, problems := commandProblem([]string{own, "{json.a}"}); problems != nil {
			t.Errorf("%s: %+v", name, problems)
		}
	}
	wrapper := commandFile(t, dir, "psql", "#!/usr/bin/perl\n")
	if at, _ := commandProblem([]string{wrapper, "-c", "{json.a}"}); at != 2 {
		t.Errorf("a script that starts the program of its name: %d", at)
	}
	batch := commandFile(t, dir, "x.bat", "\x7fELF")
	hidden := filepath.Join(dir, "tool")
	if err := os.Symlink(batch, hidden); err != nil {
		t.Fatal(err)
	}
	if at, problems := commandProblem([]string{hidden, "{json.a}"}); at != 1 || !strings.Contains(problems[0].Message, "batch files take no request data as arguments") {
		t.Errorf("batch file behind a link: %+v", problems)
	}
}

// TestRow89Batch holds that batch files get nothing of a request in variables
// either, however they are called.
func TestRow89Batch(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"x.bat", "x.BAT", "x.cmd", "x.bat. ", "x.BAT::$DATA", "x.bat..."} {
		path := commandFile(t, dir, name, "\x7fELF")
		_, problems := Compile([]Spec{{Name: "x", Claim: "c", Match: "/", Unverified: true, Script: &ScriptSpec{
			Command: []string{path}, Env: map[string]string{"A": "{query.a}"}, Files: map[string]string{"B": "{query.b}"},
		}}})
		if len(problems) != 1 || problems[0].Path != "[0].script.env.A" || !strings.Contains(problems[0].Message, "batch files take no request data") {
			t.Errorf("%s: %+v", name, problems)
		}
	}
}
