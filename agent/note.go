package agent

import (
	"bytes"
	"strconv"
	"time"

	"github.com/google/uuid"

	"homehook/agent/config"
	"homehook/http1"
	"homehook/ptth"
)

// note is what a relay says about a delivery.
type note struct {
	id       string
	received []byte // as the relay wrote it
	attempt  int
	waiting  int // requests that wait for a link
	queued   int // deliveries of the claim that the relay still keeps
	remote   string
	prefix   string

	// answer is the claim's answer mode at the relay, "" for one that keeps
	// nothing.
	answer string
	// backlog says that the relay has kept the delivery, so that nobody waits
	// for the answer. after is the delivery before it in the relay's queue, ""
	// for none.
	backlog bool
	after   string
}

// Answer modes.
const (
	answerHold    = "hold"
	answerStore   = "store"
	answerThrough = "through"
)

// stored reports whether the relay counts on the delivery being written down
// here.
func (n *note) stored() bool {
	return n.backlog || n.answer == answerHold || n.answer == answerStore
}

// keepAsConfigured makes a delivery one to be written down where the claim is of
// such a mode here and the relay has not been told yet: the first link of a new
// claim is up before its settings are.
func (n *note) keepAsConfigured(c *config.Claim, about ptth.About, r *http1.Request) {
	if about.Negotiated && n.answer == answerThrough && c.Stored() && !r.WantsUpgrade() {
		n.answer = answerHold
	}
}

// readNote reads the relay's fields. What a foreign relay passes on under
// their names is the sender's invention and is taken out; so is all that would
// say where the sender is, where the relay has no part in the request.
func readNote(r *http1.Request, about ptth.About) note {
	n := note{attempt: 1}
	if !about.Negotiated {
		r.Remove(http1.KindsOf(http1.Homehook, http1.PTTH))
	}
	if about.Parked {
		r.Remove(http1.KindsOf(http1.Forwarded, http1.XForwarded))
	}
	for i := range r.Len() {
		name, value, kind := r.At(i)
		switch kind {
		case http1.Homehook:
			n.read(name, value)
		case http1.XForwarded:
			if bytes.EqualFold(name, []byte("X-Forwarded-For")) {
				n.remote = lastAddress(value)
			} else if bytes.EqualFold(name, []byte("X-Forwarded-Prefix")) {
				n.prefix = string(value)
			}
		}
	}
	if n.id == "" {
		n.id = newID()
	}
	return n
}

// read takes in one Homehook field; one that makes no sense is ignored.
func (n *note) read(name, value []byte) {
	switch what := name[len("Homehook-"):]; {
	case bytes.EqualFold(what, deliveryField):
		if isUUID(value) {
			n.id = string(value)
		}
	case bytes.EqualFold(what, receivedField):
		n.received = value
	case bytes.EqualFold(what, attemptField):
		n.attempt = positive(value, n.attempt)
	case bytes.EqualFold(what, waitingField):
		n.waiting = positive(value, 0)
	case bytes.EqualFold(what, queuedField):
		n.queued = positive(value, 0)
	case bytes.EqualFold(what, answerField):
		n.answer = modeOf(value)
	case bytes.EqualFold(what, afterField):
		n.backlog = true
		if isUUID(value) {
			n.after = string(value)
		}
	}
}

// What follows "Homehook-" in the names of the relay's fields.
var (
	deliveryField = []byte("Delivery")
	receivedField = []byte("Received")
	attemptField  = []byte("Attempt")
	waitingField  = []byte("Waiting")
	queuedField   = []byte("Queued")
	answerField   = []byte("Answer")
	afterField    = []byte("After")
)

// modeOf returns a mode without a copy of its name.
func modeOf(value []byte) string {
	for _, mode := range [...]string{answerThrough, answerHold, answerStore} {
		if string(value) == mode {
			return mode
		}
	}
	return ""
}

// isUUID reports whether b is a UUID in its usual text form.
func isUUID(b []byte) bool {
	if len(b) != 36 {
		return false
	}
	for i, c := range b {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := '0' <= c && c <= '9' || 'a' <= c && c <= 'f'
		if dash != (c == '-') || !dash && !hex {
			return false
		}
	}
	return true
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

const (
	// maxApart is how far the clocks of relay and agent may be apart for the
	// relay's to count.
	maxApart = 10 * time.Minute

	// maxKept is how long a relay may have kept a delivery for its time of
	// receipt to count.
	maxKept = 366 * 24 * time.Hour
)

// time is when the relay received the delivery, as far as it says; it is read
// only where somebody asks. A delivery comes at once, so what the relay says
// cannot be far from now: else it could be kept for ever, or listed first. Only
// one that the relay has kept may be from long before.
func (n *note) time(now time.Time) time.Time {
	t, ok := n.claimed()
	ago := now.Sub(t)
	if !ok || ago < -maxApart || ago > maxApart && (!n.backlog || ago > maxKept) {
		return now
	}
	return t
}

// claimed is when the relay says that it received the delivery.
func (n *note) claimed() (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, string(n.received))
	return t, err == nil
}

func positive(value []byte, otherwise int) int {
	if i, err := strconv.Atoi(string(value)); err == nil && i > 0 && i < 1<<20 {
		return i
	}
	return otherwise
}

// lastAddress is the sender as the relay saw it: the end of the list, which
// the sender cannot have written.
func lastAddress(list []byte) string {
	if i := bytes.LastIndexByte(list, ','); i >= 0 {
		list = list[i+1:]
	}
	return string(bytes.TrimSpace(list))
}
