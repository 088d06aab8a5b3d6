package routes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"homehook/http1"
)

// injections returns the texts of the corpus, with a path for the file that none
// of them may make: every folder that a test uses is below its folder.
func injections(t *testing.T) (texts []string, folder string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "injection.txt"))
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	canary := filepath.Join(folder, "canary")
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		var text string
		if err := json.Unmarshal([]byte(line), &text); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		texts = append(texts, strings.ReplaceAll(text, "CANARY", canary))
	}
	if len(texts) < 300 {
		t.Fatalf("only %d texts", len(texts))
	}
	t.Cleanup(func() { noCanary(t, folder) })
	return texts, folder
}

// noCanary looks for the file, and for one that a text made where it ran.
func noCanary(t *testing.T, folder string) {
	t.Helper()
	filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err == nil && strings.Contains(strings.ToLower(e.Name()), "canary") && !strings.Contains(path, "saved") {
			t.Errorf("there is a file %s", path)
		}
		return nil
	})
}

// serveJSON runs the first handler of a route for a delivery with a JSON body.
func serveJSON(t *testing.T, r *Route, body any) (Result, *http1.Exchange, []byte) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	d := sent{body: string(b), fields: "Content-Type: application/json\r\n"}.delivery(t)
	var out bytes.Buffer
	x := http1.NewExchange(d.Request, &out)
	return r.Serve(t.Context(), d, x), x, out.Bytes()
}

// answerOf reads an answer strictly.
func answerOf(t *testing.T, raw []byte) (fields []http1.Field, body string) {
	t.Helper()
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	for i, line := range strings.Split(head, "\r\n") {
		name, value, found := strings.Cut(line, ": ")
		if i > 0 && !found {
			t.Fatalf("line %.120q in %.120q", line, head)
		}
		if i > 0 {
			fields = append(fields, http1.Field{Name: name, Value: value})
		}
	}
	return fields, body
}

// batchSize is how many texts one process gets.
const batchSize = 30

// batches puts texts together, but for those that no program can be handed.
func batches(texts []string) [][]string {
	texts = slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return strings.Contains(s, "\x00") })
	return slices.Collect(slices.Chunk(texts, batchSize))
}

// TestInjectionScripts hands the corpus to scripts of three languages, as
// arguments, variables and files, and compares what they saw byte for byte.
func TestInjectionScripts(t *testing.T) {
	texts, folder := injections(t)
	work := filepath.Join(folder, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	shell, python, node := peer(t, "sh"), peer(t, "python3"), peer(t, "node")
	const inShell = `for a; do printf '%s\0' "$a"; done
i=0; while [ $i -lt 30 ]; do
  eval 'v=$V'$i 'f=$F'$i # of names that are fixed
  [ -n "$f" ] && { printf '%s\0' "$v"; cat "$f"; printf '\0'; }
  i=$((i+1))
done`
	commands := map[string][]string{
		"sh file": {commandFile(t, folder, "show.sh", "#!"+shell+"\n"+inShell)},
		"sh -c":   {shell, "-c", inShell, "show"},
		"python":  {python, commandFile(t, folder, "show.py", pythonShow)},
		"node":    {node, commandFile(t, folder, "show.js", nodeShow)},
	}
	for name, command := range commands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &ScriptSpec{Command: append(slices.Clone(command), "--"), Dir: work, Env: map[string]string{}, Files: map[string]string{}}
			for i := range batchSize {
				s.Command = append(s.Command, fmt.Sprintf("{json.p[%d]}", i), fmt.Sprintf("-x={json.p[%d]}!", i))
				s.Env[fmt.Sprintf("V%d", i)] = fmt.Sprintf("{json.p[%d]}", i)
				s.Files[fmt.Sprintf("F%d", i)] = fmt.Sprintf("{json.p[%d]}", i)
			}
			r := compileOne(t, Spec{Script: s})
			for _, batch := range batches(texts) {
				res, _, raw := serveJSON(t, r, map[string]any{"p": batch})
				if res.Err != nil {
					t.Fatalf("%v: %s", res.Err, res.Output)
				}
				_, got := answerOf(t, raw)
				got = strings.TrimPrefix(got, "--\x00")
				if want := expected(batch); got != want {
					t.Fatalf("got\n%.120q\nwant\n%.120q", got, want)
				}
			}
		})
	}
}

const pythonShow = `import os, sys
out = b''.join(os.fsencode(a) + b'\0' for a in sys.argv[1:])
for i in range(30):
    f = os.environb.get(b'F%d' % i)
    if f:
        out += os.environb[b'V%d' % i] + b'\0' + open(f, 'rb').read() + b'\0'
sys.stdout.buffer.write(out)
`

const nodeShow = `const fs = require('fs')
let out = process.argv.slice(2).map(a => a + '\0').join('')
for (let i = 0; i < 30; i++) {
  const f = process.env['F' + i]
  if (f) out += process.env['V' + i] + '\0' + fs.readFileSync(f) + '\0'
}
process.stdout.write(out)
`

// expected is what the scripts write for a batch.
func expected(batch []string) string {
	var args, rest strings.Builder
	for i := range batchSize {
		text := ""
		if i < len(batch) {
			text = batch[i]
			rest.WriteString(text + "\x00" + text + "\x00")
		}
		args.WriteString(text + "\x00-x=" + text + "!\x00")
	}
	return args.String() + rest.String()
}

// TestRow81Options holds which values are handed over without "--" before them,
// and that what no program can be handed is refused before one starts.
func TestRow81Options(t *testing.T) {
	texts, _ := injections(t)
	bare := compileOne(t, Spec{Script: &ScriptSpec{Command: []string{self(t), "{json.p}"}}}).handlers[0].handler.(*scripter)
	fenced := compileOne(t, Spec{Script: &ScriptSpec{Command: []string{self(t), "--", "{json.p}"}}}).handlers[0].handler.(*scripter)
	named := compileOne(t, Spec{Script: &ScriptSpec{Command: []string{self(t), "--name={json.p}"}}}).handlers[0].handler.(*scripter)
	for _, text := range texts {
		b, _ := json.Marshal(map[string]string{"p": text})
		d := sent{body: string(b)}.delivery(t)
		new(Route).Input(d)
		nul := strings.Contains(text, "\x00")
		for _, tt := range []struct {
			s       *scripter
			refused bool
			want    string
		}{
			{bare, nul || strings.HasPrefix(text, "-"), text}, {fenced, nul, text}, {named, nul, "--name=" + text},
		} {
			command, why := tt.s.arguments(d)
			switch {
			case tt.refused != (why != nil):
				t.Errorf("%.120q: %v", text, why)
			case why == nil && command[len(command)-1] != tt.want:
				t.Errorf("%.120q became %.120q", text, command)
			case why != nil && (why.status != 400 || why.kind != FailedRequest || len(text) > 5 && strings.Contains(why.err.Error(), text)):
				t.Errorf("%.120q: %+v", text, why)
			}
		}
	}
}

// TestInjectionAnswers puts the corpus into fields and bodies of answers and of
// requests to a server: a field is one field with just that value, or there is
// none at all.
func TestInjectionAnswers(t *testing.T) {
	texts, _ := injections(t)
	respond := compileOne(t, Spec{Respond: &RespondSpec{Headers: map[string]string{"X-P": "{json.p}", "Content-Type": "text/plain"}, Body: "<{json.p}>"}})
	plain := compileOne(t, Spec{Respond: &RespondSpec{Body: "<{json.p}>"}})
	var got http.Header
	server := serverFor(t, func(w http.ResponseWriter, r *http.Request) { got = r.Header.Clone() })
	forward := compileOne(t, Spec{Forward: &ForwardSpec{To: server, Headers: map[string]string{"X-P": "{json.p}", "X-Q": "a{json.p}"}}})
	for _, text := range texts {
		body := map[string]string{"p": text}
		trimmed := strings.Trim(text, " \t")
		fit := isFieldValue(trimmed)
		if _, _, raw := serveJSON(t, plain, body); !strings.HasSuffix(string(raw), "\r\n\r\n<"+text+">") {
			t.Errorf("%.120q: body %.120q", text, raw)
		}
		res, x, raw := serveJSON(t, respond, body)
		fields, said := answerOf(t, raw)
		switch {
		case !fit && (x.Status != 400 || res.Failure != FailedRequest || strings.Contains(string(raw), "X-P")):
			t.Errorf("%.120q: %d %+v", text, x.Status, res)
		case fit && (!slices.Contains(fields, http1.Field{Name: "X-P", Value: trimmed}) || len(fields) != 5 || said != "<"+text+">"):
			t.Errorf("%.120q: %.120q", text, raw)
		}
		got = nil
		res, x, _ = serveJSON(t, forward, body)
		switch {
		case !fit && (x.Status != 400 || got != nil || res.Failure != FailedRequest):
			t.Errorf("%.120q: forwarded: %d %v", text, x.Status, got)
		case fit && (len(got["X-P"]) != 1 || got.Get("X-P") != trimmed || got.Get("X-Q") != strings.TrimRight("a"+text, " \t") || len(got) != 4):
			t.Errorf("%.120q: forwarded %v", text, got)
		}
	}
}

// serverFor is a server for a test; it returns its address.
func serverFor(t *testing.T, serve http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	return s.URL
}

// peer is the path of a program that a test runs against.
func peer(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("HOMEHOOK_TEST_PEERS") != "":
		t.Fatalf("there is no %s on this machine", name)
	default:
		t.Skipf("there is no %s on this machine", name)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// witness is a host that keeps what it is asked to show.
type witness struct {
	Host
	seen []Notification
}

func (w *witness) Notify(_ context.Context, n Notification) error {
	w.seen = append(w.seen, n)
	return nil
}

// TestInjectionNotify has notifications made of the corpus.
func TestInjectionNotify(t *testing.T) {
	texts, _ := injections(t)
	r := compileOne(t, Spec{Notify: &NotifySpec{Title: "{json.p}", Text: "{json.p}", Link: "https://a.example.com/?q={json.p}"}})
	for _, text := range texts {
		b, _ := json.Marshal(map[string]string{"p": text})
		d := sent{body: string(b)}.delivery(t)
		w := &witness{}
		d.Host = w
		var out bytes.Buffer
		r.Serve(t.Context(), d, http1.NewExchange(d.Request, &out))
		for _, n := range w.seen {
			if n.Link != "" && !strings.HasPrefix(n.Link, "https://a.example.com/?q=") || strings.ContainsAny(n.Link, "\r\n\x00 ") {
				t.Errorf("%.120q: link %.120q", text, n.Link)
			}
		}
	}
}

// TestInjectionSave has files named by the corpus: all are in the folder itself.
func TestInjectionSave(t *testing.T) {
	texts, folder := injections(t)
	saved := filepath.Join(folder, "saved")
	if err := os.Mkdir(saved, 0o700); err != nil {
		t.Fatal(err)
	}
	for every, name := range map[int]string{1: "{json.p}", 5: "in-{json.p}.txt"} {
		r := compileOne(t, Spec{Save: &SaveSpec{Folder: saved, Name: name, Overwrite: true}})
		for i, text := range texts {
			if i%every == 0 {
				serveJSON(t, r, map[string]string{"p": text})
			}
		}
	}
	all, err := os.ReadDir(folder)
	if err != nil || len(all) != 1 {
		t.Errorf("beside the folder: %v %v", all, err)
	}
	files, _ := os.ReadDir(saved)
	for _, f := range files {
		if !f.Type().IsRegular() {
			t.Errorf("%s is no file", f.Name())
		}
	}
	if len(files) < 300 {
		t.Errorf("only %d files", len(files))
	}
}

// TestInjectionTransform has the corpus set as a field and as a member, and looks
// at what the handler gets.
func TestInjectionTransform(t *testing.T) {
	texts, _ := injections(t)
	r := compileOne(t, Spec{
		Transform: &TransformSpec{Set: map[string]string{"json.q": "{json.p}", "query.r": "{json.p}"}, Drop: []string{"json.p"}},
		Respond:   &RespondSpec{Body: "{json.q}\x00{query.r}\x00{toJSON(json)}"},
	})
	field := compileOne(t, Spec{Transform: &TransformSpec{Set: map[string]string{"header.X-P": "{json.p}"}}, Respond: &RespondSpec{Body: `{header["X-P"]}`}})
	for _, text := range texts {
		_, _, raw := serveJSON(t, r, map[string]string{"p": text})
		_, got := answerOf(t, raw)
		want, _ := json.Marshal(map[string]string{"q": text})
		parts := strings.SplitN(got, "\x00", -1)
		var back map[string]string
		if !strings.Contains(text, "\x00") && (len(parts) != 3 || parts[0] != text || parts[1] != text || json.Unmarshal([]byte(parts[2]), &back) != nil || back["q"] != text) {
			t.Errorf("%.120q: got %.120q, want %s", text, got, want)
		}
		_, x, raw := serveJSON(t, field, map[string]string{"p": text})
		_, got = answerOf(t, raw)
		if trimmed := strings.Trim(text, " \t"); isFieldValue(trimmed) != (x.Status == 200) || x.Status == 200 && got != trimmed {
			t.Errorf("%.120q: field %d %.120q", text, x.Status, got)
		}
	}
}
