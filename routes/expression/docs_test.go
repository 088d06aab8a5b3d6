package expression

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// section returns a section of the reference of routes, without its heading.
func section(t *testing.T, heading, next string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/routes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("there is no %q", heading)
	}
	found, _, ok := strings.Cut(rest, "\n"+next+"\n")
	if !ok {
		t.Fatalf("there is no %q behind %q", next, heading)
	}
	return found
}

// documented is the delivery that the reference speaks of.
func documented(t *testing.T) *Input {
	t.Helper()
	intro := section(t, "## Conditions and templates", "### What an expression can name")
	_, rest, _ := strings.Cut(intro, "```http\n")
	message, _, ok := strings.Cut(rest, "\n```")
	head, body, _ := strings.Cut(message, "\n\n")
	lines := strings.Split(head, "\n")
	words := strings.Fields(lines[0])
	if !ok || len(words) != 3 {
		t.Fatalf("there is no request in %s", intro)
	}
	d := Delivery{Method: words[0], Route: "deploy", Remote: "192.0.2.7", Body: []byte(body), Params: []Param{{"repo", "blog"}}}
	d.Received = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	d.Path, d.Query, _ = strings.Cut(words[1], "?")
	for _, l := range lines[1:] {
		name, value, _ := strings.Cut(l, ": ")
		d.Header = append(d.Header, Field{name, value})
	}
	return NewInput(d)
}

// row is a row of a table with an example and what it comes to.
var row = regexp.MustCompile("(?m)^\\| `(.*?)` \\| `?(.*?)`? \\|$")

var documentedOptions = Options{Params: []string{"repo"}}

func TestDocumentedConditions(t *testing.T) {
	in := documented(t)
	rows := row.FindAllStringSubmatch(section(t, "### Conditions", "### Templates"), -1)
	if len(rows) < 10 {
		t.Fatalf("only %d examples", len(rows))
	}
	for _, r := range rows {
		c, err := CompileCondition(r[1], documentedOptions)
		if err != nil {
			t.Errorf("%s: %v", r[1], err)
			continue
		}
		if met, parts := c.Eval(in); met != (r[2] == "true") {
			t.Errorf("%s: %v, %+v", r[1], met, parts)
		}
	}
}

func TestDocumentedTemplates(t *testing.T) {
	in := documented(t)
	rows := row.FindAllStringSubmatch(section(t, "### Templates", "## transform"), -1)
	if len(rows) < 10 {
		t.Fatalf("only %d examples", len(rows))
	}
	for _, r := range rows {
		c, err := CompileTemplate(r[1], documentedOptions)
		if err != nil {
			t.Errorf("%s: %v", r[1], err)
			continue
		}
		if text, _, err := c.Text(in); err != nil || text != r[2] {
			t.Errorf("%s: %q, %v, want %s", r[1], text, err, r[2])
		}
	}
}

// TestDocumentedNames holds that the reference names all there is.
func TestDocumentedNames(t *testing.T) {
	text := section(t, "### What an expression can name", "### Conditions")
	for _, name := range append(variableNames(), functionNames()...) {
		if !regexp.MustCompile("`[^`\n]*\\b" + name + "\\b[^`\n]*`").MatchString(text) {
			t.Errorf("%s is not named", name)
		}
	}
}

// TestDocumentedExpressions holds that what the reference has of expressions in
// its tables is in the language.
func TestDocumentedExpressions(t *testing.T) {
	text := section(t, "### What an expression can name", "### Conditions")
	checked := 0
	for _, m := range regexp.MustCompile("`((?:json|query|header|params|files|map|sum|sortBy|reduce|any|inRange|let)[.\\[( ][^`…]*)`").FindAllStringSubmatch(text, -1) {
		if _, err := CompileTemplate("{"+m[1]+"}", documentedOptions); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
		checked++
	}
	if checked < 10 {
		t.Errorf("only %d expressions", checked)
	}
}
