package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"homehook/agent/config"
	"homehook/agent/templates"
	"homehook/spelling"
)

// dialogue asks for what the command line has not said.
type dialogue struct {
	app   *app
	lines *bufio.Reader // nil where there is nobody to ask
}

func (d *dialogue) asks() bool { return d.lines != nil }

// choose finds the template and the answers.
func (d *dialogue) choose(ctx context.Context, all []templates.Template, name string, set map[string]string) (*templates.Template, map[string]string, error) {
	t, err := d.template(ctx, all, name)
	if err != nil {
		return nil, nil, err
	}
	answers := map[string]string{}
	var unset []string
	for i := range t.Ask {
		q := &t.Ask[i]
		value, given := set[q.Key]
		switch {
		case given:
		case d.asks():
			if value, err = d.question(ctx, q); err != nil {
				return nil, nil, err
			}
		case q.Default == "" && !q.Optional:
			unset = append(unset, fmt.Sprintf("--set %s=… (%s)", q.Key, q.Text))
			continue
		default:
			value = q.Default
		}
		if err := checkAnswer(q, value); err != nil {
			return nil, nil, err
		}
		answers[q.Key] = value
	}
	for key := range set {
		if !slices.ContainsFunc(t.Ask, func(q templates.Question) bool { return q.Key == key }) {
			return nil, nil, unknownAnswer(t, key)
		}
	}
	if len(unset) > 0 {
		return nil, nil, misused("the template %s needs %s", t.Name, strings.Join(unset, ", "))
	}
	return t, answers, nil
}

// checkAnswer says what is wrong with an answer of the command line.
func checkAnswer(q *templates.Question, value string) error {
	if q.Kind == "credential" && value != "" {
		return checkCredential(q.Key, value)
	}
	if err := q.Check(value); err != nil {
		return misused("%s %q: %w", q.Key, value, err)
	}
	return nil
}

// unknownAnswer is the error for a value that the template does not ask for.
func unknownAnswer(t *templates.Template, key string) error {
	keys := make([]string, len(t.Ask))
	for i := range t.Ask {
		keys[i] = t.Ask[i].Key
	}
	next := "it has " + strings.Join(keys, ", ")
	if near := spelling.Nearest(key, keys); near != "" {
		next = fmt.Sprintf("did you mean %q? It has %s", near, strings.Join(keys, ", "))
	}
	return &failure{error: fmt.Errorf("the template %s has no value %q", t.Name, key), next: next, code: exitUsage}
}

// claim finds the claim that is meant, and asks for it where there are several.
func (d *dialogue) claim(ctx context.Context, f *importFlags, cfg *config.Config, path string) (string, error) {
	if f.Claim != "" || len(cfg.Claims) < 2 || !d.asks() {
		return f.claim(cfg, path)
	}
	for i, c := range cfg.Claims {
		d.app.say("%2d  %-17s on relay %s", i+1, c.Name, c.Relay)
	}
	answer, err := d.read(ctx, "For which claim? ")
	if err != nil {
		return "", err
	}
	if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(cfg.Claims) {
		return cfg.Claims[n-1].Name, nil
	}
	return (&importFlags{Claim: answer}).claim(cfg, path)
}

// template finds a template by its name, or asks for its number.
func (d *dialogue) template(ctx context.Context, all []templates.Template, name string) (*templates.Template, error) {
	if name == "" && d.asks() {
		for i, t := range all {
			d.app.say("%2d  %-17s %s", i+1, t.Name, t.Title)
		}
		answer, err := d.read(ctx, "Which one? ")
		if err != nil {
			return nil, err
		}
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(all) {
			return &all[n-1], nil
		}
		name = answer
	}
	var names []string
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
		names = append(names, all[i].Name)
	}
	if name == "" {
		return nil, misused("which template? There are: %s", strings.Join(names, ", "))
	}
	return nil, misused("there is no template %q; there are: %s", name, strings.Join(names, ", "))
}

// question asks until the answer will do.
func (d *dialogue) question(ctx context.Context, q *templates.Question) (string, error) {
	prompt := q.Text
	switch {
	case q.Default != "":
		prompt += " [" + q.Default + "]"
	case q.Optional:
		prompt += " [none]"
	}
	for {
		value, err := d.read(ctx, prompt+": ")
		if err != nil {
			return "", err
		}
		if value == "" {
			value = q.Default
		}
		if err = checkAnswer(q, value); err == nil {
			return value, nil
		}
		d.app.say("%s", err)
	}
}

// agree asks for a yes. Where nobody is asked, the command line is the yes.
func (d *dialogue) agree(ctx context.Context, prompt string) (bool, error) {
	if !d.asks() {
		return true, nil
	}
	answer, err := d.read(ctx, prompt+" [Y/n] ")
	if err != nil {
		return false, err
	}
	if answer = strings.ToLower(answer); answer == "" || answer == "y" || answer == "yes" {
		return true, nil
	}
	d.app.note("nothing was written")
	return false, nil
}

// read asks for one line.
func (d *dialogue) read(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(d.app.out, prompt)
	line, err := await(ctx, func() ([]byte, error) {
		line, err := d.lines.ReadString('\n')
		if errors.Is(err, io.EOF) && line == "" {
			return nil, errors.New("the input has ended")
		}
		return []byte(line), nil
	})
	return strings.TrimSpace(string(line)), err
}
