package imports

import (
	"fmt"

	"homehook/routes"
)

// States of an [Item].
const (
	// Equal: the hook behaves as before but for what is true of every hook,
	// Report.Always.
	Equal = "equal"
	// Differs: it is imported and behaves differently in the ways listed.
	Differs = "differs"
	// Approval: it is imported, switched off, until a person has looked at it.
	Approval = "needs approval"
	// Refused: it is not imported.
	Refused = "cannot be imported"
	// Already: the configuration has a route of it, which is left as it is.
	Already = "already there"
)

// What a [Difference] may be about.
const (
	Arguments   = "arguments"
	Environment = "environment"
	Files       = "files"
	Status      = "status"
	Body        = "body"
	Headers     = "headers"
	Process     = "process" // where, when and how often the command runs
)

// Difference is one behaviour that is not as it was.
type Difference struct {
	// Code names the kind of difference, for programs.
	Code string `json:"code"`
	// About are the parts of a hook's behaviour that can be seen to differ.
	About []string `json:"about"`
	// Text says what is different and, where it is not plain, why.
	Text string `json:"text"`
}

// Item is one hook, channel or section of what is imported.
type Item struct {
	// Name is what the other tool calls it.
	Name string `json:"name"`
	// File is where it stands, empty for a command line.
	File string `json:"file,omitempty"`
	// State is Equal, Differs, Approval, Refused or Already.
	State string `json:"state"`
	// Reason is why it is refused, which route is there already, or what a person
	// has to look at.
	Reason string `json:"reason,omitempty"`
	// Command is the command line in full, where it needs approval.
	Command []string `json:"command,omitempty"`
	// Differences are those of this item, beside those of all.
	Differences []Difference `json:"differences,omitempty"`
	// Advice is what would be better set otherwise.
	Advice []string `json:"advice,omitempty"`
	// Path is where the claim serves it: "/hooks/deploy".
	Path string `json:"path,omitempty"`
	// Routes are what it becomes, in their order; the first one runs it.
	Routes []routes.Spec `json:"-"`
	// Secrets are the names of the credentials that it needs.
	Secrets []string `json:"secrets,omitempty"`
}

// differ adds a difference, once.
func (i *Item) differ(code, text string, about ...string) {
	for _, d := range i.Differences {
		if d.Code == code && d.Text == text {
			return
		}
	}
	i.Differences = append(i.Differences, Difference{code, about, text})
}

// advise adds a piece of advice.
func (i *Item) advise(format string, args ...any) {
	i.Advice = append(i.Advice, fmt.Sprintf(format, args...))
}

// refuse makes the item one that is not imported.
func (i *Item) refuse(format string, args ...any) {
	i.leave(Refused, fmt.Sprintf(format, args...))
}

// leave makes the item one of which nothing is written, so that nothing is left
// to be said of what it would become.
func (i *Item) leave(state, reason string) {
	i.State, i.Reason = state, reason
	i.Routes, i.Secrets, i.Differences, i.Advice, i.Command = nil, nil, nil, nil, nil
}

// settle gives the item its state.
func (i *Item) settle() {
	switch {
	case i.State != "":
	case len(i.Differences) > 0:
		i.State = Differs
	default:
		i.State = Equal
	}
}

// Report is what an import comes to.
type Report struct {
	// Source is the tool: "webhook", "smee" or "gosmee".
	Source string `json:"source"`
	// Always are the differences that are true of everything imported.
	Always []Difference `json:"always"`
	// Items are the hooks, in the order of their files.
	Items []Item `json:"items"`

	// secrets are the values to keep, by the names of their credentials.
	secrets map[string]string
}

// Routes are the routes of all items that are imported.
func (r *Report) Routes() (specs []routes.Spec) {
	for i := range r.Items {
		specs = append(specs, r.Items[i].Routes...)
	}
	return specs
}

// Secrets calls store for each credential that the imported routes need, in
// the order of the items.
func (r *Report) Secrets(store func(name, value string) error) error {
	for _, item := range r.Items {
		for _, name := range item.Secrets {
			if err := store(name, r.secrets[name]); err != nil {
				return fmt.Errorf("store credential %s: %w", name, err)
			}
		}
	}
	return nil
}
