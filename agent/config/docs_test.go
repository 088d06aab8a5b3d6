package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"homehook/routes"
)

// yamlBlock is an example in a document.
var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")

// missing are problems with what an example names and this machine has not.
var missing = regexp.MustCompile(`^(ca ".*" (does not exist|is not an absolute path)|the (command|folder|file) .* cannot be found: |absolute path needed for the |only an agent that runs as root |the agent runs as root without the capability |the target "unix:.* the path of a socket is absolute)`)

// TestDocs loads the examples that readers copy. Those that are parts of a
// file get the relay and the claim that the text around them speaks of.
func TestDocs(t *testing.T) {
	for _, name := range []string{"../../docs/configuration.md", "../../docs/routes.md", "../../README.md"} {
		text, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, block := range yamlBlock.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\r\n", "\n"), -1) {
			example := block[1]
			key, _, _ := strings.Cut(example, ":")
			if !slices.Contains(keysOf(reflect.TypeFor[file]()), key) {
				continue
			}
			found++
			_, err := Parse(filepath.Base(name), []byte(framed(example)))
			ps, _ := errors.AsType[Problems](err)
			for _, p := range ps {
				if !missing.MatchString(p.Message) {
					t.Errorf("%v in:\n%s", p, framed(example))
				}
			}
		}
		if found == 0 {
			t.Errorf("%s has no example", name)
		}
	}
}

// framed adds what an example leaves to the file around it.
func framed(example string) string {
	if !strings.HasPrefix(example, "relays:") {
		example += "\nrelays: [{name: mine, url: \"https://relay.example.com\"}]\n"
	}
	if !strings.Contains(example, "claims:") {
		example += "\nclaims: [{name: garage}]\n"
	}
	return example
}

// TestDocsNameEveryKey holds that the reference leaves no key out.
func TestDocsNameEveryKey(t *testing.T) {
	var text []byte
	for _, name := range []string{"../../docs/configuration.md", "../../docs/routes.md"} {
		page, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, page...)
	}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for i := range typ.NumField() {
			key := keyName(typ.Field(i))
			if !strings.Contains(string(text), "`"+key+"`") {
				t.Errorf("the key %s is not in the reference", key)
			}
			walk(typ.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[file]())
}

// conditionRow is a row of the table of conditions.
var conditionRow = regexp.MustCompile("(?m)^\\| `(.*?)` \\| (?:true|false) \\|$")

// TestDocsConditionsCanBePasted holds that the conditions of the reference can stand
// in the file as the text before them says: in single quotes.
func TestDocsConditionsCanBePasted(t *testing.T) {
	text, err := os.ReadFile(filepath.FromSlash("../../docs/routes.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := conditionRow.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\r\n", "\n"), -1)
	if len(rows) < 10 {
		t.Fatalf("only %d conditions", len(rows))
	}
	for _, row := range rows {
		cfg, err := Parse("config.yaml", []byte(framedRoute("  - match: /{repo}\n    unverified: true\n    respond: {}\n    when: '"+row[1]+"'\n")))
		if err != nil {
			t.Errorf("%s: %v", row[1], err)
			continue
		}
		if cfg.Routes[0].When != row[1] {
			t.Errorf("%s became %s", row[1], cfg.Routes[0].When)
		}
		cfg.Table.Close()
	}
}

// TestDocsShowEveryKey holds that each key of a route stands in an example.
func TestDocsShowEveryKey(t *testing.T) {
	page, err := os.ReadFile(filepath.FromSlash("../../docs/routes.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, block := range yamlBlock.FindAllSubmatch(page, -1) {
		all.Write(block[1])
	}
	shown := make(map[string]bool)
	for _, key := range regexp.MustCompile(`(\w+):`).FindAllStringSubmatch(all.String(), -1) {
		shown[key[1]] = true
	}
	seen := make(map[reflect.Type]bool)
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			if key := keyName(typ.Field(i)); !shown[key] {
				t.Errorf("no example has the key %s", key)
			}
			walk(typ.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[routes.Spec]())
}
