// Package templates has templates of routes: tested routes with blanks, and what to
// ask for each blank.
package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"homehook/routes"
	"homehook/spelling"
)

//go:embed routes/*.yaml
var files embed.FS

// Template is a template of routes: what to ask, and what becomes of the answers.
type Template struct {
	Name  string `yaml:"-" json:"name"`
	Title string `yaml:"title" json:"title"`
	About string `yaml:"about" json:"about"`
	// Sender is who sends what it is for, by a name of package senders; empty for
	// any.
	Sender string `yaml:"sender" json:"sender"`
	// Handler is the kind of its first handler.
	Handler string     `yaml:"-" json:"handler"`
	Ask     []Question `yaml:"ask" json:"ask"`
	// Each repeats the routes for each program in a folder: the key that its
	// path gets, and the key of the folder. Its name gets the key file.
	Each   map[string]string `yaml:"each" json:"-"`
	Routes []any             `yaml:"routes" json:"-"`
	// After is what is left to do outside of Homehook.
	After string `yaml:"after" json:"after"`
}

// Question is a value that a template needs.
type Question struct {
	Key string `yaml:"key" json:"key"`
	// Kind is "word", "text", "path", "program", "folder", "credential" or "url".
	Kind    string `yaml:"kind" json:"kind"`
	Text    string `yaml:"text" json:"text"`
	Default string `yaml:"default" json:"default,omitempty"`
	// Optional says that the answer may be empty.
	Optional bool `yaml:"optional" json:"optional,omitempty"`
}

// All reads the templates, in the order of their names.
func All() ([]Template, error) {
	names, err := fs.Glob(files, "routes/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []Template
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		t := Template{Name: strings.TrimSuffix(path.Base(name), ".yaml")}
		if err := yaml.UnmarshalWithOptions(data, &t, yaml.DisallowUnknownField()); err != nil {
			return nil, fmt.Errorf("read template %s: %w", t.Name, err)
		}
		t.Handler = t.handler()
		all = append(all, t)
	}
	return all, nil
}

// Find reads the template of that name.
func Find(name string) (*Template, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
		names = append(names, all[i].Name)
	}
	if near := spelling.Nearest(name, names); near != "" {
		return nil, fmt.Errorf("there is no template %q; did you mean %q?", name, near)
	}
	return nil, fmt.Errorf("there is no template %q; there are: %s", name, strings.Join(names, ", "))
}

// handler is the kind of the first route's handler.
func (t *Template) handler() string {
	for _, route := range t.Routes {
		for key := range route.(map[string]any) {
			if slices.Contains(routes.HandlerKeys, key) {
				return key
			}
		}
	}
	return ""
}

// Afterwards is what is left to do outside of Homehook, with the answers and the
// address of the claim.
func (t *Template) Afterwards(answers map[string]string, address string) string {
	all := map[string]string{"address": strings.TrimSuffix(address, "/")}
	for key, value := range answers {
		all[key] = value
	}
	text, _ := withAnswers(t.After, all).(string)
	return text
}

// NeedsAddress reports whether what is left to do has the claim's address in it.
func (t *Template) NeedsAddress() bool { return strings.Contains(t.After, "${address}") }
