package imports_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"homehook/agent/imports"
)

// hookCase is one hook of the corpus.
type hookCase struct {
	ID       string         `yaml:"id"`
	Path     string         `yaml:"path"`    // of the address; the id by default
	Execute  string         `yaml:"execute"` // in place of the probe
	Hook     map[string]any `yaml:"hook"`
	Command  behaviour      `yaml:"command"`
	Requests []request      `yaml:"requests"`
	Explains []string       `yaml:"explains"` // codes of the differences that are seen
	State    string         `yaml:"state"`

	item imports.Item
}

// request is one request for a hook.
type request struct {
	Method  string      `yaml:"method"`
	Query   string      `yaml:"query"`
	Type    string      `yaml:"type"`
	Headers [][2]string `yaml:"headers"`
	Body    string      `yaml:"body"`
	Sign    *signing    `yaml:"sign"`
	Scalr   string      `yaml:"scalr"`
	Runs    *bool       `yaml:"runs"` // the hook; true by default
	Here    *bool       `yaml:"here"` // likewise, with Homehook
}

// signing is how a request is signed.
type signing struct{ Header, Hash, Secret, Prefix string }

func (r *request) runs() bool { return r.Runs == nil || *r.Runs }

func (r *request) runsHere() bool {
	if r.Here != nil {
		return *r.Here
	}
	return r.runs()
}

// readCorpus reads the hooks.
func readCorpus(t *testing.T) (cases []*hookCase) {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []*hookCase
		if err := yaml.UnmarshalWithOptions(data, &list, yaml.DisallowUnknownField()); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		cases = append(cases, list...)
	}
	return cases
}

// TestCorpus runs each hook of the corpus with the true webhook and, imported,
// with Homehook, sends both the same requests, and compares how the command was
// called and what the sender got. What differs has to be in the report.
func TestCorpus(t *testing.T) {
	webhook, err := exec.LookPath("webhook")
	if err != nil {
		needed(t, "webhook (of adnanh; Debian has it under this name)")
	}
	if testing.Short() {
		t.Skip("it starts three programs and sends some hundred requests")
	}
	cases := readCorpus(t)
	theirs, ours := newSide(t, cases), newSide(t, cases)
	theirs.startWebhook(webhook, cases)
	ours.startHomehook(cases)
	for _, c := range cases {
		if want := c.State; want != "" && c.item.State != want {
			t.Errorf("%s: %s (%s), want %s", c.ID, c.item.State, c.item.Reason, want)
		}
	}
	results := compare(t, cases, theirs, ours)
	report(t, results)
}

// needed skips a test for a program that is not there, but not where all of
// them have to be there.
func needed(t *testing.T, program string) {
	t.Helper()
	if os.Getenv("HOMEHOOK_TEST_PEERS") != "" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("%s is not installed", program)
}

// outcome is what comparing a hook came to.
type outcome struct {
	c *hookCase
	// seen are the parts in which the hook differs, with what was seen.
	seen map[string]string
}

// report counts the hooks and complains of differences that the import did not
// name, and of named ones that are not there.
func report(t *testing.T, results []outcome) {
	t.Helper()
	equal, differ, unexplained := 0, 0, 0
	for _, r := range results {
		switch why := r.judge(); {
		case why != "":
			unexplained++
			t.Errorf("%s: %s", r.c.ID, why)
		case len(r.seen) > 0 || r.c.item.State == imports.Refused:
			differ++
		default:
			equal++
		}
	}
	t.Logf("%d hooks: %d equal, %d differ as the report says, %d unexplained", len(results), equal, differ, unexplained)
	fmt.Printf("%d hooks: %d equal, %d differ as the report says, %d unexplained\n", len(results), equal, differ, unexplained)
}

// judge says what is wrong with the report of a hook; empty for nothing.
func (r *outcome) judge() string {
	if r.c.State == imports.Refused {
		return ""
	}
	if r.c.item.State == imports.Refused {
		return "it is not imported: " + r.c.item.Reason
	}
	named := map[string][]string{}
	for _, d := range slices.Concat(r.c.item.Differences, always) {
		named[d.Code] = append(named[d.Code], d.About...)
	}
	covered := map[string]bool{}
	for _, code := range r.c.Explains {
		if named[code] == nil {
			return fmt.Sprintf("the report does not say %q", code)
		}
		for _, about := range named[code] {
			covered[about] = true
		}
	}
	for _, part := range slices.Sorted(maps.Keys(r.seen)) {
		if !covered[part] {
			return fmt.Sprintf("%s differ: %s", part, r.seen[part])
		}
	}
	if len(r.c.Explains) > 0 && len(r.seen) == 0 && !slices.Equal(r.c.Explains, []string{"retries"}) {
		return fmt.Sprintf("nothing differs, and the corpus says %v does", r.c.Explains)
	}
	return ""
}

// always are the differences of every hook, as the command reports them.
var always []imports.Difference

// hooksFiles writes the hooks as files for webhook: the first half as JSON, the
// second as YAML.
func (s *side) hooksFiles(cases []*hookCase) (files []string) {
	s.t.Helper()
	var hooks []map[string]any
	for _, c := range cases {
		dir := s.folder(c)
		hook := map[string]any{}
		for key, value := range c.Hook {
			hook[key] = replaced(value, "$DIR", dir)
		}
		hook["id"], hook["execute-command"] = c.ID, filepath.Join(dir, "probe")
		switch c.Execute {
		case "":
		case "$NAME":
			hook["execute-command"] = "probe-" + c.ID
			if err := os.Link(s.program, filepath.Join(s.bin, "probe-"+c.ID)); err != nil {
				s.t.Fatal(err)
			}
		default:
			hook["execute-command"] = c.Execute
		}
		hooks = append(hooks, hook)
	}
	half := len(hooks) / 2
	asJSON, err := json.MarshalIndent(hooks[:half], "", "  ")
	if err != nil {
		s.t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(hooks[half:])
	if err != nil {
		s.t.Fatal(err)
	}
	for name, data := range map[string][]byte{"hooks.json": asJSON, "hooks.yaml": asYAML} {
		file := filepath.Join(s.dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			s.t.Fatal(err)
		}
		files = append(files, file)
	}
	slices.Sort(files)
	return files
}

// replaced replaces text in all texts of a value.
func replaced(v any, old, by string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, old, by)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = replaced(v[i], old, by)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key := range v {
			out[key] = replaced(v[key], old, by)
		}
		return out
	}
	return v
}
