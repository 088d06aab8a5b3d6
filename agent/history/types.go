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
}

// Attempt is one run of one handler for one delivery.
type Attempt struct {
	Number  int // from 1; unique within the delivery
	Route   string
	Handler string

	Started    time.Time // kept in microseconds, UTC
	DurationMS float64
	Status     int // of the response; 0 = none
	Exit       int // of the process; -1 = none

	Output          []byte // what the handler printed
	OutputTruncated bool
	Error           string // why it failed, for a person

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
}

// Query selects deliveries. Zero fields select everything.
type Query struct {
	Claim, Route, State, Method string // exact

	// Search is text to find in path, query, request head, request body or a
	// handler's output. Case does not matter for ASCII letters. In contents that
	// hold a zero byte only the part before it is searched. At most 1,000 bytes.
	Search string

	Status       int       // exact
	Since, Until time.Time // Since <= received < Until
	Limit        int       // of deliveries on a page: default 50, at most 1,000
	Cursor       string    // as the page before gave it; "" = the newest
}
