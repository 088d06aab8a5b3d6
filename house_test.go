// Package homehook_test holds the house as a whole: its import rules, and the
// way of a delivery through the programs as they are built.
package main_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list` says about one package.
type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

// list runs go list for the system that the headless programs are shipped on
// most.
func list(t *testing.T, patterns ...string) map[string]pkg {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,GoFiles,Imports,Deps"}, patterns...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := make(map[string]pkg)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			found[p.ImportPath] = p
		}
	}
}

// house says which of our packages each of our packages may import. Imports
// point down only; a package that is missing here has no place yet.
var house = map[string][]string{
	"homehook/http1":             {},
	"homehook/ptth":              {"homehook/http1"},
	"homehook/faults/point":      {},
	"homehook/faults/port":       {},
	"homehook/access":            {},
	"homehook/dbfile":            {"homehook/access"},
	"homehook/spelling":          {},
	"homehook/linediff":          {},
	"homehook/routes":            {"homehook/access", "homehook/http1", "homehook/routes/expression", "homehook/routes/fastcgi", "homehook/routes/process", "homehook/routes/signature"},
	"homehook/routes/expression": {"homehook/spelling"},
	"homehook/routes/fastcgi":    {},
	"homehook/routes/process":    {"homehook/access"},
	"homehook/routes/signature":  {},
	"homehook/relay":             {"homehook/access", "homehook/faults/point", "homehook/http1", "homehook/ptth", "homehook/relay/queue"},
	"homehook/relay/queue":       {"homehook/dbfile", "homehook/faults/point"},
	"homehook/agent/config":      {"homehook/access", "homehook/routes", "homehook/spelling"},
	"homehook/agent/control":     {},
	"homehook/agent/credentials": {"homehook/agent/sessionbus"},
	"homehook/agent/export":      {"homehook/agent/control"},
	"homehook/agent/imports":     {"homehook/agent/config", "homehook/routes"},
	"homehook/agent/history":     {"homehook/access", "homehook/dbfile", "homehook/faults/point"},
	"homehook/agent/senders":     {"homehook/agent/config", "homehook/routes/signature", "homehook/spelling"},
	"homehook/agent/sessionbus":  {},
	"homehook/agent/templates":   {"homehook/agent/config", "homehook/routes", "homehook/spelling"},
	"homehook/agent": {
		"homehook/access", "homehook/agent/config", "homehook/agent/control", "homehook/agent/credentials", "homehook/agent/export",
		"homehook/agent/history", "homehook/agent/senders", "homehook/agent/sessionbus", "homehook/agent/templates", "homehook/faults/point",
		"homehook/http1", "homehook/ptth", "homehook/routes", "homehook/routes/signature",
	},
	"homehook/faults":        {"homehook/faults/port"},
	"homehook/service":       {"homehook/access", "homehook/agent"},
	"homehook/bench":         {"homehook/faults/port", "homehook/http1"},
	"homehook/bench/history": {"homehook/agent/history"},
	// The command joins relay and agent for `homehook try` and an embedded relay.
	"homehook/cmd/homehook": {
		"homehook/access", "homehook/agent", "homehook/agent/config", "homehook/agent/control", "homehook/agent/credentials",
		"homehook/agent/imports", "homehook/agent/senders", "homehook/agent/templates", "homehook/http1", "homehook/linediff", "homehook/relay", "homehook/routes", "homehook/routes/signature", "homehook/service", "homehook/spelling",
	},
	"homehook/cmd/homehook-relay": {"homehook/relay"},
	// The desktop app asks the agent over its control API, and knows nothing else of it.
	"homehook/assets":       {},
	"homehook/gui/feed":     {"homehook/agent/control"},
	"homehook/gui/look":     {"homehook/agent/control", "homehook/assets"},
	"homehook/gui/part":     {"homehook/agent/control", "homehook/gui/feed", "homehook/gui/look"},
	"homehook/gui/detail":   {"homehook/agent/control", "homehook/gui/feed", "homehook/gui/look", "homehook/gui/part", "homehook/linediff"},
	"homehook/gui/activity": {"homehook/agent/control", "homehook/gui/detail", "homehook/gui/feed", "homehook/gui/look", "homehook/gui/part"},
	"homehook/gui/manage":   {"homehook/agent/control", "homehook/gui/feed", "homehook/gui/look", "homehook/gui/part"},
	"homehook/gui/routing":  {"homehook/agent/control", "homehook/gui/feed", "homehook/gui/look", "homehook/gui/part"},
	"homehook/gui/settings": {"homehook/agent/control", "homehook/gui/feed", "homehook/gui/look", "homehook/gui/part"},
	"homehook/gui/wizard":   {"homehook/agent/control", "homehook/assets", "homehook/gui/feed", "homehook/gui/look", "homehook/gui/part"},
	"homehook/gui": {
		"homehook/agent/control", "homehook/agent/sessionbus", "homehook/assets", "homehook/gui/activity", "homehook/gui/feed", "homehook/gui/look",
		"homehook/gui/manage", "homehook/gui/part", "homehook/gui/routing", "homehook/gui/settings", "homehook/gui/wizard",
	},
	// The tests of the app play with a real relay and a real agent.
	"homehook/gui/stage": {
		"homehook/agent", "homehook/agent/config", "homehook/agent/control", "homehook/agent/credentials", "homehook/gui/feed", "homehook/gui/look", "homehook/gui/part", "homehook/relay",
	},
	"homehook": {"homehook/agent/control", "homehook/assets", "homehook/gui", "homehook/gui/part", "homehook/service"},
}

// screenless is what only the program itself may import of Fyne: it opens windows,
// and needs cgo for it.
const screenless = "fyne.io/fyne/v2/app"

// standardOnly are the packages that import nothing but the standard library
// and what house allows.
var standardOnly = []string{"homehook/http1", "homehook/ptth"}

func TestImportsPointDown(t *testing.T) {
	for path, p := range list(t, "./...") {
		allowed, ok := house[path]
		if !ok {
			t.Errorf("package %s has no place in the house: add it to this test and to CONTRIBUTING.md", path)
		}
		for _, imported := range p.Imports {
			ours := strings.HasPrefix(imported, "homehook/")
			if ours && !slices.Contains(allowed, imported) {
				t.Errorf("%s must not import %s", path, imported)
			}
			if imported == screenless && path != "homehook" {
				t.Errorf("%s must not import %s: it could not be tested without a display", path, imported)
			}
			if !ours && strings.Contains(imported, ".") && slices.Contains(standardOnly, path) {
				t.Errorf("%s must not import %s: standard library only", path, imported)
			}
		}
	}
}

// unlinked names what a program must not contain, by the start of import paths.
var unlinked = map[string][]string{
	"./cmd/homehook":       {"fyne.io/", "github.com/nats-io/"},
	"./cmd/homehook-relay": {"fyne.io/", "homehook/agent", "homehook/routes", "homehook/service", "github.com/zalando/go-keyring", "github.com/goccy/go-yaml", "github.com/fsnotify/"},
	"./agent/control":      {"modernc.org/", "database/sql"}, // the desktop app links it
	"./gui":                {"modernc.org/", "database/sql", "fyne.io/fyne/v2/test", "testing"},
}

func TestWhatProgramsLink(t *testing.T) {
	for program, never := range unlinked {
		for _, p := range list(t, program) {
			for _, dep := range p.Deps {
				for _, prefix := range never {
					if strings.HasPrefix(dep, prefix) {
						t.Errorf("%s links %s", program, dep)
					}
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for path, p := range list(t, "./...") {
		documented := false
		for _, f := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			documented = documented || file.Doc != nil
		}
		if !documented {
			t.Errorf("package %s has no package comment", path)
		}
	}
}
