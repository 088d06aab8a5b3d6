package routing

import (
	"strings"
	"testing"

	"homehook/agent/control"
	"homehook/gui/part"
)

func queryAll() control.Query { return control.Query{Limit: 10} }

// The end of the agent leaves what is typed, and saving waits for the next one.
func TestAgentAway(t *testing.T) {
	p := begin(t, home)
	p.edits("bell")
	p.StopAgent()
	p.Settle(func() bool { return !p.Feed.State().Live() })
	p.editor.form.first.SetText("the bell")
	p.says("saving waits")
	if !p.editor.save.Disabled() {
		t.Error("it can be saved without an agent")
	}
	p.StartAgent()
	p.Settle(func() bool { return strings.Contains(p.editor.yaml.Text, "name: the bell") })
	p.isSaved()
	if !strings.Contains(p.text(), "name: the bell") {
		t.Error("it was not saved")
	}
}

// A file that was changed by hand meanwhile is not written over without asking, and
// only if the change was to the same route.
func TestConflict(t *testing.T) {
	p := begin(t, home)
	p.edits("bell")
	p.editor.form.first.SetText("the bell")
	p.Settle(func() bool { return p.editor.why() == "" && p.editor.sheet.from == fromNothing })
	p.write(strings.Replace(home, "status: 202", "status: 201", 1))
	p.Settle(func() bool { return strings.Contains(p.file.Text, "status: 201") })
	p.isSaved()
	if text := p.text(); !strings.Contains(text, "status: 201") || !strings.Contains(text, "name: the bell") {
		t.Errorf("one of two changes is lost:\n%s", text)
	}
	p.editor.form.first.SetText("a bell")
	p.Settle(func() bool { return p.editor.why() == "" && p.editor.sheet.from == fromNothing })
	p.write(strings.Replace(p.text(), "body: ding", "body: dong", 1))
	p.editor.Save()
	p.says("This is there now")
	p.press("Keep mine")
	p.Settle(func() bool { return strings.Contains(p.text(), "name: a bell") && !p.editor.sheet.changed() })
	if !strings.Contains(p.text(), "body: ding") {
		t.Errorf("mine was not kept:\n%s", p.text())
	}
	p.editor.form.first.SetText("my bell")
	p.Settle(func() bool { return p.editor.why() == "" && p.editor.sheet.from == fromNothing })
	p.write(strings.Replace(p.text(), "body: ding", "body: dong", 1))
	p.editor.Save()
	p.says("This is there now")
	p.press("Show what is there now")
	if p.editor.form.first.Text != "a bell" || !strings.Contains(p.editor.yaml.Text, "dong") {
		t.Errorf("shown is %q", p.editor.yaml.Text)
	}
}

// A route that was removed by hand while it was being changed can be kept.
func TestRemovedMeanwhile(t *testing.T) {
	p := begin(t, home)
	p.edits("bell")
	p.editor.form.first.SetText("the bell")
	p.Settle(func() bool { return p.editor.why() == "" && p.editor.sheet.from == fromNothing })
	before, after, _ := strings.Cut(home, "  - name: bell\n")
	_, after, _ = strings.Cut(after, "  - name: rest\n")
	p.write(before + "  - name: rest\n" + after)
	p.says("no longer in it")
	p.press("Keep mine")
	p.Settle(func() bool { return p.names() == "blog the bell rest" })
}

// A file that is refused is mended in the editor of the whole file.
func TestRefused(t *testing.T) {
	p := begin(t, home)
	p.write(strings.Replace(home, "routes:", "routes: [", 1))
	p.says("The agent goes on with the last good one.")
	p.press("Edit the file")
	p.whole.yaml.SetText(strings.Replace(p.whole.yaml.Text, "routes: [", "routes:", 1))
	p.Settle(func() bool { return p.whole.why() == "" })
	p.whole.Save()
	p.Settle(func() bool { return !p.whole.open && p.names() == "blog bell rest" })
}

// Stored deliveries are tried against what is not saved yet.
func TestTrial(t *testing.T) {
	p := begin(t, home)
	p.Post(p.Connected("garage")+"/bell", "x")
	p.edits("bell")
	p.editor.yaml.SetText(strings.Replace(p.editor.yaml.Text, "/bell", "/bells", 1))
	p.Settle(func() bool { return p.editor.why() == "" && p.editor.sheet.from == fromNothing })
	p.press("Try…")
	p.says("Gains 0, loses 1, differs in 0.")
	p.editor.trial.list.Select(0)
	p.says("Before: bell\nRoute: rest\nWould: answer 200")
	p.press("Back to the route")
	if p.editor.trying() {
		t.Error("the trial is still shown")
	}
}

// What there is in place of a list says what to do.
func TestEmpty(t *testing.T) {
	p := begin(t, "")
	p.says("Claim an address first.")
	p.press("Claims")
	if len(p.Went) != 1 || p.Went[0].Screen != part.Claims {
		t.Errorf("went to %v", p.Went)
	}
	p.write("relays: [{name: mine, url: RELAY, token: relay/test}]\nclaims: [{name: garage, relay: mine}]\n")
	p.says("A route says what happens when a request arrives")
	p.press("From a template")
	p.says("Still to be filled in")
}
