package agent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"homehook/agent/control"
)

// witness is the folder of a script that writes down what it was given: one file
// each for its arguments, its variables, its input and the fields.
type witness struct{ dir, path string }

const witnessScript = `#!/bin/sh
printf '%%s\0' "$@" >'%[1]s/args'
/usr/bin/env -0 >'%[1]s/env'
/bin/cat >'%[1]s/input'
[ -n "$HOMEHOOK_HEADERS_FILE" ] && /bin/cat "$HOMEHOOK_HEADERS_FILE" >'%[1]s/fields'
printf 'Content-Type: text/plain\n\nseen'
`

func newWitness(t *testing.T) witness {
	t.Helper()
	w := witness{dir: t.TempDir()}
	w.path = runnable(t, fmt.Sprintf(witnessScript, w.dir))
	return w
}

// runnable puts a program into a folder of its own.
func runnable(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// list reads what is written with a NUL behind each entry, and removes it.
func (w witness) list(t *testing.T, name string) []string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("it did not run: %v", err)
	}
	os.Remove(path)
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}

// ran reports whether the script has run since it was last looked at.
func (w witness) ran() bool {
	_, err := os.Stat(filepath.Join(w.dir, "args"))
	return err == nil
}

// env is list for variables, by name.
func (w witness) env(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, v := range w.list(t, "env") {
		name, value, _ := strings.Cut(v, "=")
		all[name] = value
	}
	return all
}

// evilFields are fields whose names, as variables, would steer a program, or say
// in place of the agent who sends what.
const evilFields = "Proxy: http://evil\r\nPATH: /evil\r\nLD_PRELOAD: /evil.so\r\nHTTP_PROXY: http://evil\r\nBASH_ENV: /evil\r\nIFS: evil\r\n" +
	"X-Shock: () { :;}; touch canary\r\nHOMEHOOK_ROUTE: evil\r\nX_Forwarded_For: 6.6.6.6-evil\r\nContent_Length: 9-evil\r\nRemote_User: evil\r\n" +
	"REMOTE_ADDR: 6.6.6.6-evil\r\nAuthorization: Bearer evil\r\nScript_Name: /evil\r\nGATEWAY_INTERFACE: evil\r\n"

// TestRows37And38And84And91And92Fields: fields named, or folded by their
// underscores, as variables of consequence stay fields. No script and no CGI
// program has them among its variables, nor those of the agent itself.
func TestRows37And38And84And91And92Fields(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "agent's own")
	t.Setenv("HTTP_PROXY", "http://agent's own")
	t.Setenv("LD_LIBRARY_PATH", "/agent's own")
	w := newWitness(t)
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", fmt.Sprintf(
		"  - {name: script, claim: garage, match: /script, unverified: true, script: {command: [%[1]q], dir: %[2]q}}\n"+
			"  - {name: cgi, claim: garage, match: /cgi/, unverified: true, cgi: {program: %[1]q, dir: %[2]q}}\n", w.path, w.dir)))
	for _, kind := range []string{"script", "cgi"} {
		s := sent{id: newID(), line: "POST /" + kind + "/..%2f..%2fetc/passwd%2e", fields: evilFields, body: "body"}
		if kind == "script" {
			s.line = "POST /script"
		}
		if g := r.must(t, s); g.status != 200 {
			t.Errorf("%s: %+v", kind, g)
		}
		rec := h.record(t, s.id, "succeeded")
		for line := range strings.SplitSeq(strings.TrimSuffix(evilFields, "\r\n"), "\r\n") {
			if !strings.Contains(string(rec.Head), line+"\r\n") && !strings.HasPrefix(line, "Authorization") {
				t.Errorf("%s: the history has no %q", kind, line)
			}
		}
		env := w.env(t)
		checkVariables(t, kind, env)
		if kind == "cgi" && (env["REMOTE_ADDR"] != "203.0.113.9" || env["SCRIPT_NAME"] != "/cgi" || env["PATH_INFO"] != "/../../etc/passwd." ||
			env["GATEWAY_INTERFACE"] != "CGI/1.1" || env["CONTENT_LENGTH"] != "4" || env["HTTP_X_SHOCK"] != "() { :;}; touch canary" || env["PATH_TRANSLATED"] != "") {
			t.Errorf("%v", env)
		}
		if kind == "script" && !slices.Contains(strings.Split(w.list(t, "fields")[0], "\r\n"), "X-Shock: () { :;}; touch canary") {
			t.Error("the file of fields is not whole")
		}
	}
	noCanary(t, w.dir)
}

// checkVariables looks for what came from the sender, or from the agent's own
// environment, where it has no place.
func checkVariables(t *testing.T, kind string, env map[string]string) {
	t.Helper()
	for name, value := range env {
		prefixed := kind == "cgi" && strings.HasPrefix(name, "HTTP_") && name != "HTTP_PROXY" && name != "HTTP_AUTHORIZATION"
		if strings.Contains(value, "evil") && !(prefixed && !strings.Contains(value, "6.6.6.6")) || strings.Contains(value, "agent's own") {
			t.Errorf("%s sees %s=%s", kind, name, value)
		}
	}
	for _, name := range []string{"HTTP_PROXY", "LD_PRELOAD", "BASH_ENV", "REMOTE_USER", "HTTP_AUTHORIZATION"} {
		if value, there := env[name]; there {
			t.Errorf("%s sees %s=%s", kind, name, value)
		}
	}
	if env["HOMEHOOK_ROUTE"] != kind || env["PATH"] != os.Getenv("PATH") {
		t.Errorf("%s: route %q, PATH %q", kind, env["HOMEHOOK_ROUTE"], env["PATH"])
	}
}

// noCanary looks for what none of the inputs may make.
func noCanary(t *testing.T, folders ...string) {
	t.Helper()
	for _, folder := range folders {
		filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
			if err == nil && strings.Contains(e.Name(), "canary") {
				t.Errorf("there is a file %s", path)
			}
			return nil
		})
	}
}

// TestRows81And83Values: what a sender writes is one argument, as it is, or the
// script does not start. It is neither run by a shell nor evaluated as a template
// of ours: what it names stays where it is.
func TestRows81And83Values(t *testing.T) {
	w := newWitness(t)
	canary := filepath.Join(w.dir, "canary")
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	route := "  - {name: %s, claim: garage, match: %q, unverified: true, script: {command: [%q%s], dir: %q, env: {P: '{json.p}'}}}\n"
	h := startHome(t, storing(r.addr, "", fmt.Sprintf(route, "fenced", "/fenced/{part}", w.path, `, "--", "{json.p}", "a{json.p}b", "{params.part}"`, w.dir)+
		fmt.Sprintf(route, "bare", "/bare", w.path, `, "{json.p}"`, w.dir)+
		`  - {name: mirror, claim: garage, match: /mirror, unverified: true, when: 'json.p != json.secret && not (json.p matches "never")', respond: {body: '<{json.p}>'}}`+"\n"))
	for _, p := range []string{
		"$(touch CANARY)", "`touch CANARY`", "; touch CANARY", "a\ntouch CANARY\n", "-rf", "--", "--exec=touch CANARY", "'; touch CANARY; '", `" & touch CANARY & "`,
		"{json.secret}", "{{json.secret}}", "{toJSON(json)}", "${HOME}", "{{.secret}}", "%(secret)s", `") + json.secret + ("`, "' || true || '", "", " ", "*", "~", "\u202e\x1b[2J",
	} {
		p = strings.ReplaceAll(p, "CANARY", canary)
		body, _ := json.Marshal(map[string]string{"p": p, "secret": "hunter2"})
		part := url.PathEscape(p)
		for _, mode := range []string{answerHold, answerThrough} {
			s := sent{id: newID(), mode: mode, line: "POST /fenced/x" + part, body: string(body)}
			if g := r.must(t, s); g.status != 200 || g.body != "Content-Type: text/plain\n\nseen" {
				t.Errorf("%q: %+v", p, g)
			}
			h.record(t, s.id, "succeeded")
			if got := w.list(t, "args"); !slices.Equal(got, []string{"--", p, "a" + p + "b", "x" + p}) {
				t.Errorf("%q: arguments %q", p, got)
			}
			if env := w.env(t); env["P"] != p {
				t.Errorf("%q: variable %q", p, env["P"])
			}
			mirror := sent{id: newID(), mode: mode, line: "POST /mirror", body: string(body)}
			if g := r.must(t, mirror); g.status != 200 || g.body != "<"+p+">" {
				t.Errorf("%q: %+v", p, g)
			}
			checkBare(t, r, h, w, mode, p, string(body))
		}
	}
	noCanary(t, w.dir, h.dir)
}

// checkBare sends a value to a route that puts no -- before it.
func checkBare(t *testing.T, r *testRelay, h *home, w witness, mode, p, body string) {
	t.Helper()
	s := sent{id: newID(), mode: mode, line: "POST /bare", body: body}
	g := r.must(t, s)
	if !strings.HasPrefix(p, "-") {
		if g.status != 200 || !slices.Equal(w.list(t, "args"), []string{p}) {
			t.Errorf("%q: %+v", p, g)
		}
		return
	}
	rec := h.record(t, s.id, "dead")
	if g.status != 400 || strings.Contains(g.body, "--") || w.ran() || !strings.Contains(rec.Reason, "put -- before it") || rec.Log[0].Exit != -1 {
		t.Errorf("%q: %+v, %+v", p, g, rec.Delivery)
	}
}

// TestRow60Programs: what a CGI program says that is no answer becomes a 502, the
// history names handler and route, and of an endless one it keeps the beginning.
func TestRow60Programs(t *testing.T) {
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	texts := map[string]string{
		"field":  `printf 'X: a\r\nSet-Cookie: b'`,
		"bare":   `printf 'Content-Type: a/b\rSet-Cookie: x\n\nbody'`,
		"status": `printf 'X: a\r\n\r\nbody'`,
		"length": `printf 'Content-Type: a/b\nContent-Length: 5\n\nx'`,
		"longer": `printf 'Content-Type: a/b\nContent-Length: 1\n\nSet-Cookie: x'`,
		"head":   `printf 'X: '; exec /usr/bin/head -c 1073741824 /dev/zero`,
		"none":   `exit 3`,
	}
	conf := ""
	for name, text := range texts {
		conf += fmt.Sprintf("  - {name: %[1]s, claim: garage, match: /%[1]s, unverified: true, cgi: {program: %[2]q}}\n", name, runnable(t, "#!/bin/sh\n"+text+"\n"))
	}
	flood := runnable(t, "#!/bin/sh\nexec /usr/bin/head -c 1073741824 /dev/zero\n")
	conf += fmt.Sprintf("  - {name: flood, claim: garage, match: /flood, unverified: true, script: {command: [%q], output: 1MiB}}\n", flood)
	// A gigabyte takes longer on a busy machine than a sender waits by default.
	h := startHome(t, storing(r.addr, ", hold: 12s", conf))
	for name := range texts {
		for _, mode := range []string{answerHold, answerThrough} {
			s := sent{id: newID(), mode: mode, line: "POST /" + name}
			if g := r.must(t, s); g.status != 502 || strings.Contains(g.body, "Set-Cookie") {
				t.Errorf("%s, %s: %+v", name, mode, g)
			}
			if rec := h.record(t, s.id, "dead"); rec.Reason == "" || rec.Log[0].Handler != "cgi" || rec.Log[0].Route != name || rec.Log[0].Error == "" {
				t.Errorf("%s, %s: %+v", name, mode, rec)
			}
		}
	}
	s := sent{id: newID(), line: "POST /flood", wait: 20 * time.Second}
	if g := r.must(t, s); g.status != 200 || len(g.body) != 1<<20 {
		t.Errorf("flood: %d, %d bytes", g.status, len(g.body))
	}
	if rec := h.record(t, s.id, "succeeded"); !strings.Contains(rec.Reason, "wrote more than its route keeps") || len(rec.Log[0].ResponseBody) > 1<<20 {
		t.Errorf("flood: %q, %d bytes", rec.Reason, len(rec.Log[0].ResponseBody))
	}
}

// TestRow85Trees: whatever a script does not to end, it has ended five seconds
// behind its time, with all that it has started, and the attempt has failed.
func TestRow85Trees(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"holds":    "sleep 300 & exit 0", // its output, in a child
		"deaf":     "trap '' TERM INT HUP; sleep 300 & while :; do sleep 300; done",
		"detached": "setsid sleep 300 & setsid sh -c 'trap \"\" TERM; sleep 300 & sleep 300' & sleep 300",
		"unmarked": "env -i setsid sleep 300 & sleep 300",
		"forking":  "trap '' TERM; while :; do (sleep 300 &) ; sleep 0.05; done",
		"slow":     "sleep 3600; exit 0",
	}
	number := fmt.Sprint(1_000_000 + os.Getpid()) // tells these sleeps from others
	conf := ""
	for name, text := range texts {
		text = strings.ReplaceAll(text, "300", number+"."+fmt.Sprint(len(name))+fmt.Sprint(name[0]))
		conf += fmt.Sprintf("  - {name: %[1]s, claim: garage, match: /%[1]s, unverified: true, at_most_once: true, script: {command: [%[2]q], timeout: 1s}}\n", name, runnable(t, "#!/bin/sh\n"+text+"\n"))
	}
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, ", parallel: 8", conf))
	ids := map[string]string{}
	began := time.Now()
	for name := range texts {
		s := sent{id: newID(), line: "POST /" + name, after: "none"}
		r.must(t, s)
		ids[name] = s.id
	}
	for name, id := range ids {
		rec := h.ended(t, id, 15*time.Second)
		if rec.State != "dead" || len(rec.Log) != 1 || rec.Log[0].Error == "" || rec.Log[0].DurationMS > 8000 {
			t.Errorf("%s: %+v %+v", name, rec.Delivery, rec.Log)
		}
	}
	if left := processesWith(t, number); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if took := time.Since(began); took > 12*time.Second {
		t.Errorf("it took %s", took)
	}
}

// ended waits longer than record does, for whatever end.
func (h *home) ended(t *testing.T, id string, most time.Duration) *control.Record {
	t.Helper()
	for deadline := time.Now().Add(most); ; {
		rec, err := h.client.Delivery(t.Context(), id)
		if err == nil && rec.State != "running" && rec.State != "received" {
			return rec
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s has not ended: %+v, %v", id, rec, err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// processesWith finds what runs with a word in its command line.
func processesWith(t *testing.T, word string) (left []string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if line, err := os.ReadFile(path); err == nil && strings.Contains(string(line), word) {
			left = append(left, path+" "+string(line))
		}
	}
	return left
}

// TestRow75OffIsNotRun: what an import has switched off does nothing.
func TestRow75OffIsNotRun(t *testing.T) {
	dir := t.TempDir()
	r := startRelay(t, "127.0.0.1:0", "hh_secret")
	h := startHome(t, storing(r.addr, "", fmt.Sprintf("  - {name: x, claim: garage, match: /x, unverified: true, off: true, script: {command: [/bin/sh, -c, %q], dir: %q}}\n", "touch canary", dir)))
	for _, mode := range []string{answerHold, answerThrough, answerStore} {
		s := sent{id: newID(), mode: mode, line: "POST /x"}
		if g := r.must(t, s); g.status != http.StatusNotFound {
			t.Errorf("%s: %+v", mode, g)
		}
		if rec := h.record(t, s.id, "rejected"); rec.Reason != "no route" || len(rec.Log) > 0 {
			t.Errorf("%s: %+v", mode, rec)
		}
	}
	noCanary(t, dir)
}
