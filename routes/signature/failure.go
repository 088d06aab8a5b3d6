package signature

import "fmt"

// Steps at which a verification fails.
const (
	StepAddress   = "address"   // sent from where the sender is not
	StepSecret    = "secret"    // there is none, or it is not a key of this scheme
	StepHeader    = "header"    // a field is missing, or there more than once
	StepFormat    = "format"    // a field cannot be read
	StepTime      = "time"      // signed too early or too late
	StepSignature = "signature" // made with another secret, or over another body
)

// Failure says why a message is not taken for genuine. It holds neither the
// secret nor the signature that was expected.
type Failure struct {
	Step   string // one of the Step constants
	Detail string // for the history, without a full stop
}

var _ error = (*Failure)(nil)

func (f *Failure) Error() string { return f.Detail }

func failf(step, format string, args ...any) error {
	return &Failure{step, fmt.Sprintf(format, args...)}
}
