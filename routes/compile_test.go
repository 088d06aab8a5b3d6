package routes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func respondSpec(name, claim, match string) Spec {
	return Spec{Name: name, Claim: claim, Match: match, Unverified: true, Respond: &RespondSpec{}}
}

func TestFindTakesTheFirst(t *testing.T) {
	table, problems := Compile([]Spec{
		respondSpec("post", "a", "POST /x"), respondSpec("wild", "a", "/{name}"), respondSpec("rest", "a", "/"),
		respondSpec("other", "b", "/only"),
	})
	if problems != nil {
		t.Fatal(problems)
	}
	for _, tt := range []struct {
		name, claim, method, path, route string
		params                           Params
	}{
		{"first", "a", "POST", "/x", "post", nil},
		{"second by method", "a", "GET", "/x", "wild", Params{{"name", "x"}}},
		{"last", "a", "GET", "/x/y", "rest", nil},
		{"other claim", "b", "GET", "/only", "other", nil},
		{"none of the claim", "b", "GET", "/x", "", nil},
		{"unknown claim", "c", "GET", "/", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, params, ok := table.Find(tt.claim, []byte(tt.method), []byte(tt.path))
			if ok != (tt.route != "") || ok && (r.Name != tt.route || r.Kind() != "respond") {
				t.Fatalf("got %+v, %v", r, ok)
			}
			if diff := cmp.Diff(tt.params, params); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := (Params{{"a", "1"}}).Get("a") + (Params{}).Get("b"); got != "1" {
		t.Errorf("Get: %q", got)
	}
}

func TestFindDoesNotAllocate(t *testing.T) {
	table, _ := Compile([]Spec{respondSpec("a", "c", "POST /x/{id}/y"), respondSpec("b", "c", "POST /x/")})
	method, path := []byte("POST"), []byte("/x/%41/z")
	if n := testing.AllocsPerRun(100, func() { table.Find("c", method, path) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNamelessRouteIsCalledAsItsPattern(t *testing.T) {
	table, problems := Compile([]Spec{respondSpec("", "c", "POST /x")})
	if problems != nil {
		t.Fatal(problems)
	}
	if r, _, _ := table.Find("c", []byte("POST"), []byte("/x")); r.Name != "POST /x" || r.Match != "POST /x" || r.Claim != "c" {
		t.Errorf("%+v", r)
	}
}

// TestCompileReports checks that each mistake is found where it stands.
func TestCompileReports(t *testing.T) {
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain.txt")
	os.WriteFile(plain, nil, 0o644)
	forward := func(f ForwardSpec) Spec {
		if f.To == "" {
			f.To = "http://127.0.0.1:1"
		}
		return Spec{Claim: "c", Match: "/", Unverified: true, Forward: &f}
	}
	script := func(s ScriptSpec) Spec {
		if s.Command == nil {
			s.Command = []string{self(t)}
		}
		return Spec{Claim: "c", Match: "/", Unverified: true, Script: &s}
	}
	respond := func(r RespondSpec) Spec { return Spec{Claim: "c", Match: "/", Unverified: true, Respond: &r} }
	for _, tt := range []struct {
		name string
		spec Spec
		path string
		want string
	}{
		{"no handler", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true}, "[0]", "has no handler"},
		{"two handlers", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true, Respond: &RespondSpec{}, Forward: &ForwardSpec{To: "http://a"}}, "[0]", "has 2 handlers"},
		{"unverified", Spec{Name: "x", Claim: "c", Match: "/", Respond: &RespondSpec{}}, "[0].unverified", `route "x" does not verify its sender`},
		{"no claim", respondSpec("x", "", "/"), "[0].claim", "no claim"},
		{"no match", respondSpec("x", "c", ""), "[0].match", "no match"},
		{"bad match", respondSpec("x", "c", "x"), "[0].match", "malformed"},
		{"no target", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true, Forward: &ForwardSpec{}}, "[0].forward.to", "missing"},
		{"file target", forward(ForwardSpec{To: "file:///etc/passwd"}), "[0].forward.to", "begins with http"},
		{"gopher target", forward(ForwardSpec{To: "gopher://x"}), "[0].forward.to", "begins with http"},
		{"no scheme", forward(ForwardSpec{To: "localhost:80"}), "[0].forward.to", "begins with http"},
		{"relative socket", forward(ForwardSpec{To: "unix:app.sock"}), "[0].forward.to", "absolute"},
		{"number as host", forward(ForwardSpec{To: "http://2130706433/"}), "[0].forward.to", "four decimal numbers"},
		{"hexadecimal host", forward(ForwardSpec{To: "http://0x7f.1/"}), "[0].forward.to", "four decimal numbers"},
		{"short address", forward(ForwardSpec{To: "http://127.1/"}), "[0].forward.to", "four decimal numbers"},
		{"metadata", forward(ForwardSpec{To: "http://169.254.169.254/"}), "[0].forward.to", "never connected"},
		{"mapped metadata", forward(ForwardSpec{To: "http://[::ffff:169.254.169.254]/"}), "[0].forward.to", "never connected"},
		{"no host", forward(ForwardSpec{To: "http:///x"}), "[0].forward.to", "no host"},
		{"odd host", forward(ForwardSpec{To: "http://a!b/"}), "[0].forward.to", "not allowed"},
		{"bad port", forward(ForwardSpec{To: "http://a:99999/"}), "[0].forward.to", "not a port"},
		{"port zero", forward(ForwardSpec{To: "http://a:0/"}), "[0].forward.to", "not a port"},
		{"user in target", forward(ForwardSpec{To: "http://u:p@a/"}), "[0].forward.to", "user and password"},
		{"query in target", forward(ForwardSpec{To: "http://a/?x"}), "[0].forward.to", "no query"},
		{"fragment in target", forward(ForwardSpec{To: "http://a/#x"}), "[0].forward.to", "no query"},
		{"strip", forward(ForwardSpec{Strip: "ha"}), "[0].forward.strip", "not a path"},
		{"host", forward(ForwardSpec{Host: "a b"}), "[0].forward.host", "not a host"},
		{"negative timeout", forward(ForwardSpec{Timeout: -1}), "[0].forward.timeout", "negative"},
		{"host as header", forward(ForwardSpec{Headers: map[string]string{"host": "x"}}), "[0].forward.headers.host", "key host"},
		{"framing header", forward(ForwardSpec{Headers: map[string]string{"Content-Length": "1"}}), "[0].forward.headers.Content-Length", "belongs to the connection"},
		{"header name", forward(ForwardSpec{Headers: map[string]string{"a b": "x"}}), "[0].forward.headers", "not a field name"},
		{"header value", forward(ForwardSpec{Headers: map[string]string{"A": "x\r\nB: y"}}), "[0].forward.headers.A", "control"},
		{"reserved header", respond(RespondSpec{Headers: map[string]string{"Homehook-Accepted": "x"}}), "[0].respond.headers.Homehook-Accepted", "reserved"},
		{"header twice", respond(RespondSpec{Headers: map[string]string{"A": "x", "a": "y"}}), "[0].respond.headers.a", "twice"},
		{"status 101", respond(RespondSpec{Status: 101}), "[0].respond.status", "101"},
		{"status 99", respond(RespondSpec{Status: 99}), "[0].respond.status", "99"},
		{"status 600", respond(RespondSpec{Status: 600}), "[0].respond.status", "600"},
		{"body of 204", respond(RespondSpec{Status: 204, Body: "x"}), "[0].respond.body", "no body"},
		{"no command", script(ScriptSpec{Command: []string{}}), "[0].script.command", "missing"},
		{"relative command", script(ScriptSpec{Command: []string{"git"}}), "[0].script.command[0]", "absolute path needed"},
		{"missing command", script(ScriptSpec{Command: []string{filepath.Join(folder, "none")}}), "[0].script.command[0]", "cannot be found"},
		{"folder as command", script(ScriptSpec{Command: []string{folder}}), "[0].script.command[0]", "is not a file"},
		{"unknown name", script(ScriptSpec{Command: []string{self(t), "{jsn.repository.name}"}}), "[0].script.command[1]", "jsn"},
		{"unknown wildcard", script(ScriptSpec{Command: []string{self(t), "--repo={params.repo}"}}), "[0].script.command[1]", "no wildcard"},
		{"unknown name in a variable", script(ScriptSpec{Env: map[string]string{"A": "{bdy}"}}), "[0].script.env.A", "bdy"},
		{"unknown name in a file", script(ScriptSpec{Files: map[string]string{"A": "{bdy}"}}), "[0].script.files.A", "bdy"},
		{"unknown name in a field", respond(RespondSpec{Headers: map[string]string{"A": "{bdy}"}}), "[0].respond.headers.A", "bdy"},
		{"unknown name in a body", respond(RespondSpec{Body: "{bdy}"}), "[0].respond.body", "bdy"},
		{"file variable", script(ScriptSpec{Files: map[string]string{"A B": "x"}}), "[0].script.files", "not the name of a variable"},
		{"file variable ours", script(ScriptSpec{Files: map[string]string{"HOMEHOOK_X": "x"}}), "[0].script.files.HOMEHOOK_X", "set for every script"},
		{"file and variable", script(ScriptSpec{Files: map[string]string{"A": "x"}, Env: map[string]string{"A": "x"}}), "[0].script.files.A", "under env too"},
		{"steering variable", script(ScriptSpec{Env: map[string]string{"LD_PRELOAD": "{query.x}"}}), "[0].script.env.LD_PRELOAD", "steers which code runs"},
		{"answer field", script(ScriptSpec{Headers: map[string]string{"Trailer": "x"}}), "[0].script.headers.Trailer", "belongs to the connection"},
		{"condition", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true, When: "jsn == 1", Respond: &RespondSpec{}}, "[0].when", "jsn"},
		{"no condition", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true, When: "path", Respond: &RespondSpec{}}, "[0].when", "true or false"},
		{"rate", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true, Rate: &RateSpec{}, Respond: &RespondSpec{}}, "[0].rate.limit", "no rate"},
		{"rate of no time", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true, Rate: &RateSpec{Limit: 1, Per: -1}, Respond: &RespondSpec{}}, "[0].rate.per", "between"},
		{"events of nobody", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true, Events: []string{"push"}, Respond: &RespondSpec{}}, "[0].events", "sender is not known"},
		{"accepted", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true, Accepted: &RespondSpec{Status: 404}, Respond: &RespondSpec{}}, "[0].accepted.status", "accepted"},
		{"two handlers", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true, Forward: &ForwardSpec{To: "http://a"}, Respond: &RespondSpec{}}, "[0]", "2 handlers"},
		{"empty also", Spec{Name: "x", Claim: "c", Match: "/", Unverified: true, Respond: &RespondSpec{}, Also: []HandlerSpec{{}}}, "[0].also[0]", "one handler"},
		{"NUL", script(ScriptSpec{Command: []string{self(t), "a\x00"}}), "[0].script.command[1]", "NUL"},
		{"script timeout", script(ScriptSpec{Timeout: -1}), "[0].script.timeout", "negative"},
		{"output", script(ScriptSpec{Output: 2 << 30}), "[0].script.output", "between"},
		{"relative folder", script(ScriptSpec{Dir: "x"}), "[0].script.dir", "absolute path needed"},
		{"missing folder", script(ScriptSpec{Dir: filepath.Join(folder, "none")}), "[0].script.dir", "cannot be found"},
		{"file as folder", script(ScriptSpec{Dir: plain}), "[0].script.dir", "is not a folder"},
		{"variable name", script(ScriptSpec{Env: map[string]string{"A=B": "x"}}), "[0].script.env", "not the name of a variable"},
		{"variable ours", script(ScriptSpec{Env: map[string]string{"HOMEHOOK_PATH": "x"}}), "[0].script.env.HOMEHOOK_PATH", "set for every script"},
		{"variable NUL", script(ScriptSpec{Env: map[string]string{"A": "\x00"}}), "[0].script.env.A", "NUL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table, problems := Compile([]Spec{tt.spec})
			if table != nil || len(problems) != 1 {
				t.Fatalf("got %+v", problems)
			}
			if problems[0].Remedy == "" {
				t.Errorf("no remedy for %q", problems[0].Message)
			}
			if p := problems[0]; p.Path != tt.path || !strings.Contains(p.Message, tt.want) {
				t.Errorf("got %+v, want %q at %s", p, tt.want, tt.path)
			}
		})
	}
}

func TestCompileReportsAllAtOnce(t *testing.T) {
	_, problems := Compile([]Spec{
		respondSpec("x", "c", "/"), respondSpec("x", "", "y"),
		{Claim: "c", Match: "/", Respond: &RespondSpec{Status: 100}},
		respondSpec("", "c", "/"),
	})
	var got []string
	for _, p := range problems {
		got = append(got, p.Path)
	}
	want := []string{"[1].claim", "[1].match", "[1].name", "[2].unverified", "[2].respond.status", "[2].match", "[3].match"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
