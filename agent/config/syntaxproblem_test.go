package config

import (
	"errors"
	"strings"
	"testing"
)

// framedRoute is a file with one route, of which the lines are given.
func framedRoute(lines string) string {
	return "relays: [{name: mine, url: \"https://relay.example.com\"}]\nclaims: [{name: garage}]\nroutes:\n" + lines
}

// TestMisreadYAML has what people write that YAML takes for something else: each
// gives one problem, where it is, with a remedy that can be typed.
func TestMisreadYAML(t *testing.T) {
	const (
		head   = "  - match: /\n    unverified: true\n"
		cannot = "YAML cannot read this condition as it stands; put the whole condition in single quotes: when: "
		empty  = "the condition is empty; leave when out to take every delivery that fits, or write one such as json.ref == \"refs/heads/main\""
		deeper = "this line is indented deeper than the one before, which has its value already; begin it in column 5, as the key on line "
		beside = `stands beside "script", to which it belongs; indent it below script:`
	)
	for _, tt := range []struct{ name, text, want string }{
		{"quote at the beginning", head + `    when: "b" in queryAll("tag")`, "6:15: " + cannot + `'"b" in queryAll("tag")'`},
		{"single quote at the beginning", head + `    when: 'b' in queryAll("tag")`, "6:15: " + cannot + `'''b'' in queryAll("tag")'`},
		{"colon", head + `    when: json.a == "a: b"`, "6:11: " + cannot + `'json.a == "a: b"'`},
		{"list", head + `    when: [1, 2] == json.a`, "6:18: " + cannot + `'[1, 2] == json.a'`},
		{"sign of YAML", head + "    when: @a", "6:11: " + cannot + `'@a'`},
		{"exclamation mark and more", head + "    when: !json.a && json.b\n    respond: {}", "6:19: " + cannot + `'!json.a && json.b'`},
		{"first key", "  - when: \"é\" == json.a\n    match: /\n    unverified: true", "4:15: " + cannot + `'"é" == json.a'`},
		{"within braces", `  - {match: /, unverified: true, when: json.a in ["a"], respond: {}}`, "4:50: " + cannot + "'…'"},
		{"another key within braces", `  - {match: /, when: json.a, unverified: "true"x, respond: {}}`, `4:48: ',' or '}' must be specified; within {…} and […], close the bracket and quote a value that has one of {}[], in it, such as "/x/{id}"`},
		{"exclamation mark", head + "    when: !json.a\n    respond: {}", "6:11: YAML takes !json.a for a tag; put the whole condition in single quotes: when: '…'"},
		{"exclamation mark at the end", head + "    respond: {}\n    when: !has(json.a)", "7:11: YAML takes !has(json.a) for a tag; put the whole condition in single quotes: when: '…'"},
		{"comment", head + "    respond: {}\n    when: reduce(json.a, #acc + 1, 0) > 1", `7:11: "reduce(json.a,": this ends too early; YAML takes # for a comment: put the whole condition in single quotes: when: '…'`},

		{"no condition", head + "    respond: {}\n    when: \"\"", "7:11: " + empty},
		{"no condition but a space", head + "    respond: {}\n    when: ' '", "7:11: " + empty},
		{"no condition at all", head + "    respond: {}\n    when:", "7:11: " + empty},

		{"indented too deep", head + "     respond: {}", "6:6: " + deeper + "5"},
		{"indented too deep behind a dash", "  - match: /\n\n     unverified: true", "6:6: " + deeper + "4"},
		{"indented too deep behind a condition", head + "    when: json.a == 1\n     respond: {}", "7:6: " + deeper + "6"},
		{"not indented", head + "    script:\n    command: [/x]\n    timeout: 5s", `7:5: "command" ` + beside + "\n" + `config.yaml:8:5: "timeout" ` + beside},
		{"not indented, of forward", head + "    forward:\n    to: http://127.0.0.1:1", `7:5: "to" stands beside "forward", to which it belongs; indent it below forward:`},
		{"empty", head + "    script:\n    name: x", `6:12: "script" is empty; give it keys: command, timeout, output, dir, env, files, headers, user, sha256, limits`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for label, text := range map[string]string{
				"plain": framedRoute(tt.text + "\n"), "CRLF": strings.ReplaceAll(framedRoute(tt.text+"\n"), "\n", "\r\n"),
			} {
				cfg, err := Parse("config.yaml", []byte(text))
				if cfg != nil || err == nil || err.Error() != "config.yaml:"+tt.want {
					t.Errorf("%s: got\n%v\nwant\nconfig.yaml:%s", label, err, tt.want)
				}
			}
		})
	}
}

// TestQuotedConditions holds that the form that the remedies give is one that
// loads, and that a comment behind a good condition is none of its business.
func TestQuotedConditions(t *testing.T) {
	for _, value := range []string{
		`'"b" in queryAll("tag")'`, `'!json.b'`, `'reduce(json.commits, #acc + .files, 0) > 1'`, `'json.a == ''x'''`, `json.a == 1 # why`, `"json.a == 'x'"`,
	} {
		cfg, err := Parse("config.yaml", []byte(framedRoute("  - match: /\n    unverified: true\n    respond: {}\n    when: "+value+"\n")))
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		cfg.Table.Close()
	}
}

func TestCredentialNames(t *testing.T) {
	for name, want := range map[string]bool{
		"github": true, "relay/mine": true, "stripe.live_2": true, "homeassistantwebhook2024": true, "import/hook-1": true, "a1b2c3": true, "facade": true, "import/8x3kq9z2m7v1c5b4n6w0": true, "ntfy-2026-01-31-abc": true,
		"": false, "-x": false, "Github": false, "a b": false, strings.Repeat("a", 65): false,
		"whsec_9f8e": false, "sk_live_8f14": false, "sk_test_8f14": false, "ghp_abc": false, "github_pat_11a": false, "glpat-x1": false, "xoxb-12-ab": false, "hh_abc": false,
		"9f8e7d6c5b4a39281706f5e4": false, "8x3kq9z2m7v1c5b4n6w0": false, "hook-8x3kq9z2m7v1c5b4n6w0": false,
	} {
		if got := credentialName(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	_, err := Parse("config.yaml", []byte(framedRoute("  - {match: /, verify: {scheme: github, secret: whsec_9f8e7d}, respond: {}}\n")))
	ps, _ := errors.AsType[Problems](err)
	if len(ps) != 1 || ps[0].Message != "this is not the name of a credential" || strings.Contains(err.Error(), "9f8e") {
		t.Errorf("got %v", err)
	}
}
