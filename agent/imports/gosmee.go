package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"homehook/routes"
)

// gosmeeClient are the flags of "gosmee client".
type gosmeeClient struct {
	URL           text   `json:"smee-url"`
	Target        text   `json:"target-url"`
	IgnoreEvents  []text `json:"ignore-event"`
	SaveDir       text   `json:"saveDir"`
	Timeout       int    `json:"target-connection-timeout"`
	Retries       int    `json:"target-retries"`
	NoReplay      flag   `json:"noReplay"`
	InsecureTLS   flag   `json:"insecure-skip-tls-verify"`
	Exec          text   `json:"exec"`
	ExecOnEvents  []text `json:"exec-on-events"`
	ExecVariables []text `json:"exec-env-vars"`
	EncryptionKey text   `json:"encryption-key-file"`
}

// gosmeeKnown are keys that a route has no need of.
var gosmeeKnown = []string{
	"output", "log-level", "nocolor", "new-url", "httpie", "channel", "local-debug-url", "health-port", "sse-buffer-size", "resume-state-file",
}

// gosmeeEvent is the type of an event, as gosmee finds it.
const gosmeeEvent = `(header["X-GitHub-Event"] ?? header["X-Gitlab-Event"] ?? header["X-Event-Key"] ?? "")`

// Gosmee reads gosmee's configuration file. The error is about the file as a
// whole.
func Gosmee(file, claim string) (*Report, error) {
	c, others, err := readGosmee(file)
	if err != nil {
		return nil, err
	}
	channel, err := channelOf(string(c.URL))
	if err != nil {
		return nil, fmt.Errorf("read %s: smee-url: %w", file, err)
	}
	r := &Report{Source: "gosmee", secrets: map[string]string{}}
	item := Item{Name: string(c.URL), File: file}
	if err := c.forward(&item, channel, claim); err != nil {
		item.refuse("%s", err)
	} else {
		c.differences(&item, others)
	}
	item.settle()
	r.Items = append(r.Items, item)
	if c.Exec != "" {
		r.Items = append(r.Items, c.exec(&item, channel, claim, file))
	}
	r.compile()
	return r, nil
}

// readGosmee reads the section of the client, and the names of its other keys.
func readGosmee(file string) (*gosmeeClient, []string, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, nil, err
	}
	if data, err = toJSON(data); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", file, err)
	}
	var f struct {
		Client json.RawMessage `json:"client"`
	}
	if err := json.Unmarshal(data, &f); err != nil || f.Client == nil {
		return nil, nil, fmt.Errorf("read %s: it has no section client", file)
	}
	var c gosmeeClient
	var keys map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(f.Client, &c), json.Unmarshal(f.Client, &keys)); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", file, plainJSONError(err))
	}
	return &c, slices.Sorted(maps.Keys(keys)), nil
}

// forward makes the route that passes events on and saves them.
func (c *gosmeeClient) forward(item *Item, channel, claim string) error {
	spec := routes.Spec{Name: "gosmee/" + channel, Claim: claim, Unverified: true}
	if len(c.IgnoreEvents) > 0 {
		spec.When = "not (" + gosmeeEvent + " in " + list(c.IgnoreEvents) + ")"
	}
	save, err := c.save()
	if err != nil {
		return err
	}
	switch {
	case !bool(c.NoReplay) && c.Target != "":
		if err := forwardTo(item, &spec, string(c.Target)); err != nil {
			return err
		}
		c.tune(item, spec.Forward)
		if save != nil {
			spec.Also = []routes.HandlerSpec{{Save: save}}
		}
	default:
		item.Path = "/" + escapeSegment(channel)
		spec.Match = "POST " + item.Path
		if spec.Save = save; save == nil {
			spec.Respond = &routes.RespondSpec{}
		}
	}
	spec.Continue = c.Exec != ""
	item.Routes = []routes.Spec{spec}
	return nil
}

// tune sets how the target is asked.
func (c *gosmeeClient) tune(item *Item, f *routes.ForwardSpec) {
	if c.Timeout > 0 {
		f.Timeout = routes.Duration(time.Duration(c.Timeout) * time.Second)
	}
	if f.Retries = min(max(c.Retries, 0), 5); f.Retries != c.Retries {
		item.differ("retries", fmt.Sprintf("a target that cannot be reached is asked %d times at once, not %d; after that the delivery waits and is tried again for days", f.Retries+1, c.Retries+1), Process)
	}
	if bool(c.InsecureTLS) && strings.HasPrefix(f.To, "https:") {
		f.TLS = &routes.TLSSpec{Insecure: true}
		item.advise("the certificate of the target is not checked; name its root under tls: ca: instead")
	}
}

// save makes the handler that keeps bodies as files.
func (c *gosmeeClient) save() (*routes.SaveSpec, error) {
	if c.SaveDir == "" {
		return nil, nil
	}
	if !filepath.IsAbs(string(c.SaveDir)) {
		return nil, fmt.Errorf("saveDir %q is no absolute path, and gosmee takes it from where it is started; write the whole path", c.SaveDir)
	}
	return &routes.SaveSpec{Folder: filepath.Clean(string(c.SaveDir)), Name: "{id}.json"}, nil
}

// exec makes the route of the shell line, switched off.
func (c *gosmeeClient) exec(of *Item, channel, claim, file string) Item {
	item := Item{Name: string(c.URL) + " exec", File: file, State: Approval, Path: of.Path}
	if of.State == Refused {
		item.refuse("the events themselves cannot be imported")
		return item
	}
	spec := routes.Spec{
		Name: "gosmee/" + channel + " exec", Claim: claim, Match: of.Routes[0].Match, Unverified: true,
		Background: true,
		Script: &routes.ScriptSpec{
			Command: []string{"/bin/sh", "-c", literal(string(c.Exec))}, Timeout: runsFor,
			Env: map[string]string{
				"GOSMEE_EVENT_TYPE": template(gosmeeEvent[1 : len(gosmeeEvent)-1]), "GOSMEE_CONTENT_TYPE": `{header["Content-Type"]}`,
				"GOSMEE_EVENT_ID":  `{header["X-GitHub-Delivery"] ?? header["X-Gitlab-Event-UUID"] ?? header["X-Request-UUID"] ?? id}`,
				"GOSMEE_TIMESTAMP": "{received}",
			},
			Files: map[string]string{"GOSMEE_PAYLOAD_FILE": "{body}", "GOSMEE_HEADERS_FILE": "{toJSON(header)}"},
		},
	}
	conditions := []expr{}
	if len(c.ExecOnEvents) > 0 {
		conditions = append(conditions, expr{text: gosmeeEvent + " in " + list(c.ExecOnEvents)})
	}
	if when := of.Routes[0].When; when != "" {
		conditions = append(conditions, expr{text: when})
	}
	spec.When = when(all(conditions...))
	item.Routes, item.Command = []routes.Spec{spec}, []string{"/bin/sh", "-c", string(c.Exec)}
	item.Reason = "sh runs the code in its arguments, each time an event comes"
	item.differ("exec-retries", "a line that fails is run again, after 5 s, 30 s, 2 min and so on; gosmee runs it once", Process)
	item.differ("exec-time", "GOSMEE_TIMESTAMP is written 2026-01-02T15:04:05Z", Environment)
	for _, name := range c.ExecVariables {
		item.differ("exec-variables", fmt.Sprintf("the variable %s is not handed on; write its value under env", name), Environment)
	}
	item.advise("a line for the shell is easily made to do what a sender wants; call a script by its path instead, and take off: true out when you have read it")
	return item
}

// differences are those of the client, and of keys that count for nothing.
func (c *gosmeeClient) differences(item *Item, keys []string) {
	channelDifferences(item, "gosmee")
	if c.SaveDir != "" {
		item.differ("saved-files", "a saved file holds the body as it came, under the delivery's id; no shell script is written beside it: homehook replay sends a delivery again, and homehook export --format curl writes a command", Files)
	}
	if c.EncryptionKey != "" {
		item.differ("encryption", "the channel's own encryption is not used: deliveries come over TLS from the relay", Process)
	}
	var known []string
	for f := range reflect.TypeFor[gosmeeClient]().Fields() {
		known = append(known, f.Tag.Get("json"))
	}
	for _, key := range keys {
		if !slices.Contains(known, key) && !slices.Contains(gosmeeKnown, key) {
			item.differ("unknown-key", fmt.Sprintf("the key %q is not known here, and left out", key), Process)
		}
	}
}

// list writes texts as a list of the language.
func list(texts []text) string {
	var items []string
	for _, t := range texts {
		items = append(items, quoted(string(t)))
	}
	return "[" + strings.Join(items, ", ") + "]"
}
