package control

import "context"

// What a [ConfigEdit] does.
const (
	EditAdd    = "add"
	EditSet    = "set"
	EditRemove = "remove"
	EditMove   = "move"
)

// Parts of the configuration that a [ConfigEdit] changes.
const (
	PartRelay   = "relay"
	PartClaim   = "claim"
	PartRoute   = "route"
	PartHistory = "history" // as a whole, by set
	PartUpdates = "updates" // as a whole, by set
)

// Configuration is the configuration file as it is now, and what is in it.
type Configuration struct {
	Path string `json:"path"`
	Text string `json:"text"`
	// Digest names the text; a change that gives it is refused if the file has
	// become another one since.
	Digest string `json:"digest"`
	// Problems are why the file is not in use; empty while it is.
	Problems []ConfigProblem `json:"problems"`
	// Warnings are what is risky in it, and programs and folders that are missing.
	Warnings []ConfigProblem `json:"warnings"`
	// Relays, Claims and Routes are the entries in file order, History and Updates
	// those two sections; empty where the file cannot be read as YAML.
	Relays  []ConfigEntry `json:"relays"`
	Claims  []ConfigEntry `json:"claims"`
	Routes  []ConfigEntry `json:"routes"`
	History ConfigEntry   `json:"history"`
	Updates ConfigEntry   `json:"updates"`
}

// ConfigEntry is one entry of a list of the configuration, or one section.
type ConfigEntry struct {
	Name string `json:"name"`
	// YAML is its text as it stands in the file, with comments, those right above
	// the entry of a list included, indented by nothing.
	YAML string `json:"yaml"`
	// Values are the same as JSON: keys are those of the file. Durations and sizes
	// are text as the file has them.
	Values map[string]any `json:"values"`
	// Line is where it begins in the file, from 1.
	Line int `json:"line"`
}

// ConfigProblem is one thing wrong with a configuration.
type ConfigProblem struct {
	// Part, Name and Field say what it is about: Part is one of those of a
	// ConfigEdit, Name that of the entry, and Field the path of keys in it such as
	// "forward.to" or "verify.secret". Empty where that is not known.
	Part  string `json:"part"`
	Name  string `json:"name"`
	Field string `json:"field"`
	// Line and Column count from 1 in the text; 0 for the file as a whole.
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
	// Passing says that a file or folder that the configuration names is not as it
	// has to be, and not the configuration.
	Passing bool `json:"passing"`
}

// ConfigEdit changes one entry, and no line that it need not.
type ConfigEdit struct {
	Op   string `json:"op"`
	Part string `json:"part"`
	// Name is that of the entry to set, remove or move.
	Name string `json:"name,omitempty"`
	// YAML is the new entry, as ConfigEntry has it; Values may stand in its place.
	// A set with Values keeps the comments of keys that stay. A set of a section with
	// neither takes it out.
	YAML   string         `json:"yaml,omitempty"`
	Values map[string]any `json:"values,omitempty"`
	// Before is the route that the moved or added one comes before; empty is the
	// end of the list for a move and the best place for an add.
	Before string `json:"before,omitempty"`
}

// ConfigChange is the body of POST /v1/config.
type ConfigChange struct {
	// Digest is that of the text that the change was made for; empty is any.
	Digest string `json:"digest,omitempty"`
	// Text is the whole new file; empty is the old one, which Edits change, one
	// after the other, all of them or none.
	Text  string       `json:"text,omitempty"`
	Edits []ConfigEdit `json:"edits,omitempty"`
	// DryRun has nothing written.
	DryRun bool `json:"dry_run,omitempty"`
}

// ConfigChanged is what came, or would come, of a change.
type ConfigChanged struct {
	// Configuration is the file as it would be. With Problems, nothing was written.
	Configuration
	// Written says that the file is so now. The agent uses it, unless that takes it
	// more than some seconds.
	Written bool `json:"written"`
}

// Configuration returns the configuration file.
func (c *Client) Configuration(ctx context.Context) (*Configuration, error) {
	return get[Configuration](ctx, c, "/v1/config", nil)
}

// ChangeConfiguration changes the configuration file, or says what would come of
// that. A change that does not load is no error: its problems are in the answer.
// The error wraps ErrConflict if the file has changed since Digest, and
// ErrInvalid if an edit names what is not there.
func (c *Client) ChangeConfiguration(ctx context.Context, change ConfigChange) (*ConfigChanged, error) {
	return post[ConfigChanged](ctx, c, callTimeout, "/v1/config", change)
}

// ApproveRoute writes the digests of the programs of a route's scripts, as they
// are now, into the configuration.
func (c *Client) ApproveRoute(ctx context.Context, name string) ([]Approved, error) {
	a, err := post[approveAnswer](ctx, c, callTimeout, "/v1/routes/approve", approveRequest{name})
	if err != nil {
		return nil, err
	}
	return a.Approved, nil
}

// Approved is a program whose digest was written down.
type Approved struct {
	Program string `json:"program"`
	SHA256  string `json:"sha256"`
	Before  string `json:"before"` // the digest that was there; empty for none
}
