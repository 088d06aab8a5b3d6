package config

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"homehook/routes"
)

const (
	maxLinks    = 1024             // that one claim may ask for
	maxHold     = 12 * time.Second // senders give up not long behind it
	maxParallel = 64
	minSilence  = time.Minute // how long one may have to be before it is told
	maxAccepted = 4 << 10     // bytes of an answer's body and fields together
)

// claim checks one claim.
func (c *checker) claim(i int) {
	cl, path := c.file.Claims[i], fmt.Sprintf("claims[%d]", i)
	if c.name(path, "claim", cl.Name) {
		c.once(path, "claim", cl.Name, i, func(j int) string { return c.file.Claims[j].Name })
	}
	c.claimRelay(path+".relay", cl)
	if !slices.Contains(Answers, cl.Answer) {
		remedy := "use one of: " + strings.Join(Answers, ", ")
		if near := nearest(cl.Answer, Answers); near != "" {
			remedy = fmt.Sprintf("did you mean %q?", near)
		}
		c.report(path+".answer", fmt.Sprintf("unknown answer mode %q", cl.Answer), remedy)
	}
	c.claimHold(path+".hold", cl)
	if cl.MaxLinks < 1 || cl.MaxLinks > maxLinks {
		c.report(path+".max_links", fmt.Sprintf("max_links is not between 1 and %d", maxLinks), fmt.Sprintf("leave it out for %d", DefaultMaxLinks))
	}
	if cl.Parallel < 1 || cl.Parallel > maxParallel {
		c.report(path+".parallel", fmt.Sprintf("parallel is not between 1 and %d", maxParallel), "leave it out to run deliveries one at a time")
	}
	c.accepted(path+".accepted", cl)
	c.queue(path+".queue", cl.Queue)
	c.sender(path, cl)
	if c.given(path+".silence") && time.Duration(cl.Silence) < minSilence {
		c.report(path+".silence", "silence is shorter than 1m", "leave it out for no warning, or give it some hours or days, such as 24h")
	}
}

// claimHold checks how long the relay waits for home.
func (c *checker) claimHold(path string, cl Claim) {
	switch hold := time.Duration(cl.Hold); {
	case cl.Answer != "hold" && c.given(path):
		c.report(path, fmt.Sprintf("hold has no meaning with answer: %s", cl.Answer), "leave it out, or write answer: hold")
	case cl.Answer == "hold" && (hold < time.Millisecond || hold > maxHold):
		c.report(path, "hold is not between 1ms and 12s", "leave it out for 2s")
	}
}

// accepted checks the answer that stands for home's own.
func (c *checker) accepted(path string, cl Claim) {
	a := cl.Accepted
	if a == nil {
		return
	}
	if a.Status < 200 || a.Status > 299 {
		c.report(path+".status", fmt.Sprintf("%d does not tell a sender that its delivery is accepted", a.Status), "use one from 200 to 299")
	}
	if a.Body != "" && a.Status == http.StatusNoContent {
		c.report(path+".body", "an answer with status 204 has no body", "leave the body out, or use another status")
	}
	size := len(a.Body)
	for name, value := range a.Headers {
		size += len(name) + len(value)
	}
	// The fields of an answer keep the rules of a route that responds.
	_, problems := routes.Compile([]routes.Spec{{Name: "accepted", Match: "/", Unverified: true, Respond: &routes.RespondSpec{Headers: a.Headers}}})
	for _, p := range problems {
		if at, found := strings.CutPrefix(p.Path, "[0].respond.headers"); found {
			c.report(path+".headers"+at, p.Message, p.Remedy)
		}
	}
	if size > maxAccepted {
		c.report(path, "the answer is longer than 4 KiB", "shorten its body and its fields")
	}
}

// queue checks the bounds of what the relay keeps.
func (c *checker) queue(path string, q *Queue) {
	if q == nil {
		return
	}
	const remedy = "leave it out for the relay's own bound"
	if q.MaxItems < 0 || q.MaxItems == 0 && c.given(path+".max_items") {
		c.report(path+".max_items", "max_items is not above 0", remedy)
	}
	if q.MaxSize == 0 && c.given(path+".max_size") {
		c.report(path+".max_size", "max_size is zero", remedy)
	}
	if d := time.Duration(q.MaxAge); d < time.Second && c.given(path+".max_age") {
		c.report(path+".max_age", "max_age is shorter than 1s", remedy)
	}
}

// sender checks who sends to a claim and what is needed to answer for it.
func (c *checker) sender(path string, cl Claim) {
	if cl.Sender != "" && !slices.Contains(Senders, cl.Sender) {
		remedy := "leave it out, or use one of: " + strings.Join(Senders, ", ")
		if near := nearest(cl.Sender, Senders); near != "" {
			remedy = fmt.Sprintf("did you mean %q?", near)
		}
		c.report(path+".sender", fmt.Sprintf("unknown sender %q", cl.Sender), remedy)
		return
	}
	switch discord := strings.HasPrefix(cl.Sender, "discord"); {
	case cl.PublicKey == "":
	case !discord:
		c.report(path+".public_key", "public_key belongs to sender: discord or discord-events", "leave it out")
	default:
		if key, err := hex.DecodeString(cl.PublicKey); err != nil || len(key) != 32 {
			c.report(path+".public_key", "public_key is not 64 hexadecimal digits", "copy it from the application's page at Discord")
		}
	}
	switch {
	case cl.VerifyToken == "":
	case cl.Sender != "meta":
		c.report(path+".verify_token", "verify_token belongs to sender: meta", "leave it out")
	case !credentialName(cl.VerifyToken):
		// The value is not repeated: it may be the secret itself.
		c.report(path+".verify_token", "verify_token is the name of a credential, never the text itself", "keep the text with: homehook secret set meta/verify, and write verify_token: meta/verify")
	}
}

// claimRelay checks that a claim names a relay that there is.
func (c *checker) claimRelay(path string, cl Claim) {
	if c.relays.unsure {
		return
	}
	title := "this claim"
	if cl.Name != "" {
		title = fmt.Sprintf("claim %q", cl.Name)
	}
	switch {
	case slices.Contains(c.relays.list, cl.Relay):
	case cl.Relay != "":
		c.report(path, fmt.Sprintf("%s names relay %q, which is not defined", title, cl.Relay), instead(cl.Relay, c.relays.list, "relays"))
	case len(c.file.Relays) == 0:
		c.report(path, title+" has no relay", "add a relay first: homehook relay add NAME URL")
	case len(c.file.Relays) > 1:
		c.report(path, title+" does not say on which relay", "add relay: and one of: "+listed(c.relays.list))
	}
}
