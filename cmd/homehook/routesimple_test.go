package main

import (
	"path/filepath"
	"slices"

	"homehook/agent/control"
)

// simple are the templates for any sender, each with another scheme.
func (h *household) simple() map[string]made {
	script, got := h.script("simple", "cat > OUT")
	folder := h.folder("bodies")
	set := func(scheme, path string, more ...string) map[string]string {
		values := map[string]string{"scheme": scheme, "credential": "any", "path": path}
		for i := 0; i < len(more); i += 2 {
			values[more[i]] = more[i+1]
		}
		return values
	}
	signed := func(scheme, path, body string) hook {
		return hook{method: "POST", path: path, body: body, scheme: scheme, secret: "for any"}
	}
	return map[string]made{
		"forward": {set("github", "/any/", "to", h.url, "events", "push,release"), func() {
			k := signed("github", "/any/below", `{"ref":"x"}`)
			k.header = map[string]string{"X-GitHub-Event": "release"}
			h.taken(k, 200, "from the app")
			h.askedFor(`POST /any/below {"ref":"x"}`)
			k.secret = "wrong"
			h.refused(k)
		}},
		"script": {set("stripe", "/any-script", "script", script), func() {
			h.refused(hook{method: "POST", path: "/any-script", body: "{}"})
			h.taken(signed("stripe", "/any-script", `{"a":1}`), 202, "")
			h.wrote(got, `{"a":1}`)
		}},
		"notify": {set("slack", "/any-notice", "title", "It came"), func() {
			h.refused(hook{method: "POST", path: "/any-notice", body: "{}"})
			h.taken(signed("slack", "/any-notice", `{"message":"a word"}`), 202, "")
			h.notified("It came", "a word")
		}},
		"save": {set("shopify", "/any-file", "folder", folder, "file", "{json.id}.json"), func() {
			h.refused(hook{method: "POST", path: "/any-file", body: "{}"})
			h.taken(signed("shopify", "/any-file", `{"id":7}`), 204, "")
			h.wrote(filepath.Join(folder, "7.json"), `{"id":7}`)
		}},
	}
}

// notified waits until somebody was told something.
func (h *household) notified(title, text string) {
	h.t.Helper()
	h.until("there is a notification of "+text, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return slices.ContainsFunc(h.events, func(n control.Notification) bool { return n.Title == title && n.Text == text })
	})
}
