package wizard

import (
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"

	"homehook/gui/look"
	"homehook/gui/part"
)

// fields makes those of all kinds.
func (p *actionPage) fields() {
	changed := func(string) { p.changed() }
	p.to = p.entry("http://127.0.0.1:3000", false)
	p.to.OnChanged = changed
	p.toField = part.NewField(look.T("Address of the program"), p.to, look.T("127.0.0.1 is this computer; Home Assistant listens on port 8123."))
	p.script = p.entry(p.home("bin", "doorbell"), false)
	p.script.OnChanged = changed
	choose := p.button(look.T("Choose…"), "folder", p.pickScript)
	p.scriptField = part.NewField(look.T("Script or program"), container.NewBorder(nil, nil, nil, choose, p.script), look.T("Its whole path. It has to be executable."))
	p.folder = p.entry(p.home("Homehook"), false)
	p.folder.OnChanged = changed
	pick := p.button(look.T("Choose…"), "folder", p.pickFolder)
	p.dirField = part.NewField(look.T("Folder"), container.NewBorder(nil, nil, nil, pick, p.folder), look.T("Each webhook becomes a file of its own."))
	p.heading = p.entry("", false)
	p.heading.OnChanged = changed
	p.headingField = part.NewField(look.T("Title"), p.heading, "")
	p.message = p.entry(plainMessage, false)
	p.message.OnChanged = changed
	p.messageField = part.NewField(look.T("Text"), p.message, look.T("In braces stands what is taken from the webhook; ?? has the next one where the first is missing."))
}

// propose fills in what the sender suggests, where nothing else was typed.
func (p *actionPage) propose() {
	heading := title(&p.plan.sender)
	if p.plan.sender.Name == "other" {
		heading = look.T("Webhook")
	}
	now := [2]string{heading, messageOf(p.plan.sender.Name)}
	for i, e := range []*entry{p.heading, p.message} {
		if text := strings.TrimSpace(e.Text); text == "" || text == p.proposed[i] {
			e.SetText(now[i])
		}
	}
	p.proposed = now
	if p.plan.sender.Name == homeAssistant && p.to.Text == "" {
		p.to.SetText("http://127.0.0.1:8123")
	}
}

// home is a path below the home folder, as an example.
func (p *actionPage) home(parts ...string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(append([]string{home}, parts...)...)
}

// present is the kind of what is set up for the claim already, else to forward. What
// is there is edited.
func (p *actionPage) present() string {
	for i := range p.plan.routes() {
		r := &p.plan.routes()[i]
		if p.plan.claimOf(r) != p.plan.claim {
			continue
		}
		for _, kind := range []string{"forward", "script", "notify", "save"} {
			settings, ok := r.Values[kind].(map[string]any)
			if !ok || text(r, "match") != "/" && text(r, "match") != homeAssistantPaths {
				continue
			}
			p.plan.route = r.Name
			p.fill(kind, settings)
			return kind
		}
	}
	return "forward"
}

// fill shows the settings that a route has.
func (p *actionPage) fill(kind string, settings map[string]any) {
	value := func(key string) string { s, _ := settings[key].(string); return s }
	switch kind {
	case "forward":
		p.to.SetText(value("to"))
	case "script":
		if command, ok := settings["command"].([]any); ok && len(command) > 0 {
			program, _ := command[0].(string)
			p.script.SetText(program)
		}
	case "save":
		p.folder.SetText(value("folder"))
	case "notify":
		p.heading.SetText(value("title"))
		p.message.SetText(value("text"))
	}
}

// pickScript and pickFolder choose on the disk.
func (p *actionPage) pickScript() {
	dialog.ShowFileOpen(func(f fyne.URIReadCloser, err error) {
		if err == nil && f != nil {
			p.script.SetText(f.URI().Path())
			_ = f.Close() // it was read by nobody
		}
		p.desk.Window.Canvas().Focus(p.script)
	}, p.desk.Window)
}

func (p *actionPage) pickFolder() {
	dialog.ShowFolderOpen(func(f fyne.ListableURI, err error) {
		if err == nil && f != nil {
			p.folder.SetText(f.Path())
		}
		p.desk.Window.Canvas().Focus(p.folder)
	}, p.desk.Window)
}
