package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"homehook/agent/config"
	"homehook/routes"
)

//go:embed templates/*.yaml
var templateFiles embed.FS

// routeTemplate is a template of routes: what to ask, and what becomes of the
// answers.
type routeTemplate struct {
	Name  string     `yaml:"-" json:"name"`
	Title string     `yaml:"title" json:"title"`
	About string     `yaml:"about" json:"about"`
	Ask   []question `yaml:"ask" json:"ask"`
	// Each repeats the routes for each program in a folder: the key that its
	// path gets, and the key of the folder. Its name gets the key file.
	Each   map[string]string `yaml:"each" json:"-"`
	Routes []any             `yaml:"routes" json:"-"`
	// After is what is left to do outside of Homehook.
	After string `yaml:"after" json:"after"`
}

// question is a value that a template needs.
type question struct {
	Key     string `yaml:"key" json:"key"`
	Kind    string `yaml:"kind" json:"kind"`
	Text    string `yaml:"text" json:"text"`
	Default string `yaml:"default" json:"default,omitempty"`
}

// readTemplates reads the templates, in the order of their names.
func readTemplates() ([]routeTemplate, error) {
	names, err := fs.Glob(templateFiles, "templates/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []routeTemplate
	for _, name := range names {
		data, err := templateFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		t := routeTemplate{Name: strings.TrimSuffix(filepath.Base(name), ".yaml")}
		if err := yaml.UnmarshalWithOptions(data, &t, yaml.DisallowUnknownField()); err != nil {
			return nil, fmt.Errorf("read template %s: %w", t.Name, err)
		}
		all = append(all, t)
	}
	return all, nil
}

// words match values that stand in expressions, where a quote would be code.
var words = regexp.MustCompile(`^[\p{L}\p{N}._/@+-]+$`)

// check says what is wrong with an answer. What it does not see, the
// configuration does.
func (q *question) check(value string) error {
	switch {
	case value == "":
		return errors.New("there is no value")
	case strings.ContainsAny(value, "\x00\r\n"):
		return errors.New("it has more than one line")
	case q.Kind == "word" && !words.MatchString(value):
		return errors.New("it has other signs than letters, digits and . _ / @ + -")
	case q.Kind == "path" && (value[0] != '/' || strings.ContainsAny(value, "{} ?#")):
		return errors.New("it is not a path, such as /hook")
	case (q.Kind == "program" || q.Kind == "folder") && !filepath.IsAbs(value):
		return errors.New("it is not the whole path, from the root on")
	case q.Kind == "credential":
		return checkCredential(q.Key, value)
	case q.Kind == "url" && !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://"):
		return errors.New("it does not begin with http:// or https://")
	}
	return nil
}

// fill makes routes of a template and the answers, for a claim. They are
// checked as those of a file are.
func (t *routeTemplate) fill(answers map[string]string, claim string) ([]routes.Spec, error) {
	sets := []map[string]string{answers}
	for program, folder := range t.Each {
		files, err := programsIn(answers[folder])
		if err != nil {
			return nil, err
		}
		sets = nil
		for _, file := range files {
			set := map[string]string{program: file, "file": filepath.Base(file)}
			for key, value := range answers {
				set[key] = value
			}
			sets = append(sets, set)
		}
	}
	var list []any
	for _, set := range sets {
		for _, route := range t.Routes {
			filled := withAnswers(route, set).(map[string]any)
			filled["claim"] = claim
			list = append(list, filled)
		}
	}
	return routesOf(list, claim)
}

// routesOf reads routes as a configuration file has them.
func routesOf(list []any, claim string) ([]routes.Spec, error) {
	text, err := yaml.Marshal(map[string]any{
		"relays": []any{map[string]any{"name": "any", "url": "https://any.example"}},
		"claims": []any{map[string]any{"name": claim}},
		"routes": list,
	})
	if err != nil {
		return nil, fmt.Errorf("write route: %w", err)
	}
	cfg, err := config.Parse("", text)
	if err == nil {
		defer cfg.Table.Close()
		if len(cfg.Faults) > 0 { // a new route is not one that has worked once
			err = cfg.Faults
		}
	}
	if problems, ok := errors.AsType[config.Problems](err); ok {
		for i := range problems {
			problems[i].Line, problems[i].Column = 0, 0 // of no file
		}
		return nil, problems
	} else if err != nil {
		return nil, err
	}
	return cfg.Routes, nil
}

// withAnswers puts answers in the place of ${key} in all texts of a value.
func withAnswers(v any, answers map[string]string) any {
	switch v := v.(type) {
	case string:
		for key, value := range answers {
			v = strings.ReplaceAll(v, "${"+key+"}", strings.ReplaceAll(value, "${", "$\x00{"))
		}
		return strings.ReplaceAll(v, "\x00", "")
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = withAnswers(v[i], answers)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key := range v {
			out[key] = withAnswers(v[key], answers)
		}
		return out
	}
	return v
}

// programsIn lists the programs in a folder.
func programsIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read folder: %w", err)
	}
	var files []string
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && words.MatchString(e.Name()) && isProgram(info) {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	slices.Sort(files)
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no program in %s", folder)
	}
	return files, nil
}
