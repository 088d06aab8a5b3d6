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
	p.Settle(func() bool {
		return p.editor.form.first.Text == "a bell" && strings.Contains(p.editor.yaml.Text, "dong")
	})
}

// A file that cannot be read says nothing of the route: it is kept as it was typed, and
// saved as the same route once the file can be read again.
func TestBrokenMeanwhile(t *testing.T) {
	p := begin(t, home)
	p.edits("bell")
	p.editor.form.first.SetText("the bell")
	p.Settle(func() bool { return p.editor.why() == "" && p.editor.sheet.from == fromNothing })
	p.write(home + "\n  - {name: broken")
	p.editor.Save()
	p.says("The file cannot be read now. Line 2")
	if p.Window.Canvas().Overlays().Top() != nil || !p.editor.save.Disabled() || p.editor.form.first.Text != "the bell" {
		t.Error("the route was taken for one that is gone")
	}
	p.write(home + "# mended\n")
	p.Settle(func() bool { return p.editor.broken == "" && p.editor.why() == "" })
	p.isSaved()
	if text := p.text(); p.names() != "blog the bell rest" || !strings.Contains(text, "# mended") || strings.Count(text, "/bell") != 1 {
		t.Errorf("routes %q:\n%s", p.names(), text)
	}
}

// Who keeps theirs of two changes changes the route that has the name by then.
func TestBackMeanwhile(t *testing.T) {
	p := begin(t, home)
	p.edits("bell")
	p.editor.form.first.SetText("the bell")
	p.Settle(func() bool { return p.editor.why() == "" && p.editor.sheet.from == fromNothing })
	before, after, _ := strings.Cut(home, "  - name: bell\n")
	_, after, _ = strings.Cut(after, "  - name: rest\n")
	p.write(before + "  - name: rest\n" + after)
	p.says("no longer in it")
	p.write(home)
	p.Settle(func() bool { return len(p.file.Routes) == 3 })
	p.press("Keep mine")
	p.Settle(func() bool { return strings.Contains(p.text(), "name: the bell") && p.names() == "blog the bell rest" })
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
