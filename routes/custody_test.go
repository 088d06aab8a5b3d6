//go:build unix

package routes

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCodeFiles has commands, and what of them is looked at besides the program.
func TestCodeFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"script": "#!/bin/sh\n", "plain": "text", "deep": "#!DIR/script -x\n", "relative": "#!sh\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "DIR", dir)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ command, want string }{
		{"DIR/plain", ""},
		{"DIR/script", "/bin/sh@0"},
		{"DIR/deep", "DIR/script@0"},
		{"DIR/relative", ""},
		{"/bin/sh DIR/script", "DIR/script@1 /bin/sh@1"},
		{"/bin/sh -e -- DIR/plain a b", "DIR/plain@3"},
		{"/bin/sh script", "DIR/script@1 /bin/sh@1"},
		{"/bin/sh none", ""},
		{"/bin/sh DIR/none", "DIR/none@1"},
		{"/bin/sh DIR", ""},
		{"/bin/sh -c DIR/script", ""},
		{"/usr/bin/python3 -W ignore DIR/plain", "DIR/plain@3"},
		{"/usr/bin/env -u A B=c nice -n 5 /bin/sh DIR/plain", ""},
		{"/usr/bin/env -u A B=c /usr/bin/nice -n 5 /bin/sh DIR/plain", "/usr/bin/nice@4 /bin/sh@7 DIR/plain@8"},
		{"/usr/bin/sed DIR/plain", ""},
		{"/bin/cat DIR/plain", ""},
	} {
		var args []argument
		for word := range strings.FieldsSeq(strings.ReplaceAll(tt.command, "DIR", dir)) {
			args = append(args, argument{text: text{fixed: word}, source: word})
		}
		var got []string
		for _, f := range codeFiles(args, dir) {
			got = append(got, strings.ReplaceAll(f.path, dir, "DIR")+"@"+string(rune('0'+f.at)))
		}
		if want := strings.Fields(tt.want); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", tt.command, got, want)
		}
	}
}

// TestOpenedProgramStands: a route whose program others can change stands, and the
// program does not start until that is put right.
func TestOpenedProgramStands(t *testing.T) {
	for _, kind := range []string{"script", "cgi", "interpreter"} {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "program")
			if err := os.WriteFile(path, []byte("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran'\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o777); err != nil {
				t.Fatal(err)
			}
			s := Spec{Claim: "c", Match: "/", Unverified: true}
			switch kind {
			case "script":
				s.Script = &ScriptSpec{Command: []string{path}}
			case "cgi":
				s.CGI = &CGISpec{Program: path}
			case "interpreter":
				s.Script = &ScriptSpec{Command: []string{"/bin/sh", path}}
			}
			if table, problems := Compile([]Spec{s}); table != nil || len(problems) != 1 || problems[0].Remedy != "chmod go-w "+path {
				t.Fatalf("got %+v", problems)
			}
			table, _ := CompileToRun([]Spec{s})
			if table == nil {
				t.Fatal("the route does not stand")
			}
			defer table.Close()
			route, _, _ := table.Find("c", []byte("GET"), []byte("/"))
			f := serveRoute(t, route)
			if got := ask(t, f.addr, getOnce); !strings.HasPrefix(got, "HTTP/1.1 500 ") || strings.Contains(got, "ran") {
				t.Errorf("got %q", got)
			}
			if r := f.result(t); r.Err == nil || !strings.Contains(r.Err.Error(), "can be changed by others (0777); see that it is what it was, then run: chmod go-w "+path) {
				t.Errorf("result %+v", r)
			}
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
			if got := ask(t, f.addr, getOnce); !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.Contains(got, "ran") {
				t.Errorf("put right: got %q", got)
			}
			f.result(t)
		})
	}
}

// TestSecretFieldIsWithheld: the file of fields has all but the secret that senders of
// the route send.
func TestSecretFieldIsWithheld(t *testing.T) {
	raw := []byte("POST / HTTP/1.1\r\nHost: a\r\nX-Gitlab-Token: s3cret\r\nx-gitlab-token: s3cret\r\nX-Gitlab-Token-2: other\r\n")
	path, err := writeHeaders(t.TempDir(), raw, []string{"X-Gitlab-Token"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "Host: a\r\nX-Gitlab-Token-2: other\r\n" {
		t.Errorf("%q, %v", got, err)
	}
}
