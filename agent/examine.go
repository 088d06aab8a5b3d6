package agent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/ptth"
)

// What a [Finding] comes to: as for a doctor, who tells of it, and one more.
const (
	FindingOK      = control.FindingOK
	FindingNo      = "no"                   // not offered, and nothing is wrong with that
	FindingWarning = control.FindingWarning // links can be opened all the same
	FindingProblem = control.FindingProblem
	FindingSkipped = control.FindingSkipped // not tried, for the reason given
)

// The steps of an examination that are not ptth's.
const (
	StepAnswer  = "answer"
	StepClock   = "clock"
	StepToken   = "token"
	StepDialect = "dialect"
	StepLink    = "link"
)

// Finding is what one step of an examination came to.
type Finding struct {
	Step  string `json:"step"`
	State string `json:"state"`
	// Text is a sentence; what the network said in it is as it came.
	Text string `json:"text"`
	// Remedy is what to do about it; empty for nothing.
	Remedy string `json:"remedy"`
	// MS is how long it took, in milliseconds; 0 when that says nothing.
	MS float64 `json:"ms"`
	// Dialect is the one that was tried, in such a step.
	Dialect string `json:"dialect,omitempty"`
	// Addresses are those of DNS and TCP.
	Addresses []string `json:"addresses,omitempty"`

	// For a doctor: under which check it counts, "" for that of its step; which
	// claim it is about; and that it follows from what time it is here.
	check, claim string
	byClock      bool
}

// Verdict is the sum of an examination.
type Verdict struct {
	Relay string `json:"relay"`
	URL   string `json:"url"`
	// OK says that a link can be opened or, where no claim allows to try,
	// that nothing is known to be in the way.
	OK bool `json:"ok"`
	// Dialect is the one that the agent would link with; empty when not known.
	Dialect string `json:"dialect"`
	// RoundTripMS and ClockDifferenceMS are in milliseconds. The relay's clock
	// is ahead by the latter.
	RoundTripMS       float64   `json:"round_trip_ms"`
	ClockDifferenceMS float64   `json:"clock_difference_ms"`
	Steps             []Finding `json:"steps"`
}

// Examination says which relay to try, and with what.
type Examination struct {
	Relay config.Relay
	// Token is the relay's token; TokenErr why it cannot be had.
	Token    string
	TokenErr error
	// Secret reads the password of the relay's proxy, if that has one, and what the
	// settings of claims need.
	Secret func(name string) (string, error)
	// Claim is a name to open links for; without one nothing is claimed. More are
	// other names, tried behind it.
	Claim string
	More  []string
	// Claims are the settings of those names. A relay of ours is told them first, as
	// an agent would: the link alone would take a free name with those by default.
	Claims  []config.Claim
	Version string // of this program
	// Fresh says that the relay is not configured, so that nothing can be done about
	// its entry.
	Fresh bool
	// Tell is told of each finding as it is made.
	Tell func(Finding)

	patience time.Duration // for plain requests; 0 for answerWait
}

// connectWait bounds the way to a relay when it is examined.
const connectWait = 15 * time.Second

// examiner is an examination under way.
type examiner struct {
	Examination
	dialer  *ptth.Dialer
	verdict Verdict
	api     bool // the relay has a claims API
	ours    bool // and takes the token there
}

// Examine tries a relay step by step, as an agent would, and needs none. Links
// that it opens are closed at once. It goes on behind a step that fails where
// the next ones make sense.
func Examine(ctx context.Context, e Examination) Verdict {
	x := &examiner{Examination: e}
	x.verdict = Verdict{Relay: e.Relay.Name, URL: e.Relay.URL, Steps: []Finding{}}
	var err error
	if x.dialer, err = newDialer(e.Relay, e.Token, e.Secret); err != nil {
		x.problem(ptth.StepTLS, err.Error(), "check ca: of the relay in the configuration")
		return x.verdict
	}
	x.dialer.Agent = "Homehook/" + e.Version
	if !x.connect(ctx) {
		return x.verdict
	}
	first, ok := x.ask(ctx)
	if !ok {
		return x.verdict
	}
	x.clock(first)
	token := x.token(ctx)
	if e.Claim == "" {
		x.verdict.OK = x.advertised(first) && token
		return x.verdict
	}
	if e.TokenErr != nil {
		x.tell(Finding{Step: StepLink, State: FindingSkipped, Text: "no link was tried without the token"})
		return x.verdict
	}
	x.links(ctx)
	return x.verdict
}

// tell notes a finding.
func (x *examiner) tell(f Finding) {
	x.verdict.Steps = append(x.verdict.Steps, f)
	if x.Tell != nil {
		x.Tell(f)
	}
}

func (x *examiner) problem(step, text, remedy string) {
	x.tell(Finding{Step: step, State: FindingProblem, Text: text, Remedy: remedy})
}

// connect opens a connection and tells each of its steps.
func (x *examiner) connect(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	d, err := newDialer(x.Relay, "", x.Secret)
	if err != nil {
		x.problem(ptth.StepTLS, err.Error(), "")
		return false
	}
	d.Trace = func(s ptth.Step) { x.tell(stepFinding(s)) }
	nc, err := d.Connect(ctx, d.Relay)
	if err != nil {
		return false // the step has told
	}
	nc.Close()
	return true
}

// stepFinding puts a step of the connection into words.
func stepFinding(s ptth.Step) Finding {
	f := Finding{Step: s.Name, State: FindingOK, MS: milliseconds(s.Took), Addresses: s.Addresses}
	var c *ptth.ConnectError
	if errors.As(s.Err, &c) {
		f.State, f.Text, f.Remedy = FindingProblem, c.Detail, c.Remedy
		bad, ok := errors.AsType[x509.CertificateInvalidError](c.Err)
		f.byClock = ok && bad.Reason == x509.Expired
		return f
	}
	switch s.Name {
	case ptth.StepDNS:
		f.Text = s.Host + " is " + strings.Join(s.Addresses, ", ")
	case ptth.StepTCP:
		f.Text = "connected to " + strings.Join(s.Addresses, ", ")
		for _, err := range s.Missed {
			f.State, f.Remedy = FindingWarning, "have DNS name only addresses that can be reached from here; others cost time"
			f.Text += "; before that: " + err.Error()
		}
	case ptth.StepProxy:
		f.Text = fmt.Sprintf("proxy %s leads to %s", s.Host, strings.Join(s.Addresses, ", "))
		f.Addresses = nil
	case ptth.StepTLS:
		certificateFinding(&f, s)
	}
	return f
}

// renewal is how long before its end a certificate should have been renewed.
const renewal = 7 * 24 * time.Hour

// certificateFinding describes a handshake that was good.
func certificateFinding(f *Finding, s ptth.Step) {
	f.Text = tls.VersionName(s.TLS.Version)
	if len(s.TLS.PeerCertificates) == 0 {
		return
	}
	c := s.TLS.PeerCertificates[0]
	left := time.Until(ends(s.TLS.VerifiedChains, c))
	f.Text += fmt.Sprintf(", certificate for %s, good until %s", ptth.Names(c), c.NotAfter.UTC().Format("2006-01-02 15:04 UTC"))
	if left < renewal {
		f.State = FindingWarning
		f.Text += fmt.Sprintf(", which is in %s", remaining(left))
		f.Remedy = "remind whoever runs the relay to renew it"
	}
}

// remaining is a time of up to some days as a person says it.
func remaining(d time.Duration) string {
	if days := int(d.Round(24*time.Hour) / (24 * time.Hour)); days > 1 {
		return fmt.Sprintf("%d days", days)
	}
	return fmt.Sprintf("%d hours", int(d.Hours()))
}

// ends is when the first certificate of the best chain ends.
func ends(chains [][]*x509.Certificate, leaf *x509.Certificate) time.Time {
	best := leaf.NotAfter
	for i, chain := range chains {
		end := leaf.NotAfter
		for _, c := range chain {
			if c.NotAfter.Before(end) {
				end = c.NotAfter
			}
		}
		if i == 0 || end.After(best) {
			best = end
		}
	}
	return best
}
