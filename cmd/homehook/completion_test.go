package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// allPlaces are the places of the true command line.
func allPlaces(t *testing.T) map[string]place {
	t.Helper()
	k, err := newParser(&grammar{}, io.Discard, io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	places := make(map[string]place)
	for _, p := range completions(k.Model.Node, "") {
		places[p.path] = p
	}
	return places
}

func TestCompletions(t *testing.T) {
	places := allPlaces(t)
	tests := []struct {
		path     string
		has, not []string
	}{
		{"", []string{"try", "relay", "--json", "--help"}, []string{"sample-script", "add", "--once"}},
		{" relay", []string{"add", "list", "test", "remove", "--json"}, []string{"try", "--ca"}},
		{" relay add", []string{"--token-stdin", "--ca", "--json", "--dialect", "--dialect=ptth/1.0", "--dialect=comet"}, []string{"add", "--once"}},
		{" completion", []string{"bash", "zsh", "fish", "powershell"}, []string{"try"}},
		{" history", []string{"--state", "--state=dead", "--limit"}, []string{"--state=", "--limit=50"}},
		{" export", []string{"--format", "--format=combined", "--output", "--state=dead"}, []string{"--format="}},
		{" export", []string{"--format=har", "--format=curl", "--with-secrets"}, nil},
		{"", []string{"replay", "retry", "pause", "resume"}, nil},
		{" replay", []string{"--edit", "--route", "--as=github", "--as=none", "--secret", "--yes"}, []string{"--as="}},
		{" send", []string{"--as=stripe", "--secret"}, []string{"--as=none"}},
		{" claim", []string{"--answer=hold", "--answer=store", "--answer=through"}, []string{"--answer="}},
		{" release", []string{"--discard", "--local"}, nil},
		{" route test", []string{"--delivery", "--config", "--last"}, nil},
		{" pause", []string{"--for"}, nil},
		{" show", []string{"--raw"}, nil},
		{" run", []string{"--log-format", "--log-format=json"}, nil},
	}
	for _, tt := range tests {
		p, ok := places[tt.path]
		if !ok {
			t.Errorf("there is no %q", tt.path)
			continue
		}
		var texts []string
		for _, w := range p.words {
			texts = append(texts, w.text)
		}
		for _, want := range tt.has {
			if !slices.Contains(texts, want) {
				t.Errorf("%q lacks %s: %v", tt.path, want, texts)
			}
		}
		for _, bad := range tt.not {
			if slices.Contains(texts, bad) {
				t.Errorf("%q has %s", tt.path, bad)
			}
		}
	}
	want := []choice{{"--log-level", []string{"debug", "info", "warn", "error"}}, {"--log-format", []string{"text", "json"}}}
	if diff := cmp.Diff(want, places[" run"].choices, cmp.AllowUnexported(choice{})); diff != "" {
		t.Error(diff)
	}
}

// TestCompletionQuotes has words that no shell may take for its own.
func TestCompletionQuotes(t *testing.T) {
	places := []place{
		{path: "", words: []word{{"it", "It's $HOME and `id`: more. And then."}}},
		{path: " it", words: []word{{"--x", `a\b`}}, choices: []choice{{"--x", []string{"1", "2"}}}},
	}
	tests := []struct {
		name, got string
		want      []string
	}{
		{"bash", bashScript(places), []string{"' it') path+=", "'') words='it' ;;", "' it --x') words='1 2' ;;"}},
		{"zsh", zshScript(places), []string{`'it:It'\''s $HOME and ` + "`id`: more'", `'--x:a\b'`}},
		{"fish", fishScript(places), []string{`-a 'it' -d 'It\'s $HOME and ` + "`id`: more'", `-n '__homehook_at \' it\''`, `-d 'a\\b'`}},
		{"powershell", powershellScript(places), []string{`,@('it', 'It''s $HOME and ` + "`id`: more')", `' it' = @(`}},
	}
	for _, tt := range tests {
		for _, want := range tt.want {
			if !strings.Contains(tt.got, want) {
				t.Errorf("%s: no %s in\n%s", tt.name, want, tt.got)
			}
		}
	}
}
