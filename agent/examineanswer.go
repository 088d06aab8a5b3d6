package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"homehook/agent/config"
	"homehook/ptth"
)

const (
	clockWarning = 5 * time.Second
	clockProblem = 5 * time.Minute

	// answerWait bounds plain requests. A relay of another make may hold one
	// as if it were for a claim.
	answerWait = 6 * time.Second
)

// reply is what a relay said to a plain GET where links begin.
type reply struct {
	status   int
	header   http.Header
	asked    time.Time
	answered time.Time
}

// get asks for a path of the relay, and shows the token if told to. Redirects
// within the relay are followed.
func (x *examiner) get(ctx context.Context, show bool, path ...string) (*reply, error) {
	u := *x.dialer.Relay
	if strings.Contains(u.Path, "{name}") {
		u.Path, u.RawPath = "/", ""
	}
	if u.Path == "" {
		u.Path = "/"
	}
	token := ""
	if show {
		token = x.Token
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(x.patience, answerWait))
	defer cancel()
	a := &reply{asked: time.Now()}
	res, err := newRegistry(x.dialer).ask(ctx, http.MethodGet, u.JoinPath(path...), token, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	a.answered, a.status, a.header = time.Now(), res.StatusCode, res.Header
	return a, nil
}

// ask sends the first request, one that claims nothing, and looks at who
// answers it.
func (x *examiner) ask(ctx context.Context) (*reply, bool) {
	a, err := x.get(ctx, false, "ptth", "probe")
	if errors.Is(err, context.DeadlineExceeded) && x.Claim != "" {
		x.tell(Finding{Step: StepAnswer, State: FindingSkipped, Text: "the relay holds a plain request, as if it were for a claim"})
		return &reply{header: http.Header{}}, true
	}
	if err != nil {
		x.problem(StepAnswer, "the relay does not answer as HTTP servers do: "+innermostURL(err).Error(), "check address and port of the relay")
		return nil, false
	}
	if f := x.intercepted(a); f.Text != "" {
		x.tell(f)
		return a, f.State != FindingProblem
	}
	f := Finding{Step: StepAnswer, State: FindingOK, MS: milliseconds(a.answered.Sub(a.asked))}
	f.Text = fmt.Sprintf("it answers (%d)", a.status)
	if a.status == http.StatusUpgradeRequired {
		f.Text = "it answers as relays do (426)"
	}
	if s := a.header.Get("Server"); s != "" {
		f.Text += ", Server: " + cut(s)
	}
	if v := a.header.Get("Via"); v != "" {
		f.Text += ", Via: " + cut(v)
	}
	x.tell(f)
	return a, true
}

// intercepted says that somebody else seems to answer in the relay's place: its
// text is "" if not. Relays answer neither with pages nor with redirects for
// browsers.
func (x *examiner) intercepted(a *reply) Finding {
	f := Finding{Step: StepAnswer, State: FindingProblem, Remedy: remedyPortal + "; if you are, check the relay's url"}
	switch a.status {
	case http.StatusNetworkAuthenticationRequired:
		f.Text, f.check = "the network wants a login before it lets anything through (511, a captive portal)", checkNetwork
	case 301, 302, 303:
		relay := x.dialer.Relay
		to, err := relay.Parse(a.header.Get("Location"))
		switch {
		case err != nil || to.Host == "" || a.header.Get("Location") == "":
			f.Text = fmt.Sprintf("the answer leads nowhere (%d)", a.status)
		case to.Hostname() == relay.Hostname() && to.Scheme == "https" && relay.Scheme == "http":
			f.Text, f.Remedy = fmt.Sprintf("the relay wants https:// (%d)", a.status), "write https:// in the relay's url"
		default:
			f.Text = fmt.Sprintf("the answer leads to %s (%d): a login page of this network (a captive portal), or the relay has moved", cut(to.Host), a.status)
		}
	case 200:
		if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			return Finding{}
		}
		f.Text = "a web page answers (200): a login page of this network (a captive portal), or the url is not that of a relay"
		if x.Claim != "" {
			f.State = FindingWarning // there may be a relay behind it
		}
	default:
		return Finding{}
	}
	return f
}

// clock compares the relay's clock with this one. Date counts whole seconds.
func (x *examiner) clock(a *reply) {
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		x.tell(Finding{Step: StepClock, State: FindingSkipped, Text: "the relay does not say what time it is there"})
		return
	}
	diff := difference(date, a.asked, a.answered)
	x.verdict.ClockDifferenceMS = milliseconds(diff)
	f := Finding{Step: StepClock, State: FindingOK, Text: "the clocks agree"}
	if diff != 0 {
		f.Text = "the relay's clock is ahead by " + apart(diff)
		if diff < 0 {
			f.Text = "the relay's clock is behind by " + apart(-diff)
		}
	}
	remedy := setClock("if it is the wrong one") + "; certificates and signatures depend on it"
	switch off := diff.Abs(); {
	case off > clockProblem:
		f.State, f.Remedy = FindingProblem, remedy
	case off > clockWarning:
		f.State, f.Remedy = FindingWarning, remedy
	}
	x.tell(f)
}

// difference is how far a clock that showed date, cut to seconds, at some time
// between two others is ahead of them; 0 when it may be right.
func difference(date, from, to time.Time) time.Duration {
	switch {
	case date.After(to):
		return date.Sub(to)
	case date.Add(time.Second).Before(from):
		return date.Add(time.Second).Sub(from)
	}
	return 0
}

// apart is how far clocks are apart, for people.
func apart(d time.Duration) string {
	if d >= 48*time.Hour {
		return remaining(d)
	}
	return d.Round(time.Second).String()
}

// token asks the claims API, which changes nothing, whether it knows the token.
// It reports whether links may still be possible.
func (x *examiner) token(ctx context.Context) bool {
	if x.TokenErr != nil {
		x.tell(Finding{Step: StepToken, State: FindingProblem, Text: x.TokenErr.Error(), check: checkCredentials})
		return false
	}
	// First without it: only a relay of ours is to see it there.
	a, err := x.get(ctx, false, "api", "claims")
	json := err == nil && strings.Contains(a.header.Get("Content-Type"), "json")
	if err == nil && json && x.Token != "" && a.status == 200 {
		json = false // the API tells nobody its claims: this is something else
	} else if err == nil && json && x.Token != "" {
		a, err = x.get(ctx, true, "api", "claims")
	}
	if err != nil {
		a = &reply{}
	}
	f := Finding{Step: StepToken, State: FindingOK, Text: "the token is accepted", MS: milliseconds(a.answered.Sub(a.asked))}
	set := "store the relay's token: homehook secret set relay/" + x.Relay.Name
	x.api = json && (a.status == 200 || a.status == 401 || a.status == 403)
	switch {
	case !x.api:
		f.State, f.Text, f.MS = FindingSkipped, "this relay has no claims API to ask about the token; a link shows whether it is accepted", 0
	case a.status != 200 && x.Fresh && x.Token == "":
		f.State, f.Text = FindingProblem, fmt.Sprintf("the relay wants a token (%d), and none was given", a.status)
		f.Remedy = "give the token that the relay's operator has for you"
	case a.status != 200 && x.Fresh:
		f.State, f.Text = FindingProblem, fmt.Sprintf("the relay does not accept the token (%d)", a.status)
		f.Remedy = "compare it with the one that the relay's operator gave you, or ask for another"
	case a.status != 200 && x.Relay.Token == "":
		f.State, f.Text = FindingProblem, fmt.Sprintf("the relay wants a token (%d), and the configuration names none", a.status)
		f.Remedy = set + ", and write token: relay/" + x.Relay.Name + " for it in the configuration"
	case a.status != 200:
		f.State, f.Text = FindingProblem, fmt.Sprintf("the relay does not accept the token (%d)", a.status)
		f.Remedy = "store the one that the relay's operator gave you: homehook secret set " + x.Relay.Token
	case x.Token == "":
		f.Text = "the relay wants no token"
	default:
		x.ours = true
	}
	x.tell(f)
	return f.State != FindingProblem
}

// advertised tells what the relay says it offers. Without a claim nothing is
// tried: the attempt would claim a name.
func (x *examiner) advertised(a *reply) bool {
	offers, known := strings.Join(a.header.Values("Upgrade"), ","), false
	for token := range strings.SplitSeq(offers, ",") {
		if token = strings.TrimSpace(token); token == "" {
			continue
		}
		f := Finding{Step: StepDialect, State: FindingOK, Dialect: dialectOf(token), Text: "the relay says it offers " + cut(token)}
		if known = known || f.Dialect != ""; f.Dialect == "" {
			f.State = FindingSkipped
			f.Text += ", which this version does not know"
		}
		x.tell(f)
	}
	switch {
	case known:
		x.tell(Finding{
			Step: StepLink, State: FindingSkipped, Text: "no claim is configured for this relay, so no link was tried",
			Remedy: x.toClaim("claim a name: homehook claim NAME --relay "),
		})
	case !x.relayLike(a, offers):
		return x.noRelay(a)
	default:
		x.tell(Finding{
			Step: StepDialect, State: FindingSkipped, Text: fmt.Sprintf("the relay does not say what it offers (%d)", a.status),
			Remedy: x.toClaim("claim a name, then this command can try: homehook claim NAME --relay "),
		})
	}
	return true
}

// relayLike reports whether somebody who offers no dialect may be a relay all the same:
// what is in between can take the offers away, and who has written down the dialect
// knows the relay.
func (x *examiner) relayLike(a *reply, offers string) bool {
	refused := a.status == http.StatusUnauthorized || a.status == http.StatusForbidden // as is all of some servers
	return a.status == http.StatusUpgradeRequired && offers == "" || x.api && !refused || x.Relay.Dialect != ""
}

// noRelay tells that another kind of server answers.
func (x *examiner) noRelay(a *reply) bool {
	f := Finding{Step: StepDialect, State: FindingProblem, Remedy: "check address and port of the relay, and any path in the address"}
	f.Text = fmt.Sprintf("this does not look like a relay: it offers no dialect that links can be made with (%d)", a.status)
	switch {
	case a.status == http.StatusOK: // relays refuse what claims nothing
	case x.Fresh: // one of another make may be silent about itself
		f.State = FindingWarning
		f.Remedy += "; one of another make may still work"
	default:
		f.Remedy += "; if it is one of another make, write dialect: for it in the configuration, or " + x.toClaim("claim a name, then links are tried: homehook claim NAME --relay ")
	}
	x.tell(f)
	return false
}

// toClaim is how a name is claimed at the relay; empty where that has to be
// configured first.
func (x *examiner) toClaim(how string) string {
	if x.Fresh {
		return ""
	}
	return how + x.Relay.Name
}

// dialectOf is the dialect of an upgrade token, "" if it is not known.
func dialectOf(token string) string {
	for _, d := range config.Dialects {
		if t := ptth.Token(d); t != "" && strings.EqualFold(t, token) {
			return d
		}
	}
	return ""
}

// innermostURL takes off an error of net/http what is said already.
func innermostURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// cut keeps a text of the network short.
func cut(s string) string {
	const most = 120
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
