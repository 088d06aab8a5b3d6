package templates

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"homehook/agent/config"
	"homehook/routes"
)

// Fill makes routes of a template and the answers, for a claim. They are checked as
// those of a file are; problems with them are [config.Problems] without a place.
func (t *Template) Fill(answers map[string]string, claim string) ([]routes.Spec, error) {
	if answers["scheme"] == "" && answers["credential"] != "" {
		return nil, &AnswerError{"scheme", `the answer "credential" is there without "scheme": nothing would be checked with it; say how the sender signs`}
	}
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
			settle(filled)
			list = append(list, filled)
		}
	}
	return routesOf(list, claim)
}

// settle takes out what an answer that may be empty has left empty: how senders are
// checked, and of which events.
func settle(route map[string]any) {
	if list, ok := route["events"].(string); ok {
		delete(route, "events")
		if kinds := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }); len(kinds) > 0 {
			route["events"] = kinds
		}
	}
	verify, ok := route["verify"].(map[string]any)
	if !ok {
		return
	}
	for key, value := range verify {
		if value == "" {
			delete(verify, key)
		}
	}
	if len(verify) == 0 {
		delete(route, "verify")
		route["unverified"] = true
	}
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
