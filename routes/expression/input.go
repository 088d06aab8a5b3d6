package expression

import "time"

// Field is one header field.
type Field struct{ Name, Value string }

// Param is a wildcard of a route's pattern and what it stands for.
type Param struct{ Name, Value string }

// Delivery is what expressions may know of a delivery.
type Delivery struct {
	ID, Claim, Route string
	Method           string
	Path, Query      string // raw; the query without "?"
	Remote           string // the sender's address
	Received         time.Time
	Header           []Field // in the order in which they came
	Params           []Param
	Body             []byte // whole
}

// Input is a delivery as expressions see it. Its parts are read when an
// expression first asks for them. It is not safe for concurrent use.
type Input struct{ d Delivery }

// NewInput makes an Input. The delivery must not change while it is used.
func NewInput(d Delivery) *Input { return &Input{d: d} }
