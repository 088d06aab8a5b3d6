package control

import "time"

// States of the agent as a whole, in [Status] and of one relay, in [Relay].
const (
	StateConnected  = "connected"
	StateConnecting = "connecting"
	StatePaused     = "paused"
	StateProblem    = "problem" // a person has to do something
	StateIdle       = "idle"    // nothing is configured
)

// Status is the answer to GET /v1/status.
type Status struct {
	Version string `json:"version"`
	State   string `json:"state"`
	// Config is the path of the configuration file.
	Config string `json:"config"`
	// ConfigError says why the file as it is now is not in use; the last good
	// one is. Empty when the file is in use.
	ConfigError string          `json:"config_error"`
	Relays      []Relay         `json:"relays"`
	Claims      []Claim         `json:"claims"`
	Credentials CredentialStore `json:"credentials"`
	// Findings are problems that keep relays and routes from their work although
	// the configuration is good, as a [Checkup] has them: credentials that are
	// missing, programs that have changed since they were approved, a history that
	// cannot be written.
	Findings []Finding `json:"findings"`
	Paused   bool      `json:"paused"`
	// PausedUntil is when a pause ends by itself; left out if it does not.
	PausedUntil time.Time `json:"paused_until,omitzero"`
	// Update is a version newer than this one that the agent has heard of; left
	// out if there is none.
	Update  *Update   `json:"update,omitempty"`
	Started time.Time `json:"started"`
	PID     int       `json:"pid"`
}

// Update is a newer version of the agent. It is news only: nothing fetches it.
type Update struct {
	Version string `json:"version"`
	URL     string `json:"url"` // of a page about it; empty where a relay has told of it
}

// Relay is one configured relay and how its links are doing.
type Relay struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	State   string `json:"state"`
	Dialect string `json:"dialect"` // empty until the first link is up
	Error   string `json:"error"`   // what went wrong last, while not connected
	Links   int    `json:"links"`
	// RoundTripMS is in milliseconds; 0 is not measured.
	RoundTripMS float64 `json:"round_trip_ms"`
	// Note says what stood in the way of a better dialect; empty for nothing.
	Note string `json:"note"`
	// Embedded says that the agent serves it itself, for this machine only.
	Embedded bool `json:"embedded"`
}

// Claim is one claim and whether it can be reached now.
type Claim struct {
	Name      string `json:"name"`
	Relay     string `json:"relay"`
	URL       string `json:"url"` // public; empty until the relay has told it
	Answer    string `json:"answer"`
	Connected bool   `json:"connected"`
	Links     int    `json:"links"`
	Queued    int    `json:"queued"` // deliveries that wait at the relay
	Error     string `json:"error"`
	// LastDelivery is when the newest delivery came that home did not reject; left
	// out if none is known.
	LastDelivery time.Time `json:"last_delivery,omitzero"`
	// Silence is for how many seconds none may come before that is told; 0 is for
	// ever. Silent says that none came for so long.
	Silence float64 `json:"silence"`
	Silent  bool    `json:"silent"`
}

// Route is one configured route, in file order.
type Route struct {
	Name    string `json:"name"`
	Claim   string `json:"claim"`
	Match   string `json:"match"`
	Handler string `json:"handler"` // "forward", "script", "respond" and so on
	// Target is where the handler leads: a URL, an address, a folder, or a
	// program without its arguments.
	Target string `json:"target"`
	// Also are the names of the handlers that run behind it.
	Also []string `json:"also,omitempty"`
	// Events and When say what the route takes of what fits it; left out if they
	// do not count.
	Events     []string `json:"events,omitempty"`
	When       string   `json:"when,omitempty"`
	Off        bool     `json:"off"`
	Continue   bool     `json:"continue"`
	Unverified bool     `json:"unverified"`
	// Verify is the scheme by which signatures are checked; empty is none.
	Verify string `json:"verify"`
	// Secret is the name of the credential they are checked with, the first if
	// there are several; empty is none.
	Secret string `json:"secret"`
	// Background says that the sender is answered before the handler runs.
	Background bool `json:"background"`
}
