package routes

import (
	"bytes"

	"homehook/http1"
	"homehook/routes/signature"
)

// challenge returns the answer to a sender's question whether the address is the
// user's, nil where there is none. Only routes that check their senders answer.
// Most senders sign their question: its answer waits for the check, unless the
// sender is one that does not. Who sends from an address that the route does not
// allow gets no answer.
//
// The error is a [*SecretError]: what the question is answered with is not there.
func (c *Choice) challenge(r *Route, d *Delivery, o ChooseOptions) (answer *Answer, unsigned bool, err error) {
	if r.verifier == nil || r.verifier.scheme.Allows(d.Remote) != nil {
		return nil, false, nil
	}
	m := message(d, d.Body)
	for i, preset := range []string{r.Scheme(), o.Sender} {
		if i > 0 && preset == r.Scheme() {
			break
		}
		secrets, token, err := r.known(preset, d, o)
		if err != nil {
			return nil, false, err
		}
		a, ok := signature.Challenge(preset, m, secrets, token)
		if !ok || c.takesItself(r, d) {
			continue
		}
		answer = &Answer{Status: a.Status, Body: a.Body, Why: "answered the challenge of " + a.Who}
		if a.ContentType != "" {
			// The text is a stranger's: no browser is to take it for a page.
			answer.Fields = []http1.Field{{Name: "Content-Type", Value: a.ContentType}, {Name: noSniff, Value: "nosniff"}}
		}
		return answer, a.Unsigned, nil
	}
	return nil, false, nil
}

// takesItself reports whether a route's events name what the sender asks by: its
// handler is to see that then.
func (c *Choice) takesItself(r *Route, d *Delivery) bool {
	if r.events == nil {
		return false
	}
	c.look(r, d)
	_, wanted := r.events.wants(d.Input)
	return wanted
}

// known returns what a sender's question is answered with besides itself: the
// secret that Zoom signs with, the text that Meta was told. Both belong to a
// route of that scheme alone: the secret of another one, whose claim is Zoom's,
// would sign there what a stranger has had signed here.
func (r *Route) known(preset string, d *Delivery, o ChooseOptions) (secrets [][]byte, token []byte, err error) {
	if preset == "zoom" && r.Scheme() == preset {
		for _, name := range r.secretNames() {
			if s, err := o.Secrets(name); err == nil {
				secrets = append(secrets, s...)
			}
		}
	}
	_, query := d.Request.PathQuery()
	if r.token == "" || preset != "meta" || !bytes.Contains(query, []byte("hub.")) {
		return secrets, nil, nil
	}
	tokens, err := o.Secrets(r.token)
	if err != nil {
		return nil, nil, &SecretError{r.token, err}
	}
	return secrets, tokens[0], nil
}
