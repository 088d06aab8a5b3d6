package history

import (
	"errors"
	"time"

	"homehook/dbfile"
)

// The states of a delivery. Succeeded, Rejected, Duplicate, Dead and Expired
// are ends; the others are on their way.
const (
	Received  = "received"
	Running   = "running"
	Waiting   = "waiting" // for a retry
	Succeeded = "succeeded"
	Rejected  = "rejected"
	Duplicate = "duplicate"
	Dead      = "dead"
	Expired   = "expired"
)

// Interrupted is the reason of a delivery that Open found unfinished and that
// nobody will run again.
const Interrupted = "interrupted: the agent stopped while it ran"

var (
	// ErrNotFound is returned by Get for an id the journal does not hold.
	ErrNotFound = errors.New("no such delivery in the history")
	// ErrAmbiguous is returned by Get when several ids begin with the prefix.
	ErrAmbiguous = errors.New("several deliveries begin with this id; give more of it")
	// ErrShortID is returned by Get for a prefix of less than 8 characters.
	ErrShortID = errors.New("give at least the first 8 characters of the id")
	// ErrExists is returned by Begin for an id that the journal already holds.
	ErrExists = errors.New("delivery is already in the history")
	// ErrNewer is returned by Open for a file that a newer version wrote.
	ErrNewer = dbfile.ErrNewer
	// ErrForeign is returned by Open for a file that is not a history.
	ErrForeign = dbfile.ErrForeign
	// ErrQuery is returned by List for a cursor or a search it cannot use.
	ErrQuery = errors.New("bad query")
	// ErrIncomplete is returned by Reopen for a delivery of which too little is
	// kept to run it again.
	ErrIncomplete = errors.New("not all of the delivery is kept")
	// ErrUnfinished is returned by Reopen for a delivery that has not ended or has
	// succeeded.
	ErrUnfinished = errors.New("delivery is not one that has failed")
	// ErrEnded is returned by Start for a delivery that has ended.
	ErrEnded = errors.New("delivery has ended")
	// ErrGap is returned by Changes when it cannot tell all that has changed.
	ErrGap = errors.New("some changes are no longer known")
	// ErrClosed is returned by every method after Close.
	ErrClosed = errors.New("history is closed")
)

// Delivery is one delivery without its contents, as listings show it.
type Delivery struct {
	ID     string // UUIDv7
	Claim  string // the claim's name
	Relay  string // the relay's name
	State  string // one of the constants above
	Method string
	Path   string // raw, without the query
	Query  string // raw, without "?"
	Remote string // the sender's address

	Received   time.Time // kept in microseconds, UTC; zero means now
	Size       int64     // of the whole request body, in bytes
	BodySHA256 string    // of the whole request body, in hex

	Route      string
	Status     int // what the sender got; 0 = nothing yet
	DurationMS float64
	Attempts   int // how many were made

	SenderID    string // the sender's own id of the delivery
	DuplicateOf string // id of the delivery that this one repeats
	ReplayOf    string // id of the delivery that the user sent again
	Reason      string // why it was rejected or died, for a person

	Answer string    // the claim's answer mode when it came
	Due    time.Time // of the next attempt while Waiting, in microseconds, UTC; zero = at once
	Starts int       // how often a handler was started, whether it ended or not
}

// Attempt is one run of one handler for one delivery.
type Attempt struct {
	Number  int // from 1; unique within the delivery
	Route   string
	Handler string
	Place   int // of the handler in its route; 0 makes the answer

	Started    time.Time // kept in microseconds, UTC
	DurationMS float64
	Status     int // of the response; 0 = none
	Exit       int // of the process; -1 = none

	Output          []byte // what the handler printed
	OutputTruncated bool
	Error           string // why it failed, for a person
	GivenUp         bool   // it failed, and the handler is not tried again

	ResponseHead      []byte
	ResponseBody      []byte
	ResponseSize      int64 // of the whole body, in bytes
	ResponseTruncated bool
}

// Record is one delivery with its contents.
type Record struct {
	Delivery
	Head          []byte // the request's head as it came, with its empty line
	Body          []byte // its beginning when BodyTruncated
	BodyTruncated bool
	Log           []Attempt // by number
	Redacted      bool      // fields were taken out of Head, Body, Query or Log

	// Checked holds the keys of the checks that the sender has passed, each with
	// a newline behind it; a newline alone says that none was needed. Empty is
	// not known.
	Checked string
	// Trace is what the routes said of the delivery, as JSON; nil = nothing.
	Trace []byte
	// Renewed is the number of the last attempt before the newest Reopen.
	Renewed int
}

// Unfinished is a durable delivery that is owed an end.
type Unfinished struct {
	Seq int64 // grows in the order of Begin
	Delivery
	Checked bool // Record.Checked is not empty
}

// Change says that a delivery has begun or changed.
type Change struct {
	Number   uint64 // grows from change to change, over restarts too
	Delivery Delivery
}

// Query selects deliveries. Zero fields select everything.
type Query struct {
	Claim, Route, State, Method string // exact

	// Search is text to find in path, query, request head, request body and
	// handlers' output: deliveries that have all its terms, which spaces
	// separate. A term stands where a word begins, and where a word ends, but for
	// the last, which may be the beginning of a word. Case does not matter. Of
	// each content the first 64 KiB are searched, up to a zero byte. At most
	// 1,000 bytes.
	Search string

	Status       int       // exact
	Since, Until time.Time // Since <= received < Until
	Limit        int       // of deliveries on a page: default 50, at most 1,000
	Cursor       string    // as the page before gave it; "" = the newest
}
