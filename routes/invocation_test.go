package routes

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/http1"
	"homehook/routes/process"
)

// run runs the first handler of a route for a request.
func (s sent) run(t *testing.T, r *Route, params ...Param) (Result, int, []http1.Field, string) {
	t.Helper()
	d := s.delivery(t)
	d.Params = params
	var out bytes.Buffer
	x := http1.NewExchange(d.Request, &out)
	res := r.Serve(t.Context(), d, x)
	fields, body := answerOf(t, out.Bytes())
	return res, x.Status, fields, body
}

func TestScriptTemplates(t *testing.T) {
	r := compileOne(t, Spec{Match: "/{repo}", Script: &ScriptSpec{
		Command: []string{self(t), "play", "args", "{{literal}}", "--ref={json.ref}", "--", "{params.repo}", "{json.none}", "{json.n} {query.a}"},
		Env:     map[string]string{"GORACE": "atexit_sleep_ms=0"},
		Headers: map[string]string{"X-Ref": "{json.ref}", "X-None": "{json.none}", "Content-Type": "application/x-own", "X-Fixed": "a"},
	}})
	res, status, fields, body := sent{target: "/x?a=%22%20b", body: `{"ref":"refs/a b","n":12345678901234567890}`}.run(t, r, Param{"repo", "-rf"})
	if res.Err != nil || status != 200 {
		t.Fatalf("%d %+v", status, res)
	}
	var args []string
	if err := json.Unmarshal([]byte(body), &args); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"{literal}", "--ref=refs/a b", "--", "-rf", "", `12345678901234567890 " b`}, args); diff != "" {
		t.Error(diff)
	}
	fields = slices.DeleteFunc(fields, func(f http1.Field) bool { return f.Name == "Date" || f.Name == "Content-Length" })
	if diff := cmp.Diff([]http1.Field{{Name: "Content-Type", Value: "application/x-own"}, {Name: "X-Fixed", Value: "a"}, {Name: "X-Ref", Value: "refs/a b"}}, fields); diff != "" {
		t.Error(diff)
	}
}

// TestScriptRawBytes hands over what is no text in any encoding.
func TestScriptRawBytes(t *testing.T) {
	r := compileOne(t, Spec{Match: "/{p}", Script: &ScriptSpec{Command: []string{self(t), "play", "say", "<{params.p}>"}, Env: map[string]string{"GORACE": "atexit_sleep_ms=0"}}})
	raw := "\xff\xfe\x80 \xc3(\xed\xa0\x80"
	if res, _, _, body := (sent{}).run(t, r, Param{"p", raw}); res.Err != nil || body != "<"+raw+">" {
		t.Errorf("%+v %q", res, body)
	}
}

func TestScriptVariables(t *testing.T) {
	r := compileOne(t, Spec{Script: &ScriptSpec{
		Command: []string{self(t), "play", "env"},
		Env:     map[string]string{"GORACE": "atexit_sleep_ms=0", "A": "{json.a}", "B": "{json.none}", "C": "<{json.none}>", "LANG": "{json.none}", "D": "{{d}}", "E": "{json.empty}"},
	}})
	res, _, _, body := sent{body: `{"a":"x\ny=z","empty":""}`}.run(t, r)
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	for line, want := range map[string]bool{"\nA=x\ny=z\n": true, "\nB=": false, "\nC=<>\n": true, "\nLANG=": false, "\nD={d}\n": true, "\nE=\n": true} {
		if strings.Contains("\n"+body+"\n", line) != want {
			t.Errorf("%q: want %v in\n%s", line, want, body)
		}
	}
}

// TestScriptFiles holds that files are there while the script runs, for its user
// alone, and gone then.
func TestScriptFiles(t *testing.T) {
	r := compileOne(t, Spec{Script: &ScriptSpec{
		Command: []string{self(t), "play", "file", "F"}, Env: map[string]string{"GORACE": "atexit_sleep_ms=0"},
		Files: map[string]string{"F": "{toJSON(json.list)}\x00", "NONE": "{json.none}"},
	}})
	res, _, _, body := sent{body: `{"list":[1,2.50,"../../x"]}`}.run(t, r)
	path, rest, _ := strings.Cut(body, "\n")
	if res.Err != nil || rest != "600\n[1,2.50,\"../../x\"]\x00" || !strings.HasPrefix(filepath.Base(path), valuePrefix) {
		t.Errorf("%+v %q", res, body)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

// TestScriptRefuses holds what is refused before anything starts.
func TestScriptRefuses(t *testing.T) {
	script := func(s ScriptSpec) *Route {
		s.Command = append([]string{self(t), "play", "exit0"}, s.Command...)
		return compileOne(t, Spec{Script: &s, Background: true})
	}
	for _, tt := range []struct {
		name  string
		route *Route
		value string
		want  string
	}{
		{"NUL in an argument", script(ScriptSpec{Command: []string{"{json.p}"}}), "a\x00b", "NUL"},
		{"NUL in a variable", script(ScriptSpec{Env: map[string]string{"A": "{json.p}"}}), "a\x00b", "the variable A has a NUL"},
		{"option", script(ScriptSpec{Command: []string{"{json.p}"}}), "--exec=x", "put -- before it"},
		{"option by two values", script(ScriptSpec{Command: []string{"{json.none}{json.p}"}}), "-x", "put -- before it"},
		{"long argument", script(ScriptSpec{Command: []string{"{json.p}"}}), strings.Repeat("a", 200_000), "200000 bytes"},
		{"long variable", script(ScriptSpec{Env: map[string]string{"A": "{json.p}"}}), strings.Repeat("a", 200_000), "200000 bytes"},
		{"line break in a field", script(ScriptSpec{Headers: map[string]string{"X-A": "{json.p}"}, Files: map[string]string{"F": "{json.p}"}}), "a\r\nB: c", "control character"},
		{"long field", script(ScriptSpec{Headers: map[string]string{"X-A": "{json.p}"}}), strings.Repeat("a", 9000), "longer than 8192"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, _ := filepath.Glob(filepath.Join(process.SpoolFolder(nil), valuePrefix+"*"))
			b, _ := json.Marshal(map[string]string{"p": tt.value})
			res, status, _, body := sent{body: string(b)}.run(t, tt.route)
			if status != 400 || res.Err == nil || !strings.Contains(res.Err.Error(), tt.want) || res.Failure != FailedRequest || res.Retry || res.Exit != -1 {
				t.Errorf("%d %+v", status, res)
			}
			if strings.Contains(body, tt.value) || strings.Contains(body, "variable") {
				t.Errorf("the sender is told %q", body)
			}
			d := sent{body: string(b)}.delivery(t)
			if p := tt.route.Plan(d); p.Status != 400 || p.Note != res.Err.Error() {
				t.Errorf("planned: %+v", p)
			}
			after, _ := filepath.Glob(filepath.Join(process.SpoolFolder(nil), valuePrefix+"*"))
			if len(after) > len(before) {
				t.Errorf("files are left: %v", after)
			}
		})
	}
}

// TestRow37Row84Row91Fields sends fields that are named, or look, like variables
// of consequence: none of them is in the environment.
func TestRow37Row84Row91Fields(t *testing.T) {
	t.Setenv("HOMEHOOK_TEST_SECRET", "of the agent")
	r := scriptRoute(t, ScriptSpec{}, "env")
	const fields = "Proxy: http://evil\r\nPATH: /evil\r\nLD_PRELOAD: /evil.so\r\nLD-PRELOAD: /evil.so\r\nHTTP_PROXY: http://evil\r\nBASH_ENV: /evil\r\n" +
		"X-Shock: () { :;}; touch canary\r\nHOMEHOOK_PATH: /evil\r\nHOMEHOOK_X: evil\r\nIFS: evil\r\n"
	res, _, _, body := sent{fields: fields}.run(t, r)
	if res.Err != nil || strings.Contains(body, "evil") || strings.Contains(body, "canary") || strings.Contains(body, "of the agent") || !strings.Contains(body, "HOMEHOOK_PATH=/\n") {
		t.Errorf("%+v\n%s", res, body)
	}
	allowed := append(slices.Clone(inheritedNames), "GORACE")
	for line := range strings.Lines(body) {
		name, _, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, "HOMEHOOK_") && !slices.ContainsFunc(allowed, func(a string) bool { return sameVariable(a, name) }) {
			t.Errorf("the variable %s", name)
		}
	}
	if _, _, _, lines := (sent{fields: fields}).run(t, scriptRoute(t, ScriptSpec{}, "headers")); !strings.Contains(lines, "X-Shock: () { :;}; touch canary\r\n") || !strings.Contains(lines, "Proxy: http://evil\r\n") {
		t.Errorf("not in the file of fields: %q", lines)
	}
}

// TestRow68RelativeCommand has a program of the same name in the folder where the
// script would run.
func TestRow68RelativeCommand(t *testing.T) {
	dir := t.TempDir()
	commandFile(t, dir, "git", "\x7fELF")
	t.Chdir(dir)
	t.Setenv("PATH", dir)
	for _, name := range []string{"git", "./git", "git.exe", `..\git`, "~/git", "$HOME/git"} {
		_, problems := Compile([]Spec{{Name: "x", Claim: "c", Match: "/", Unverified: true, Script: &ScriptSpec{Command: []string{name}, Dir: dir}}})
		if len(problems) != 1 || !strings.Contains(problems[0].Message, "absolute path needed") {
			t.Errorf("%s: %+v", name, problems)
		}
	}
}

// TestPlanTemplates holds that a plan shows the command as it would run.
func TestPlanTemplates(t *testing.T) {
	r := compileOne(t, Spec{
		Script: &ScriptSpec{Command: []string{self(t), "--", "{json.p}"}, Files: map[string]string{"F": "{json.p}"}, Dir: t.TempDir()},
		Also:   []HandlerSpec{{Forward: &ForwardSpec{To: "http://127.0.0.1:1", Headers: map[string]string{"A": "{json.bad}"}}}},
	})
	d := sent{body: `{"p":"$(x) y","bad":"a\nb"}`}.delivery(t)
	p := r.Plan(d)
	if diff := cmp.Diff([]string{self(t), "--", "$(x) y"}, p.Command); diff != "" {
		t.Error(diff)
	}
	if len(p.Also) != 1 || p.Also[0].Handler != "forward" || p.Also[0].Status != 400 || !strings.Contains(p.Also[0].Note, "the field A") || d.Input != nil {
		t.Errorf("%+v", p)
	}
}

// TestServeAt runs the handlers of a route one by one, with the delivery as the
// transform leaves it, and the caller's own as it was.
func TestServeAt(t *testing.T) {
	r := compileOne(t, Spec{
		Transform: &TransformSpec{Set: map[string]string{"json.a": "{json.a}!"}},
		Respond:   &RespondSpec{Body: "{json.a}"},
		Also:      []HandlerSpec{{Script: &ScriptSpec{Command: []string{self(t), "play", "cat"}, Env: map[string]string{"GORACE": "atexit_sleep_ms=0"}}}},
	})
	if diff := cmp.Diff([]string{"respond", "script"}, r.Kinds()); diff != "" {
		t.Fatal(diff)
	}
	for place, want := range []string{"x!", `{"a":"x!"}`} {
		d := sent{body: `{"a":"x"}`}.delivery(t)
		request := d.Request
		var out bytes.Buffer
		x := http1.NewExchange(d.Request, &out)
		res := r.ServeAt(t.Context(), place, d, x)
		if _, body := answerOf(t, out.Bytes()); res.Err != nil || res.Handler != r.Kinds()[place] || body != want {
			t.Errorf("%d: %+v %q", place, res, body)
		}
		if d.Request != request || string(d.Body) != `{"a":"x"}` {
			t.Error("the caller's delivery was changed")
		}
	}
}
