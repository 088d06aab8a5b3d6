package routing

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"homehook/agent/control"
	"homehook/gui/part"
)

// A form and its YAML say the same, whichever is changed; what the form has no field
// for stays, comments too.
func TestFormAndText(t *testing.T) {
	p := begin(t, home)
	p.edits("blog")
	p.editor.form.first.SetText("the blog")
	p.Settle(func() bool { return strings.Contains(p.editor.yaml.Text, "name: the blog") })
	p.editor.yaml.SetText(strings.Replace(p.editor.yaml.Text, "[push]", "[push, release]  # both", 1))
	p.Settle(func() bool { list, _ := p.editor.form.draft.list("events"); return len(list) == 2 })
	for _, f := range p.editor.form.handler {
		if f.path == "respond.status" {
			f.part.what.(*part.Entry).SetText("200")
		}
	}
	p.isSaved()
	for _, want := range []string{"  # what the blog needs\n  - name: the blog\n", "# the team's\n", "events: [push, release] ", "# both\n", "while_running: latest\n", "status: 200"} {
		if text := p.text(); !strings.Contains(text, want) {
			t.Errorf("the file has no %q:\n%s", want, text)
		}
	}
	if p.editor.sheet.name != "the blog" || p.names() != "the blog bell rest" {
		t.Errorf("the editor has %q, the list %q", p.editor.sheet.name, p.names())
	}
}

// What is wrong stands at its field and at its line, and keeps the route from being
// saved, with the reason.
func TestProblems(t *testing.T) {
	p := begin(t, home)
	p.edits("bell")
	p.editor.form.first.SetText("rest")
	p.Settle(func() bool { return p.editor.form.fields[0].part.note.Importance == widget.DangerImportance })
	if !p.editor.save.Disabled() || p.editor.note.Text != "1 problem is to be mended first." {
		t.Errorf("it can be saved: %q", p.editor.note.Text)
	}
	p.editor.form.first.SetText("bell")
	p.editor.yaml.SetText("name: bell\nmatch: POST /bell\nunverified: true\nrespond: {body: ding\n")
	p.Settle(func() bool { return len(p.editor.list.Objects) > 0 && !p.editor.form.on })
	if !p.editor.form.first.Disabled() || !p.editor.save.Disabled() {
		t.Error("the form of a text that cannot be read can be used")
	}
	p.editor.yaml.SetText("name: bell\nmatch: POST /bell\nunverified: true\nrespond: {bdy: ding}\n")
	p.says("Line 4: ")
	p.press("Show")
	if p.Window.Canvas().Focused() != fyne.Focusable(p.editor.yaml) || p.editor.yaml.CursorRow != 3 {
		t.Errorf("the cursor is in line %d", p.editor.yaml.CursorRow+1)
	}
	p.editor.yaml.SetText("name: bell\nmatch: POST /bell\nunverified: true\nrespond: {body: dong}\n")
	p.isSaved()
	if !strings.Contains(p.text(), "body: dong") {
		t.Error("it was not saved")
	}
}

// Keys and the mouse move routes; a move that leaves a route nothing changes nothing.
func TestOrder(t *testing.T) {
	p := begin(t, home)
	p.Window.Canvas().Focus(p.list)
	down := &desktop.CustomShortcut{KeyName: fyne.KeyDown, Modifier: fyne.KeyModifierAlt}
	p.list.TypedShortcut(down)
	p.Settle(func() bool { return p.names() == "bell blog rest" && p.list.chosen == 1 })
	if !strings.Contains(p.text(), "  # what the blog needs\n  - name: blog") {
		t.Errorf("the comment did not move with its route:\n%s", p.text())
	}
	p.list.TypedShortcut(down)
	p.says("The route stays where it was.")
	p.press("Close")
	first := p.list.list.Objects[0].(*row)
	first.grip.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(8, first.Size().Height*1.7)}})
	if !p.list.line.Visible() {
		t.Error("no line shows where the row would go")
	}
	first.grip.DragEnd()
	p.Settle(func() bool { return p.names() == "blog bell rest" })
	if p.list.line.Visible() {
		t.Error("the line of the row that was drawn is still there")
	}
}

// The list is worked with the keyboard alone.
func TestListKeys(t *testing.T) {
	p := begin(t, home)
	p.Window.Canvas().Focus(p.list)
	press(p.list, fyne.KeyDown)
	press(p.list, fyne.KeySpace)
	p.Settle(func() bool { return p.file.Routes[1].Values["off"] == true })
	press(p.list, fyne.KeySpace)
	p.Settle(func() bool { return p.file.Routes[1].Values["off"] == nil })
	press(p.list, fyne.KeyDelete)
	p.says("takes no more deliveries")
	press(p.Window.Canvas().Focused(), fyne.KeyReturn)
	p.Settle(func() bool { return p.names() == "blog rest" })
	p.press("Undo")
	p.Settle(func() bool { return p.names() == "blog bell rest" })
	p.screen.Shortcut(ctrl(fyne.KeyF))
	test.Type(p.find, "ding")
	if p.names() != "" {
		t.Errorf("found %q by what a route answers", p.names())
	}
	p.find.SetText("/bell")
	if p.names() != "bell" {
		t.Errorf("found %q", p.names())
	}
	press(p.find, fyne.KeyReturn)
	press(p.list, fyne.KeyReturn)
	if p.editor.sheet == nil || p.editor.sheet.name != "bell" {
		t.Fatal("Enter does not open the route")
	}
	p.editor.form.first.SetText("bells")
	press(p.editor.form.first, fyne.KeyEscape)
	p.says("not saved")
	p.Desk.CloseTop()
	if p.editor.sheet == nil {
		t.Error("the editor was left although nobody has agreed")
	}
	press(p.editor.form.first, fyne.KeyEscape)
	p.says("not saved")
	p.press("Discard")
	p.Settle(func() bool { return p.editor.sheet == nil })
}

// Tab goes through the whole editor, from the name to the YAML, and is caught nowhere.
func TestTab(t *testing.T) {
	p := begin(t, home)
	p.edits("bell")
	canvas := p.Window.Canvas()
	seen := map[fyne.Focusable]bool{}
	for canvas.Focused() != nil && !seen[canvas.Focused()] {
		seen[canvas.Focused()] = true
		if e, ok := canvas.Focused().(fyne.Tabbable); ok && e.AcceptsTab() {
			t.Fatalf("Tab is caught in %T", canvas.Focused())
		}
		canvas.FocusNext()
	}
	for name, w := range map[string]fyne.Focusable{"name": p.editor.form.first, "YAML": p.editor.yaml, "check": p.editor.form.scheme, "handler": p.editor.form.kind, "close": p.editor.cancel} {
		if !seen[w] {
			t.Errorf("Tab does not come to %s", name)
		}
	}
}

// A template becomes a route, and so does a delivery.
func TestNew(t *testing.T) {
	p := begin(t, home)
	p.Post(p.Connected("garage")+"/github/blog/x", `{}`, "X-GitHub-Event", "push")
	var id string
	p.Settle(func() bool {
		page, _, err := p.Client().Deliveries(t.Context(), queryAll())
		if err == nil && len(page) > 0 {
			id = page[0].ID
		}
		return id != ""
	})
	p.screen.Shown(part.Place{New: true, Item: id})
	p.Settle(func() bool { return p.editor.sheet != nil && p.editor.yaml.Text != "" })
	d := p.editor.form.draft
	if d.text("match") != "POST /github/blog/x" || d.scheme() != "github" || d.text("claim") != "garage" {
		t.Errorf("of the delivery came %v", d.values)
	}
	for _, f := range p.editor.form.handler {
		if f.path == "forward.to" {
			f.part.what.(*part.Entry).SetText("http://127.0.0.1:9")
		}
	}
	p.isSaved()
	if p.names() != "blog bell POST /github/blog/x rest" {
		t.Errorf("routes %q", p.names())
	}
	p.editor.Close()
	p.Settle(func() bool { return len(p.templates) > 0 })
	p.fromTemplate("forward")
	p.says("to: http://127.0.0.1:3000")
	p.press("Add")
	p.says("Nothing was changed.") // it would be behind one that takes all
	p.entryAt("Path, of the public address and of the program; / is all").SetText("/app/")
	p.says("match: /app/")
	p.press("Add")
	p.says("Added “forward”.")
	p.Settle(func() bool { return p.names() == "blog bell POST /github/blog/x forward rest" })
}

// What a trial showed is gone once the route is saved, and the one field that is
// missing is named.
func TestTrialEnds(t *testing.T) {
	p := begin(t, home)
	p.edits("bell")
	p.editor.form.first.SetText("the bell")
	p.Settle(func() bool { return p.editor.why() == "" && !p.editor.try.Disabled() })
	p.editor.Try()
	if !p.editor.trying() {
		t.Fatal("nothing is tried")
	}
	p.isSaved()
	if p.editor.trying() {
		t.Error("the trial of what is saved is still shown")
	}
	p.editor.leave()
	p.blank()
	p.editor.wrong = []control.ConfigProblem{{Part: control.PartRoute, Field: "match", Message: "missing"}}
	if got := p.editor.missing(); !strings.HasPrefix(got, "Fill in “") {
		t.Errorf("it says %q", got)
	}
}

// A copy keeps the comments, and stands behind the route that it is of.
func TestCopy(t *testing.T) {
	p := begin(t, home)
	p.double(0)
	p.Settle(func() bool { return p.editor.why() == "" })
	match := strings.Replace(p.editor.yaml.Text, "/github/", "/gitlab/", 1)
	p.editor.yaml.SetText(match)
	p.isSaved()
	if text := p.text(); strings.Count(text, "# the team's") != 2 || p.names() != "blog blog copy bell rest" {
		t.Errorf("routes %q:\n%s", p.names(), text)
	}
}

// A program that has changed since it was approved is told, and approved here.
func TestApprove(t *testing.T) {
	program := filepath.Join(t.TempDir(), "deploy")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho old\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := begin(t, strings.Replace(home, "respond: {body: ding}", "script: {command: ["+strconv.Quote(program)+"], sha256: "+strings.Repeat("0", 64)+"}", 1))
	p.says("has changed since it was approved")
	p.press("Approve")
	p.says("Only programs that were looked at")
	press(p.Window.Canvas().Focused(), fyne.KeyReturn)
	p.Settle(func() bool { return !strings.Contains(p.text(), "00000000") })
	p.Settle(func() bool {
		return p.Window.Canvas().Overlays().Top() == nil && p.list.list.Objects[1].(*row).below.Hidden
	})
}

// A credential that was made for a field is chosen there.
func TestNewCredential(t *testing.T) {
	p := begin(t, home)
	p.edits("bell")
	form := p.editor.form
	form.scheme.SetSelected("Bearer token")
	s := slotOf(form.check, "verify.secret").what.(*part.Select)
	s.SetSelected("New…")
	p.screen.Hidden()
	if err := p.Desk.Client().SetCredential(t.Context(), "bell/token", "hunter2"); err != nil {
		t.Fatal(err)
	}
	p.screen.Shown(part.Place{})
	p.Settle(func() bool { return form.draft.text("verify.secret") == "bell/token" })
	p.Settle(func() bool { return strings.Contains(p.editor.yaml.Text, "bell/token") })
	if got := slotOf(form.check, "verify.secret").what.(*part.Select).Value(); got != "bell/token" {
		t.Errorf("the field shows %q", got)
	}
}

// slotOf is what shows the field of a path.
func slotOf(fields []*field, path string) *slot {
	for _, f := range fields {
		if f.path == path {
			return f.part
		}
	}
	return nil
}
