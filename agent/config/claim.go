package config

import (
	"reflect"
	"time"

	"homehook/routes"
)

// The values of a claim's settings that a file leaves out.
const (
	DefaultAnswer   = "hold"
	DefaultHold     = 2 * time.Second
	DefaultMaxBody  = Size(32 << 20) // where the relay has to keep bodies
	DefaultMaxLinks = 64
	DefaultParallel = 1
	DefaultAccepted = 202
)

// Answers are the values that a claim's answer may have.
var Answers = []string{"hold", "store", "through"}

// Senders are the names that a claim's sender may have: those whose challenges
// the relay can answer, and those whose ids of deliveries the agent knows.
var Senders = []string{
	"adyen", "bitbucket", "discord", "discord-events", "dropbox", "gitea", "github", "gitlab", "gogs", "graph",
	"hubspot", "jira", "linear", "meta", "paddle", "pagerduty", "scalr", "sendgrid", "shopify", "slack", "square",
	"standard", "stripe", "svix", "twilio", "twitch", "xero", "zoom",
}

// Claim is the ownership of one name on one relay. Two of them are compared
// with Equal.
type Claim struct {
	// Name is the claimed name, a DNS label of lower-case letters, digits and
	// hyphens. It is part of the public URL.
	Name string `yaml:"name"`
	// Relay is the relay's name. It may be left out when there is one relay
	// only, and is filled in then.
	Relay string `yaml:"relay,omitempty"`
	// Answer is what a sender gets, one of [Answers]: home's own answer if it
	// comes within Hold (the default), always the relay's once the delivery is
	// kept there, or home's however long it takes.
	Answer string `yaml:"answer,omitempty"`
	// Hold is how long the relay waits for home's answer in the mode hold;
	// 2 s by default, at most 12 s.
	Hold routes.Duration `yaml:"hold,omitempty"`
	// MaxBody is the largest request body in bytes; by default 32 MiB in the
	// modes hold and store, and no limit (0) in through.
	MaxBody Size `yaml:"max_body,omitempty"`
	// MaxLinks is how many connections to the relay this claim may use at
	// once; 64 by default.
	MaxLinks int `yaml:"max_links,omitempty"`
	// Parallel is how many of the claim's deliveries may run at once; 1 by
	// default, which keeps them in the order in which they came.
	Parallel int `yaml:"parallel,omitempty"`
	// Accepted is the answer to a delivery that is kept and runs later; 202
	// without a body by default.
	Accepted *Accepted `yaml:"accepted,omitempty"`
	// Queue bounds what the relay keeps for this claim.
	Queue *Queue `yaml:"queue,omitempty"`
	// Sender is who sends to this claim, one of [Senders]; empty when several
	// do. It says which challenges the relay answers while home is away, and
	// where the sender's own id of a delivery is.
	Sender string `yaml:"sender,omitempty"`
	// PublicKey is the key, in hex, by which the relay checks what Discord
	// sends while home is away.
	PublicKey string `yaml:"public_key,omitempty"`
	// VerifyToken is the name of the credential with the text that Meta asks
	// for. The relay gets a digest of it.
	VerifyToken string `yaml:"verify_token,omitempty"`
	// Silence is how long it may be that no delivery comes before the agent warns
	// of it; 0 is for ever.
	Silence routes.Duration `yaml:"silence,omitempty"`
}

// Accepted is an answer in place of home's own.
type Accepted struct {
	// Status is 200 to 299; 202 by default.
	Status int `yaml:"status,omitempty"`
	// Headers are fields of the answer.
	Headers map[string]string `yaml:"headers,omitempty"`
	// Body is the body of the answer; empty by default.
	Body string `yaml:"body,omitempty"`
}

// Queue bounds what a relay keeps for a claim. Zero leaves a bound at the
// relay's own: 10,000 deliveries, 1 GiB, 7 days.
type Queue struct {
	MaxItems int             `yaml:"max_items,omitempty"`
	MaxSize  Size            `yaml:"max_size,omitempty"`
	MaxAge   routes.Duration `yaml:"max_age,omitempty"`
}

// Equal reports whether two claims have the same settings.
func (c Claim) Equal(other Claim) bool { return reflect.DeepEqual(c, other) }

// SameLinks reports whether two claims have the same settings, but for those that
// neither the relay nor links have to do with.
func (c Claim) SameLinks(other Claim) bool {
	c.Silence = other.Silence
	return c.Equal(other)
}

// Stored reports whether the relay keeps what home does not take at once.
func (c Claim) Stored() bool { return c.Answer != "through" }

// fillIn completes what the file leaves out of a claim. given says whether it
// has a value for a key.
func (c *Claim) fillIn(given func(key string) bool) {
	if c.Answer == "" {
		c.Answer = DefaultAnswer
	}
	if c.Answer == "hold" && !given("hold") {
		c.Hold = routes.Duration(DefaultHold)
	}
	if c.MaxBody == 0 && c.Stored() {
		c.MaxBody = DefaultMaxBody
	}
	if c.MaxLinks == 0 && !given("max_links") {
		c.MaxLinks = DefaultMaxLinks
	}
	if c.Parallel == 0 && !given("parallel") {
		c.Parallel = DefaultParallel
	}
	if c.Accepted != nil && c.Accepted.Status == 0 && !given("accepted.status") {
		c.Accepted.Status = DefaultAccepted
	}
}
