package routes

import "fmt"

// Values of Spec.WhileRunning.
const (
	WhileRunningWait   = "wait"
	WhileRunningSkip   = "skip"
	WhileRunningLatest = "latest"
)

// rules are how the deliveries of a route are run.
type rules struct {
	background   bool
	parallel     int
	whileRunning string
	atMostOnce   bool
}

// maxParallel is how many deliveries of one route may run at once.
const maxParallel = 64

// rules checks how the deliveries of a route are to be run.
func (c *compiler) rules(path string, s *Spec, r *Route) {
	r.rules = rules{s.Background, s.Parallel, s.WhileRunning, s.AtMostOnce}
	if s.Parallel < 0 || s.Parallel > maxParallel {
		c.report(path+".parallel", fmt.Sprintf("%d deliveries cannot run in parallel", s.Parallel), fmt.Sprintf("use a number from 1 to %d", maxParallel))
	}
	switch s.WhileRunning {
	case "":
		r.rules.whileRunning = WhileRunningWait
	case WhileRunningWait, WhileRunningSkip, WhileRunningLatest:
	default:
		c.report(path+".while_running", fmt.Sprintf("there is no way %q to run deliveries", s.WhileRunning), "use wait, skip or latest")
	}
}

// Background reports whether the sender is answered before the handler runs.
func (r *Route) Background() bool { return r.rules.background }

// Parallel returns how many deliveries of the route may run at once, beside
// the order of the claim; 0 keeps them in that order.
func (r *Route) Parallel() int { return r.rules.parallel }

// WhileRunning returns what becomes of a delivery that comes while as many of
// the route run as may run at once: one of the WhileRunning constants, never empty.
func (r *Route) WhileRunning() string { return r.rules.whileRunning }

// AtMostOnce reports whether a delivery is given up that was running when the
// agent died.
func (r *Route) AtMostOnce() bool { return r.rules.atMostOnce }
