package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/agent/control"
)

// replayed is an agent that answers a replay with another record.
func replayed(old, got *control.Record) *fakeAgent {
	got.ReplayOf = old.ID
	return &fakeAgent{
		records: map[string]*control.Record{old.ID: old},
		replay:  func(control.Replay) (*control.Record, error) { return got, nil },
	}
}

func TestReplay(t *testing.T) {
	dead := record(newID, "x", "")
	dead.State, dead.Status, dead.Reason, dead.Log = control.Dead, 502, "the app cannot be reached", nil
	running := record(newID, "x", "")
	running.State, running.Status, running.Log = control.Running, 0, nil
	tests := []struct {
		name string
		got  *control.Record
		code int
		out  string
		errs string
	}{
		{"same answer", record(newID, "x", `{"n":1}`), exitDone, "\nThe answer is the same as before.\n", ""},
		{
			"another answer", record(newID, "x", `{"n":2,"e":"`+"\x1b"+`[2J"}`), exitDone,
			"--- answer of " + oldID + "\n+++ answer of " + newID + "\n@@ -1,6 +1,4 @@\n HTTP/1.1 200 OK\n Content-Type: application/json\n \n-{\n-  \"n\": 1\n-}\n+{\"n\":2,\"e\":\"\\x1b[2J\"}\n", "",
		},
		{"dead", dead, exitFailed, "State     dead, route greet\nAnswer    502 after 3.0 ms\nReason    the app cannot be reached\n", ""},
		{"it still runs", running, exitDone, "State     running, route greet\n", "it still runs; see: homehook show " + newID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := replayed(record(oldID, "x", `{"n":1}`), tt.got)
			a, out, errs := withAgent(t, f)
			code := a.execute(t.Context(), []string{"replay", oldID})
			if code != tt.code || !strings.Contains(out.String(), tt.out) || !strings.Contains(errs.String(), tt.errs) {
				t.Errorf("code %d, stdout\n%s\nstderr %s", code, out, errs)
			}
			if diff := cmp.Diff([]control.Replay{{}}, f.replays); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReplayJSON(t *testing.T) {
	a, out, _ := withAgent(t, replayed(record(oldID, "x", "one"), record(newID, "x", "two")))
	if code := a.execute(t.Context(), []string{"replay", oldID, "--json"}); code != exitDone {
		t.Fatalf("code %d", code)
	}
	var got struct {
		control.Record
		Diff string `json:"diff"`
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.ID != newID || got.ReplayOf != oldID || !strings.HasSuffix(got.Diff, "-one\n+two\n") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestReplayOfAScript(t *testing.T) {
	f := replayed(record(oldID, "x", ""), record(newID, "x", ""))
	f.replay = func(r control.Replay) (*control.Record, error) {
		if !r.Confirm {
			return nil, fmt.Errorf(`route "greet" runs a script; the replay is %w`, control.ErrConfirm)
		}
		return record(newID, "x", ""), nil
	}
	f.routes = append(f.routes, control.Route{Name: "other"})
	a, _, errs := withAgent(t, f)
	a.in = strings.NewReader("y\n") // which nobody typed at a terminal
	if code := a.execute(t.Context(), []string{"replay", oldID}); code != exitFailed || !strings.Contains(errs.String(), "to run it all the same, add --yes") {
		t.Errorf("code %d, %s", code, errs)
	}
	if code := a.execute(t.Context(), []string{"replay", oldID, "--yes", "--route", "other"}); code != exitDone {
		t.Errorf("confirmed: code %d, %s", code, errs)
	}
	errs.Reset()
	if code := a.execute(t.Context(), []string{"replay", oldID, "--yes", "--route", "otter"}); code != exitFailed ||
		!strings.HasPrefix(errs.String(), "homehook: the route \"otter\" is not in the configuration\n  did you mean") {
		t.Errorf("no such route: code %d, %s", code, errs)
	}
	want := []control.Replay{{}, {Confirm: true, Route: "other"}}
	if diff := cmp.Diff(want, f.replays); diff != "" {
		t.Error(diff)
	}
}

// setEditor makes a shell command the editor; $1 is the file.
func setEditor(t *testing.T, command string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+command+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", path)
}

func TestReplayEdit(t *testing.T) {
	github := control.Route{Name: "greet", Verify: "github", Secret: "sign/github"}
	tests := []struct {
		name, editor string
		route        control.Route
		args         string
		code         int
		errs         string
		want         []control.Replay
	}{
		{
			"body", `sed -i.bak s/main/edited/ "$1"`,
			control.Route{Name: "greet"},
			"", exitDone, "",
			[]control.Replay{{Body: []byte("ref=edited")}},
		},
		{
			"signed as the route wants it", `sed -i.bak s/main/edited/ "$1"`, github, "", exitDone, "signed anew by scheme github with credential sign/github",
			[]control.Replay{{Body: []byte("ref=edited"), Sign: &control.Sign{Scheme: "github", Secret: "sign/github"}}},
		},
		{
			"a route that does not say with what", `sed -i.bak s/main/edited/ "$1"`,
			control.Route{Name: "greet", Verify: "github"},
			"", exitDone, "add --as github --secret NAME",
			[]control.Replay{{Body: []byte("ref=edited")}},
		},
		{
			"signed otherwise", `sed -i.bak s/main/edited/ "$1"`, github, "--as stripe --secret mine", exitDone, "",
			[]control.Replay{{Body: []byte("ref=edited"), Sign: &control.Sign{Scheme: "stripe", Secret: "mine"}}},
		},
		{
			"signed by the credential of the route", `sed -i.bak s/main/edited/ "$1"`, github, "--as github", exitDone, "",
			[]control.Replay{{Body: []byte("ref=edited"), Sign: &control.Sign{Scheme: "github", Secret: "sign/github"}}},
		},
		{
			"not signed", `sed -i.bak s/main/edited/ "$1"`, github, "--as none --yes", exitDone, "",
			[]control.Replay{{Body: []byte("ref=edited"), Confirm: true}},
		},
		{"no credential for it", `sed -i.bak s/main/edited/ "$1"`, github, "--as slack", exitUsage, "--as slack needs --secret NAME", nil},
		{"nothing changed", "true", github, "", exitFailed, "nothing was changed, and nothing was sent", nil},
		{"all deleted", `: > "$1"`, github, "", exitFailed, "the text is empty; nothing was sent", nil},
		{"editor fails", "exit 3", github, "", exitFailed, "exit status 3", nil},
		{"what cannot be read", `sed -i.bak 's/^POST.*/POST/' "$1"`, github, "", exitFailed, "line 5: ", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := replayed(record(oldID, "ref=main", "ok"), record(newID, "ref=edited", "ok"))
			f.routes = []control.Route{{Name: "other"}, tt.route}
			a, _, errs := withAgent(t, f)
			setEditor(t, tt.editor)
			code := a.execute(t.Context(), append([]string{"replay", oldID, "--edit"}, strings.Fields(tt.args)...))
			if code != tt.code || !strings.Contains(errs.String(), tt.errs) {
				t.Errorf("code %d, stderr %s", code, errs)
			}
			if diff := cmp.Diff(tt.want, f.replays); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEditWhatIsNotWhole sends all that stands in the editor, since what the
// agent has is not what came.
func TestEditWhatIsNotWhole(t *testing.T) {
	old := record(oldID, "ref=main", "ok")
	old.Redacted, old.BodyTruncated = true, true
	f := replayed(old, record(newID, "", "ok"))
	a, _, errs := withAgent(t, f)
	setEditor(t, `sed -i.bak s/test/other/ "$1"`)
	if code := a.execute(t.Context(), []string{"replay", oldID, "--edit"}); code != exitDone {
		t.Errorf("code %d, %s", code, errs)
	}
	want := []control.Replay{{Headers: []control.Field{{"Host", "garage.example"}, {"X-Kind", "other"}}, Body: []byte("ref=main")}}
	if diff := cmp.Diff(want, f.replays); diff != "" {
		t.Error(diff)
	}
}

// TestEditedTextIsPrivate looks at the file as the editor sees it, and after.
func TestEditedTextIsPrivate(t *testing.T) {
	a, _, _ := withAgent(t, replayed(record(oldID, "ref=main", "ok"), record(newID, "", "ok")))
	seen := filepath.Join(t.TempDir(), "seen")
	setEditor(t, `ls -ld "$(dirname "$1")" "$1" > `+seen+`; echo "$1" >> `+seen)
	a.execute(t.Context(), []string{"replay", oldID, "--edit"})
	text, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(rows) != 3 || !strings.HasPrefix(rows[0], "drwx------") || !strings.HasPrefix(rows[1], "-rw-------") {
		t.Errorf("the editor sees\n%s", text)
	}
	if _, err := os.Stat(filepath.Dir(rows[2])); !os.IsNotExist(err) {
		t.Errorf("the folder is left: %v", err)
	}
}

func TestReplayUsage(t *testing.T) {
	f := replayed(record(oldID, "", ""), record(newID, "", ""))
	a, _, errs := withAgent(t, f)
	tests := []struct {
		args string
		code int
		errs string
	}{
		{"replay zz", exitUsage, "no id of a delivery"},
		{"replay " + newID, exitFailed, "no delivery " + newID},
		{"replay " + oldID + " --secret x", exitUsage, "without --as"},
		{"replay " + oldID + " --as rot13", exitUsage, "--as must be one of"},
	}
	for _, tt := range tests {
		errs.Reset()
		if code := a.execute(t.Context(), strings.Fields(tt.args)); code != tt.code || !strings.Contains(errs.String(), tt.errs) {
			t.Errorf("%s: code %d, %s", tt.args, code, errs)
		}
	}
	if len(f.replays) > 0 {
		t.Errorf("replayed %v", f.replays)
	}
}

func TestAnswerLines(t *testing.T) {
	binary := record(oldID, "", "\x00\x01\x02")
	tests := []struct {
		name string
		r    *control.Record
		want string
	}{
		{"JSON", record(oldID, "", `{"n":1}`), "HTTP/1.1 200 OK|Content-Type: application/json||{|  \"n\": 1|}"},
		{"empty", record(oldID, "", ""), "HTTP/1.1 200 OK|Content-Type: application/json|"},
		{"binary", binary, "HTTP/1.1 200 OK|Content-Type: application/json||3 bytes, SHA-256 ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"},
		{"no attempt", &control.Record{}, ""},
	}
	for _, tt := range tests {
		if got := strings.Join(answerLines(tt.r), "|"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
