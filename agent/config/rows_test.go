package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homehook/routes"
)

// hostileTexts would be keys, routes, comments, anchors, tags, values of another
// kind or ends of documents, were they written as they are.
var hostileTexts = []string{
	"a\n  - {name: evil, match: /, unverified: true, respond: {}}\n", "x: y", "x #y", "# x", "- x", "? x", ": x", "&a x", "*a", "!tag x", "| x", "> x", "@x", "`x`", "%YAML 1.2",
	"---\nroutes: []", "...\n", "'", `"`, `\`, `\n`, "\t", " x", "x ", "{a: b}", "[a]", "{{", "}}", "{", "}", "<<", "~", "null", "true", "no", "0x10", "1e3", "1_000", "2026-01-02", ".inf", "=",
	"\r\n", "a\r\nb", "\u0085", "\u2028", "\u2029", "\ufeff", "\u202e", "\u200b", "\u00a0", "é漢🎉", "\x1b[2J", "\x07", "\x7f", strings.Repeat("x", 500), "",
}

// TestRow78HostileTexts adds routes with such texts, as an import does: each comes
// back as it was, nothing comes with it, and what a file cannot hold is refused
// with the file as it was.
func TestRow78HostileTexts(t *testing.T) {
	for i, text := range hostileTexts {
		spec := routes.Spec{
			Name: fmt.Sprintf("r%d", i), Claim: "garage", Match: fmt.Sprintf("/%d", i), Unverified: true,
			When:    "json.a == " + fmt.Sprintf("%q", "x"),
			Respond: &routes.RespondSpec{Headers: map[string]string{"X-A": strings.Trim(plainText(text), " \t")}, Body: braced(text)},
			Also:    []routes.HandlerSpec{{Notify: &routes.NotifySpec{Title: "t", Text: braced(text), Desktop: true}}},
		}
		for _, flow := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "config.yaml")
			before := "# mine\nrelays: [{name: mine, url: \"https://relay.example.com\"}]\nclaims: [{name: garage}]\nroutes:\n  - {name: own, match: /own, unverified: true, respond: {}} # stays\n"
			if flow {
				before = strings.Replace(before, "routes:\n  - {name: own, match: /own, unverified: true, respond: {}} # stays\n", "routes: [{name: own, match: /own, unverified: true, respond: {}}] # stays\n", 1)
			}
			write(t, path, before)
			err := AddRoutes(path, []routes.Spec{spec})
			after, readErr := os.ReadFile(path)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if err != nil {
				if string(after) != before || hasSpelling(text) {
					t.Errorf("%q: %v; the file is\n%s", text, err, after)
				}
				continue
			}
			cfg, err := Load(path)
			if err != nil || len(cfg.Routes) != 2 {
				t.Errorf("%q: %v, in\n%s", text, err, after)
				continue
			}
			cfg.Table.Close()
			if diff := cmp.Diff(spec, cfg.Routes[1]); diff != "" || cfg.Routes[0].Name != "own" || !strings.Contains(string(after), "# stays") {
				t.Errorf("%q: %s", text, diff)
			}
		}
	}
}

// hasSpelling reports whether YAML has a way to write a text.
func hasSpelling(text string) bool { return !strings.ContainsAny(text, "\x00") }

// braced has a text stand for itself in a template.
func braced(s string) string { return strings.NewReplacer("{", "{{", "}", "}}").Replace(s) }

// plainText is braced, for one line of text as a field holds it.
func plainText(s string) string {
	return braced(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s))
}

// TestRow80NotRepeated: a secret that stands where the name of one does, or in an
// address, is refused with the command that keeps it, and no message has it.
func TestRow80NotRepeated(t *testing.T) {
	for _, tt := range []struct{ route, remedy string }{
		{`verify: {scheme: github, secret: whsec_Hunter2Hunter2Hunter2}, respond: {}`, "homehook secret set"},
		{`verify: {scheme: github, secrets: [github, "Hunter2!"]}, respond: {}`, "homehook secret set"},
		{`verify: {scheme: meta, secret: meta, token: "Hunter2 agreed"}, respond: {}`, "homehook secret set"},
		{`unverified: true, notify: {ntfy: {url: "https://ntfy.sh/x", token: tk_Hunter2Hunter2Hunter2Hunter2}}`, "homehook secret set"},
		{`unverified: true, notify: {mail: {server: "mail.example.com:465", from: a@example.com, to: [b@example.com], user: me, password: "Hunter2!"}}`, "homehook secret set"},
		{`unverified: true, forward: {to: "http://me:Hunter2@127.0.0.1"}`, "Authorization"},
	} {
		_, err := Parse("config.yaml", []byte("relays: [{name: mine, url: \"https://relay.example.com\"}]\nclaims: [{name: garage}]\nroutes:\n  - {match: /a, "+tt.route+"}\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "config.yaml:4:") || !strings.Contains(err.Error(), tt.remedy) || strings.Contains(err.Error(), "Hunter2") {
			t.Errorf("%s: %v", tt.route, err)
		}
	}
}

// TestRow80Warned: what looks like a secret in a place for text is told of, and
// not repeated.
func TestRow80Warned(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, handler := range []string{
		`forward: {to: "http://127.0.0.1:1", headers: {Authorization: "Bearer Hunter2Hunter2Hunter2Hunter2"}}`,
		`forward: {to: "http://127.0.0.1:1", headers: {X-Api-Key: "Hunter2Hunter2Hunter2Hunter2"}}`,
		`script: {command: ['` + self + `'], env: {API_TOKEN: "Hunter2Hunter2Hunter2Hunter2"}}`,
		`script: {command: ['` + self + `', "--password=Hunter2Hunter2Hunter2"]}`,
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		write(t, path, "relays: [{name: mine, url: \"https://relay.example.com\"}]\nclaims: [{name: garage}]\nroutes:\n  - {match: /a, unverified: true, "+handler+"}\n")
		found, err := Lint(path)
		if err != nil || len(found) == 0 || found[0].Line != 4 || !strings.Contains(found.Error(), "looks like a secret") || strings.Contains(found.Error(), "Hunter2") {
			t.Errorf("%s: %v, %v", handler, found, err)
		}
	}
}
