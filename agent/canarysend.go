package agent

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"homehook/agent/config"
	"homehook/agent/control"
	"homehook/ptth"
)

// canaryWait is how long a canary may take to come home and back.
const canaryWait = 10 * time.Second

// flight is what is known of a canary that was sent.
type flight struct {
	claim control.Claim
	relay config.Relay
	url   string // that it was sent to

	secret func(name string) (string, error) // reads credentials

	checked bool          // the relay checks who sends to the claim
	hold    time.Duration // that the relay waits for home's answer

	status  int           // of the answer, 0 for none
	leads   string        // where an answer that is a redirect leads
	ours    bool          // the answer is home's own
	err     error         // why there is no answer
	took    time.Duration // until the answer
	home    *sighting     // nil when it did not come home
	arrived time.Duration // until it came home
}

// canaries sends one to each claim that is linked, side by side, and tells what
// became of them in the order of the configuration.
func (d *doctor) canaries(ctx context.Context) {
	switch {
	case !d.Canary:
		d.skip(checkCanary, "", "none was sent, as you asked for it")
		return
	case d.running == nil:
		d.skip(checkCanary, "", "none was sent: the agent is not running")
		return
	case len(d.config.Claims) == 0:
		d.skip(checkCanary, "", "none was sent: nothing is claimed")
		return
	}
	key := make([]byte, sha256.Size)
	rand.Read(key)
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(d.patience, canaryWait))
	defer cancel()
	claims := d.running.Claims()
	told := make([]control.Finding, len(claims))
	places := make(chan struct{}, abreast)
	var wg sync.WaitGroup
	for i, c := range claims {
		wg.Go(func() {
			places <- struct{}{} // each is given back within the time
			defer func() { <-places }()
			told[i] = d.canary(ctx, c, key)
		})
	}
	wg.Wait()
	d.found = append(d.found, told...)
}

// canary sends one to the public URL of a claim and waits until it is known what
// became of it.
func (d *doctor) canary(ctx context.Context, c control.Claim, key []byte) control.Finding {
	found := control.Finding{Check: checkCanary, Subject: c.Name, State: control.FindingSkipped}
	switch {
	case !c.Connected:
		found.Text = "none was sent: the claim is not linked"
		return found
	case c.URL == "":
		found.Text = "none was sent: the relay has not told the public URL"
		return found
	case ctx.Err() != nil:
		found.Text = "none was sent: those of other claims took all the time there was"
		return found
	}
	f := flight{claim: c, url: strings.TrimSuffix(c.URL, "/"), secret: d.stored}
	for _, r := range d.config.Relays {
		if r.Name == c.Relay {
			f.relay = r
		}
	}
	if why := strayed(f.url, c.Name, f.relay); why != "" {
		found.Text = "none was sent: " + why
		return found
	}
	for _, configured := range d.config.Claims {
		if configured.Name == c.Name {
			f.checked, f.hold = configured.PublicKey != "", time.Duration(configured.Hold)
		}
	}
	n := d.running.inbox.canaries.release(c.Name, key)
	f.send(ctx, n, d.Version)
	if late := f.status/100 == 2 && !f.ours && f.home == nil; !late {
		d.running.inbox.canaries.forget(n) // else the relay has it, and may bring it later
	}
	found.State, found.Text, found.Remedy = f.finding()
	return found
}

// send sends a canary as the world would, without a token.
func (f *flight) send(ctx context.Context, n *canary, version string) {
	began := time.Now()
	f.ask(ctx, n, version)
	f.took = time.Since(began)
	if f.home = n.seen(ctx, f.status/100 == 2 && !f.ours); f.home != nil {
		f.arrived = f.home.at.Sub(began)
	}
}

// seen returns whether the canary came home; with wait, it may still be on its
// way.
func (n *canary) seen(ctx context.Context, wait bool) *sighting {
	if wait {
		select {
		case s := <-n.came:
			return &s
		case <-ctx.Done():
			return nil
		}
	}
	select {
	case s := <-n.came:
		return &s
	default:
		return nil
	}
}

// ask sends the request and reads the answer.
func (f *flight) ask(ctx context.Context, n *canary, version string) {
	dialer, err := newDialer(f.relay, "", f.secret)
	if err != nil {
		f.err = err
		return
	}
	dialer.Guard = guardOf(ctx, f.relay, systemLookup)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+canaryPath+n.nonce, bytes.NewReader(n.body))
	if err != nil {
		f.err = err
		return
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Homehook/"+version+" (doctor)")
	req.Header.Set(canaryField, n.sign("request"))
	client := *newRegistry(dialer).client
	client.Timeout = 0 // that of ctx
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		f.err = innermostURL(err)
		return
	}
	defer res.Body.Close()
	f.status = res.StatusCode
	if to, err := res.Location(); err == nil && f.status/100 == 3 {
		f.leads = cut((&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}).String())
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxCanary))
	f.ours = f.status == http.StatusOK && hmac.Equal(bytes.TrimSpace(text), []byte(n.sign("answer")))
}

// finding is what a flight came to, and what to do about it.
func (f *flight) finding() (state, text, remedy string) {
	switch came := f.home != nil; {
	case came && !f.home.intact:
		return control.FindingProblem, "the canary came home from " + f.url + " with another body than it was sent with, so no signature of a sender will fit",
			"have whatever stands between the senders and the relay (a CDN, a proxy, a firewall) pass bodies on as they are"
	case f.ours:
		return control.FindingOK, fmt.Sprintf("a signed request to %s came home and back in %.0f ms", f.url, milliseconds(f.took)), ""
	case came && f.home.kept, came && f.claim.Answer == answerStore:
		return control.FindingOK, fmt.Sprintf("a signed request to %s was kept by the relay (%d) and came home after %.0f ms", f.url, f.status, milliseconds(f.arrived)), ""
	case came && f.claim.Answer == answerHold && f.status/100 == 2 && f.took >= f.hold:
		return control.FindingOK, fmt.Sprintf("a signed request to %s came home after %.0f ms; home's answer took longer than the hold time, so the relay answered (%d)", f.url, milliseconds(f.arrived), f.status), ""
	case came && f.err != nil:
		return control.FindingProblem, fmt.Sprintf("the canary came home from %s, but its answer did not come back: %s", f.url, f.err),
			"run the doctor again; if it stays so, tell the operator of relay " + f.relay.Name
	case came:
		return control.FindingProblem, fmt.Sprintf("the canary came home from %s, but somebody else answered for home (%d)", f.url, f.status),
			"have whatever stands between the senders and the relay (a CDN, a proxy) pass answers on as they are"
	case f.err != nil:
		return f.unsent()
	case f.status/100 == 2:
		return f.taken()
	}
	return f.refused()
}

// unsent is the finding for a URL that nobody answers at.
func (f *flight) unsent() (state, text, remedy string) {
	text = "the public URL " + f.url + " cannot be reached from here: " + f.err.Error()
	if home, ok := errors.AsType[*homelyError](f.err); ok {
		return control.FindingSkipped, "none was sent to " + f.url + ": " + home.Error(), ""
	}
	c, ok := errors.AsType[*ptth.ConnectError](f.err)
	elsewhere := hostOf(f.url) != hostOf(f.relay.URL)
	switch {
	case !ok && errors.Is(f.err, context.DeadlineExceeded):
		return control.FindingProblem, fmt.Sprintf("the public URL %s gives no answer within %s", f.url, canaryWait),
			"see the way to the relay: homehook relay test " + f.relay.Name
	case !ok:
		return control.FindingProblem, text, "see the way to the relay: homehook relay test " + f.relay.Name
	case elsewhere && c.Step == ptth.StepDNS:
		remedy = "have the relay's operator add a DNS record for " + hostOf(f.url) + ", or one with * for all claims"
	case elsewhere && c.Step == ptth.StepTLS:
		remedy = "have the relay's operator get a certificate for " + hostOf(f.url) + ", or one with * for all claims; " + c.Remedy
	default:
		remedy = c.Remedy
	}
	return control.FindingProblem, text, remedy
}

// taken is the finding for a canary that the relay took and home has not seen.
func (f *flight) taken() (state, text, remedy string) {
	switch {
	case f.claim.Answer == answerThrough:
		return control.FindingProblem, fmt.Sprintf("%s was answered by somebody who is not home (%d)", f.url, f.status),
			"check that the URL leads to relay " + f.relay.Name + " and not to another server, such as one of a CDN or a login page"
	case f.claim.Queued > 0:
		return control.FindingWarning, fmt.Sprintf("the relay took a signed request to %s (%d); it is behind %d deliveries that wait there, and has not come home yet", f.url, f.status, f.claim.Queued),
			"see what holds them up: homehook history --state waiting"
	}
	return control.FindingProblem, fmt.Sprintf("the relay took a signed request to %s (%d), and it has not come home within %s", f.url, f.status, canaryWait),
		"see whether links work: homehook relay test " + f.relay.Name + "; then start the agent anew: homehook service restart"
}

// refused is the finding for an answer that is none of home.
func (f *flight) refused() (state, text, remedy string) {
	text = fmt.Sprintf("a signed request to %s did not come home: the answer was %d", f.url, f.status)
	switch {
	case f.status == http.StatusUnauthorized && f.checked:
		return control.FindingSkipped, "the relay checks the sender's signature itself and turned the canary away, as it should; the way from there was not tried", ""
	case f.leads != "":
		return control.FindingProblem, fmt.Sprintf("%s leads to %s (%d), and most senders do not follow", f.url, f.leads, f.status),
			"give senders the address that it leads to, or have the relay's operator take the redirect out"
	case f.status == http.StatusNotFound, f.status == http.StatusMisdirectedRequest:
		remedy = "check with the relay's operator that " + hostOf(f.url) + " leads to relay " + f.relay.Name + ", and that its --domain or --url is right"
	case f.status == http.StatusServiceUnavailable, f.status == http.StatusGatewayTimeout, f.status == http.StatusBadGateway:
		remedy = "see whether links work: homehook relay test " + f.relay.Name + "; then start the agent anew: homehook service restart"
	case f.status == http.StatusTooManyRequests:
		remedy = "wait until the relay lets more through, then run the doctor again"
	case f.status == http.StatusInsufficientStorage:
		remedy = "tell the operator of relay " + f.relay.Name + " that its disk or queue is full"
	case f.status == http.StatusUnauthorized, f.status == http.StatusForbidden:
		remedy = "have whatever stands in front of the relay (a login, a firewall, a bot check of a CDN) let senders through"
	default:
		remedy = "ask the operator of relay " + f.relay.Name + " what stands between the internet and the relay"
	}
	return control.FindingProblem, text, remedy
}

// hostOf is the host name in a URL.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return u.Hostname()
}
