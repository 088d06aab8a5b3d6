package imports

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// WebhookOptions are the flags with which webhook is started, and where its
// hooks go.
type WebhookOptions struct {
	// Claim is the claim whose deliveries the routes take.
	Claim string
	// Prefix is the path before the ids, -urlprefix; "hooks" by default there.
	Prefix string
	// Methods are those that hooks take which do not say, -http-methods; empty
	// for all.
	Methods []string
	// Headers are fields of every answer, -header.
	Headers [][2]string
	// Template says that webhook takes the files for Go templates, -template.
	Template bool
	// Taken are credentials that routes have already: a secret of a hook gets
	// another name.
	Taken []string
}

// Webhook reads hooks files of adnanh/webhook. The error is about a file as a
// whole; what is wrong with a hook is in the report.
func Webhook(files []string, o WebhookOptions) (*Report, error) {
	r := &Report{Source: "webhook", Always: webhookAlways, secrets: map[string]string{}}
	i := importer{report: r, options: o, ids: map[string]string{}, credentials: map[string]bool{}}
	for _, name := range o.Taken {
		i.credentials[name] = true
	}
	for _, file := range files {
		data, err := readFile(file)
		if err != nil {
			return nil, err
		}
		list, err := readHooks(file, data)
		if err != nil {
			return nil, templateError(err, string(data))
		}
		abs, err := filepath.Abs(file)
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", file, err)
		}
		for _, e := range list {
			item := Item{Name: string(e.hook.ID), File: file}
			i.hook(&item, &e, filepath.Dir(abs))
			item.settle()
			r.Items = append(r.Items, item)
		}
	}
	r.compile()
	return r, nil
}

// templateError says of a file with Go templates in it which they are.
func templateError(err error, data string) error {
	var found []string
	for n, line := range strings.Split(data, "\n") {
		for _, a := range action.FindAllString(line, -1) {
			found = append(found, fmt.Sprintf("line %d: %s", n+1, a))
		}
	}
	if len(found) == 0 {
		return err
	}
	return &TemplateError{Err: err, Actions: found}
}

// TemplateError says that a file is a Go template. None is evaluated here: it
// could read files and the environment.
type TemplateError struct {
	Err error
	// Actions are the pieces between {{ and }}, with their lines.
	Actions []string
}

var _ error = (*TemplateError)(nil)

func (e *TemplateError) Error() string {
	return e.Err.Error() + "; it is a Go template, which is not evaluated here:\n  " + strings.Join(e.Actions, "\n  ")
}

// Unwrap returns the error without the actions.
func (e *TemplateError) Unwrap() error { return e.Err }

// webhookAlways is what is different with every hook.
var webhookAlways = []Difference{
	{"environment", []string{Environment}, "A command gets the variables that its route declares, HOMEHOOK_…, and PATH, HOME, LANG and their like. Webhook hands on its whole environment; what a command needs of it belongs under env."},
	{"standard-input", []string{Process}, "A command has the body on its standard input; with webhook there is nothing on it."},
	{"home-folder", []string{Process}, "A command without command-working-directory runs in the home folder of the agent's user; with webhook in the folder in which that was started."},
	{"file-folder", []string{Files}, "Files for a command (pass-file-to-command) lie in a folder of the agent's and not in the working folder. Their variables hold the whole path, as before."},
	{"one-at-a-time", []string{Process}, "The hooks of a claim run one after the other, in the order in which their requests came; webhook runs all at once. parallel on a route or the claim changes that."},
	{"retries", []string{Process}, "A command that fails, and whose output nobody waits for, runs again after 5 s, 30 s, 2 min and so on; webhook runs it once."},
	{"limits", []string{Process, Body}, "A command is ended after one hour (timeout), with what it has left running; its output counts up to 1 MiB (output). Webhook sets no limits."},
	{"hyphen", []string{Arguments, Status, Body, Process}, "A value of the sender's that begins with a hyphen is no argument unless -- stands before it, so that nobody can give your command options. The command does not run then. A value with a NUL byte is none either."},
	{"unsaid-type", []string{Arguments, Environment, Files, Status, Body, Process}, "A body that is JSON, XML or a form is read as such even if its Content-Type does not say so; webhook has no payload then."},
	{"values", []string{Arguments, Environment, Files, Status, Body, Process}, "A JSON null is nothing, where webhook writes <nil>. Lists and objects are written with their members in the sender's order, where webhook sorts them. A member whose own name has dots in it, or is a number, is not found by that name."},
	{"multipart", []string{Arguments, Environment, Files, Status, Body, Process}, "Of a multipart form, webhook reads files that are JSON as payload and knows no raw body. Here files.NAME.text is a file's text, fromJSON(files.NAME.text) what is in it, and body the whole."},
	{"plain-answers", []string{Body, Headers}, "Errors are answered in Homehook's words: an unknown path with 404 but not \"Hook not found.\", and / is not answered \"OK\". The Content-Type of an answer may be another."},
	{"claim-answer", []string{Status, Body, Headers}, "What a sender gets also depends on the claim: with answer: store, and with answer: hold when this machine is away or slow, it is the claim's accepted answer."},
}

// importer makes items of hooks.
type importer struct {
	report      *Report
	options     WebhookOptions
	ids         map[string]string // files, by id
	credentials map[string]bool
}

// hook makes the item of one hook.
func (i *importer) hook(item *Item, e *entry, base string) {
	h := &e.hook
	switch first, twice := i.ids[string(h.ID)]; {
	case e.err != nil:
		item.refuse("%s; webhook does not load the file for it", e.err)
		return
	case h.ID == "":
		item.refuse("it has no id, and so no address")
		return
	case twice:
		item.refuse("there is a hook %q in %s already", h.ID, first)
		return
	case h.Command == "":
		item.refuse("it has no execute-command: webhook answers, and runs nothing")
		return
	}
	i.ids[string(h.ID)] = item.File
	if found := action.FindAllString(string(e.raw), -1); len(found) > 0 {
		if i.options.Template {
			item.refuse("Go templates are not evaluated here; write their values in their place: %s", strings.Join(found, " "))
			return
		}
		item.advise("it has %s in it, which is taken as it is; if webhook runs with -template, import with --template", strings.Join(found, " "))
	}
	if err := i.routes(item, h, base); err != nil {
		item.refuse("%s", err)
	}
}

// pattern is the path of a hook as a route matches it.
func (i *importer) pattern(id string) (string, error) {
	path := "/" + strings.Trim(i.options.Prefix, "/")
	if path != "/" {
		path += "/"
	}
	for n, segment := range strings.Split(id, "/") {
		if n > 0 {
			path += "/"
		}
		if segment == "" || segment == "." || segment == ".." {
			return "", errors.New("its id has an empty step or dots in it, which webhook takes out of the address: nobody can call it")
		}
		path += escapeSegment(segment)
	}
	return path, nil
}

// escapeSegment writes a piece of a path as a pattern has it.
func escapeSegment(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`%?#{}"<>\^`+"`|", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
