package control

import "time"

// States of a [Delivery].
const (
	Received  = "received"
	Running   = "running"
	Waiting   = "waiting" // for the next attempt
	Succeeded = "succeeded"
	Rejected  = "rejected"
	Duplicate = "duplicate"
	Dead      = "dead" // failed for good
	Expired   = "expired"
)

// VerifiedNone is [Record.Verified] of a delivery that was taken by routes which
// check nobody.
const VerifiedNone = "none"

// states lists what the state parameter of a query may be.
var states = [...]string{Received, Running, Waiting, Succeeded, Rejected, Duplicate, Dead, Expired}

// Delivery is one line of the history. Fields and their order are those of the
// history's own type, so that the agent converts one to the other.
type Delivery struct {
	ID         string    `json:"id"`
	Claim      string    `json:"claim"`
	Relay      string    `json:"relay"`
	State      string    `json:"state"`
	Method     string    `json:"method"`
	Path       string    `json:"path"`
	Query      string    `json:"query"`
	Remote     string    `json:"remote"` // the sender's address as the relay saw it
	Received   time.Time `json:"received"`
	Size       int64     `json:"size"` // bytes of the whole body
	BodySHA256 string    `json:"body_sha256"`
	Route      string    `json:"route"`
	Status     int       `json:"status"` // what the sender got; 0 is nothing yet
	DurationMS float64   `json:"duration_ms"`
	// Attempts counts the runs of handlers.
	Attempts    int    `json:"attempts"`
	SenderID    string `json:"sender_id"`
	DuplicateOf string `json:"duplicate_of"`
	ReplayOf    string `json:"replay_of"`
	// Reason says in words why a delivery ended as it did.
	Reason string `json:"reason"`
	// Answer is the answer mode the delivery came with: hold, store or through.
	Answer string `json:"answer"`
	// Due is when a waiting delivery is tried again; left out in other states.
	Due time.Time `json:"due,omitzero"`
	// Starts counts the runs that were written down as they began, so that those
	// that the end of the agent cut off are among them.
	Starts int `json:"starts"`
}

// Attempt is one run of one handler. Fields and order are those of the
// history's own type.
type Attempt struct {
	Number  int    `json:"number"` // from 1
	Route   string `json:"route"`
	Handler string `json:"handler"`
	// Place is that of the handler in its route: 0 makes the answer.
	Place      int       `json:"place"`
	Started    time.Time `json:"started"`
	DurationMS float64   `json:"duration_ms"`
	Status     int       `json:"status"`
	// Exit is a script's exit code; -1 is none.
	Exit            int    `json:"exit"`
	Output          []byte `json:"output"` // base64 in JSON, as are the next two
	OutputTruncated bool   `json:"output_truncated"`
	Error           string `json:"error"`
	// GivenUp says that it failed and that the handler is not tried again.
	GivenUp      bool   `json:"given_up"`
	ResponseHead []byte `json:"response_head"`
	ResponseBody []byte `json:"response_body"`
	// ResponseSize is the whole body's, however much of it is kept.
	ResponseSize      int64 `json:"response_size"`
	ResponseTruncated bool  `json:"response_truncated"`
}

// Record is a delivery with everything that is kept of it.
type Record struct {
	Delivery
	Head          []byte `json:"head"` // as received at home; base64 in JSON
	Body          []byte `json:"body"` // base64 in JSON
	BodyTruncated bool   `json:"body_truncated"`
	// Redacted says that values were taken out of head or body before they were
	// kept.
	Redacted bool `json:"redacted"`
	// Verified names the check that its sender had passed when it was taken, such as
	// github. It is [VerifiedNone] where nothing was asked of the sender, and empty
	// where no check was passed, or none is known of: of a delivery that was refused
	// or has not run, and of a replay, which runs whoever has signed it.
	Verified string    `json:"verified"`
	Log      []Attempt `json:"log"`
	// Trace is what each route that fits the path said, in their order; left out
	// where the first one took the delivery whatever is in it.
	Trace []Trace `json:"trace,omitempty"`
}

// Trace is what one route said of a delivery that fits its pattern.
type Trace struct {
	Route string `json:"route"`
	Took  bool   `json:"took"`
	// Verified is "ok", or why the sender is refused; left out for a route that
	// checks nobody, and where it was not asked.
	Verified string `json:"verified,omitempty"`
	// Event is what the sender says that it is about, where the route takes only
	// some events.
	Event string `json:"event,omitempty"`
	// Parts are those of the route's condition.
	Parts []TracePart `json:"parts,omitempty"`
	Note  string      `json:"note,omitempty"` // what else decided
}

// TracePart is a part of a condition, as it is written, and what it came to.
type TracePart struct {
	Text  string `json:"text"`
	Value string `json:"value"` // "true", "false" or "not needed"
	Note  string `json:"note,omitempty"`
}

// Sent is the length of the body, in bytes, that the sender got with Status.
// It is known where that was the answer of a handler. What a relay or the agent
// says by itself, such as that a delivery is accepted, is not kept.
func (r *Record) Sent() (n int64, known bool) {
	// With this status deliveries are accepted whose handlers answer later.
	const accepted = 202
	if r.ReplayOf == "" && (r.Answer == "store" || r.Status == accepted) {
		return 0, false
	}
	for i := range r.Log {
		if a := &r.Log[i]; r.answering(a) && a.Status == r.Status && a.Status != 0 {
			return a.ResponseSize, true
		}
	}
	return 0, false
}

// answering reports whether an attempt was of the handler that makes the answer.
func (r *Record) answering(a *Attempt) bool {
	return a.Place == 0 && (a.Route == "" || r.Route == "" || a.Route == r.Route)
}

// LastAnswer returns the last attempt of the handler that makes the answer, one that
// has answered if there is any; nil if there was no attempt.
func (r *Record) LastAnswer() *Attempt {
	var last *Attempt
	for i := range r.Log {
		a := &r.Log[i]
		told := len(a.ResponseHead) > 0 || a.Status != 0
		if r.answering(a) && (told || last == nil || last.Status == 0) {
			last = a
		}
	}
	if n := len(r.Log); last == nil && n > 0 {
		last = &r.Log[n-1] // by a route that has another name now
	}
	return last
}

// filled returns a copy of r in which nothing encodes as null.
func (r Record) filled() Record {
	r.Head, r.Body = bytesOrEmpty(r.Head), bytesOrEmpty(r.Body)
	log := make([]Attempt, len(r.Log))
	for i, a := range r.Log {
		a.Output = bytesOrEmpty(a.Output)
		a.ResponseHead = bytesOrEmpty(a.ResponseHead)
		a.ResponseBody = bytesOrEmpty(a.ResponseBody)
		log[i] = a
	}
	r.Log = log
	return r
}

func bytesOrEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
