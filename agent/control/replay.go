package control

import (
	"encoding/json"
	"fmt"
	"time"
)

// Replay says how a stored delivery is run once more. What is not set is as it
// was stored; the zero value repeats the delivery.
type Replay struct {
	// Route is the only route to take; empty is the first that matches.
	Route  string `json:"route,omitempty"`
	Method string `json:"method,omitempty"`
	// Target is the path with its query.
	Target string `json:"target,omitempty"`
	// Headers are all header fields in order; nil are those stored.
	Headers []Field `json:"headers,omitzero"`
	// Body is the whole body, base64 in JSON; nil is the one stored, an empty one
	// is none.
	Body []byte `json:"body,omitzero"`
	// Sign makes the signature anew, over the changed delivery and at the
	// present time.
	Sign *Sign `json:"sign,omitempty"`
	// Confirm says that a script may run once more.
	Confirm bool `json:"confirm,omitempty"`
}

// Sign names a scheme of signatures and the credential that holds the secret.
type Sign struct {
	Scheme string `json:"scheme"`
	Secret string `json:"secret"`
}

// Field is one header field: name and value. In JSON it is a list of the two.
type Field [2]string

var _ json.Unmarshaler = (*Field)(nil)

// UnmarshalJSON takes a list of exactly two strings.
func (f *Field) UnmarshalJSON(text []byte) error {
	var pair []string
	if err := json.Unmarshal(text, &pair); err != nil || len(pair) != len(f) {
		return fmt.Errorf("header field is a list of its name and its value, not %s", clip(string(text)))
	}
	*f = Field(pair)
	return nil
}

// RouteTest asks what the routes would do with stored deliveries.
type RouteTest struct {
	// Config is the text of a changed configuration file; empty is the one in
	// use.
	Config string `json:"config,omitempty"`
	// Route limits the answer to deliveries that this route took, or takes before
	// or after the change; empty is any.
	Route string `json:"route,omitempty"`
	// Delivery is the id of the only delivery to try, whatever takes it; empty is
	// the newest ones.
	Delivery string `json:"delivery,omitempty"`
	// Limit is how many of the newest deliveries, of those of Route if it is set,
	// are tried: 1 to MaxLimit, and 0 is DefaultLimit.
	Limit int `json:"limit,omitempty"`
}

// RouteResult is what the routes would do with one delivery.
type RouteResult struct {
	Delivery Delivery `json:"delivery"`
	// Before is the route that takes it with the configuration in use, After
	// that with the one to be tried; empty is none.
	Before string `json:"before"`
	After  string `json:"after"`
	// Verified is "ok", or why the signature would be refused; empty where the
	// route after the change checks none.
	Verified string `json:"verified"`
	// Reason says why no route takes it after the change; left out where one does.
	Reason string `json:"reason,omitempty"`
	// Plan is what the route after the change would do; left out if there is none
	// or it would refuse the delivery.
	Plan *Plan `json:"plan,omitempty"`
	// PlanBefore is what the same route does with the configuration in use; left
	// out if that is no other thing.
	PlanBefore *Plan `json:"plan_before,omitempty"`
	// Change says in words what the change means for this delivery; empty is
	// nothing.
	Change string `json:"change"`
	// Trace is what each route that fits the path says after the change; left out
	// where the first one takes the delivery whatever is in it.
	Trace []Trace `json:"trace,omitempty"`
}

// Plan is what a handler would do with one delivery.
type Plan struct {
	Handler string `json:"handler"` // "forward", "script", "respond" and so on
	// Route is that of a handler which is not of the first route that takes it.
	Route string `json:"route,omitempty"`
	// Command is the program of a script with its arguments, and Dir the folder
	// it would run in.
	Command []string `json:"command,omitempty"`
	Dir     string   `json:"dir,omitempty"`
	// Method, URL and Host are those of the request that would be forwarded.
	Method string `json:"method,omitempty"`
	URL    string `json:"url,omitempty"`
	Host   string `json:"host,omitempty"`
	Status int    `json:"status,omitempty"` // of a fixed answer
	// Variables are those of a script that have values of the delivery, each as
	// "NAME=value".
	Variables []string `json:"variables,omitempty"`
	// Given is what the route's transform would make of the delivery; left out
	// where it changes nothing, and under Also of the same route.
	Given *Given `json:"given,omitempty"`
	// Files are the paths of files that would be written.
	Files []string `json:"files,omitempty"`
	Note  string   `json:"note,omitempty"` // what else there is to know
	// Also is what the further handlers would do: those of the route, and those of
	// the routes behind it which take the delivery too.
	Also []Plan `json:"also,omitempty"`
}

// Given is what differs in a delivery behind the transform of a route.
type Given struct {
	// Target is the path with its query; left out if it stays.
	Target string `json:"target,omitempty"`
	// Fields are the header fields that are new or have another value, and Dropped
	// the names of those that are gone.
	Fields  []Field  `json:"fields,omitempty"`
	Dropped []string `json:"dropped,omitempty"`
	// Body is the new body, at most its first 16 KiB, and Size all of it in bytes;
	// left out if it stays.
	Body []byte `json:"body,omitempty"`
	Size int64  `json:"size,omitempty"`
}

// Formats of an [Export].
const (
	FormatHAR   = "har"
	FormatCurl  = "curl"
	FormatJSONL = "jsonl"
	FormatCSV   = "csv"
)

// Export chooses deliveries and how they are written.
type Export struct {
	// ID is the only delivery; empty is all that Query chooses, the oldest first.
	ID string
	// Query has no cursor. Its limit is that of the whole: the newest of all it
	// chooses, any number of them; 0 is all.
	Query  Query
	Format string
	// Redact leaves out values that are secret: credentials, cookies, signatures.
	Redact bool
}

// Pause says for how long deliveries are kept waiting. It is also the answer.
type Pause struct {
	Paused bool `json:"paused"`
	// Until is when the pause ends by itself; left out if it does not.
	Until time.Time `json:"until,omitzero"`
}

// Change is a delivery as it is after its change number Seq.
type Change struct {
	Seq      uint64
	Delivery Delivery
}
