package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"homehook/routes"
)

// route checks one route as far as the file's other parts and this version's
// rules are concerned; its pattern and handler are the routes package's matter.
func (c *checker) route(i int) {
	c.routeName(i)
	c.routeClaim(i)
	c.routeHandlers(i)
	c.routeSender(i)
	c.handlerSecrets(i)
	c.routeParallel(i)
	c.routeWhen(i)
}

// routeWhen reports a condition that is none: for the routes package it is the
// absence of the setting, and the route would take everything.
func (c *checker) routeWhen(i int) {
	path := fmt.Sprintf("routes[%d].when", i)
	if _, written := c.places[path]; written && strings.TrimSpace(c.file.Routes[i].When) == "" {
		c.report(path, "the condition is empty", "leave when out to take every delivery that fits, or write one such as json.ref == \"refs/heads/main\"")
	}
}

// routeParallel reports a 0: for the routes package it is the absence of the
// setting, and whoever writes it means something else.
func (c *checker) routeParallel(i int) {
	if path := fmt.Sprintf("routes[%d].parallel", i); c.file.Routes[i].Parallel == 0 && c.given(path) && !c.isBroken(path) {
		c.report(path, fmt.Sprintf("parallel is not between 1 and %d", maxParallel), "leave it out to run deliveries in the order of the claim")
	}
}

// routeSender reports a route that says nothing of who may send, or two things
// that exclude each other.
func (c *checker) routeSender(i int) {
	r, path := c.file.Routes[i], fmt.Sprintf("routes[%d]", i)
	switch {
	case c.isBroken(path + ".verify"):
		c.reported[path+".verify"] = true
	case r.Verify == nil && !r.Unverified:
		c.report(path+".unverified", fmt.Sprintf("%s does not check who sends", c.routeTitle(i)), "add verify: {scheme: NAME, secret: CREDENTIAL}, or write unverified: true to accept deliveries from anyone")
	case r.Verify == nil:
	case r.Unverified:
		c.report(path+".unverified", fmt.Sprintf("%s both checks its sender and accepts anyone", c.routeTitle(i)), "keep verify, and leave unverified out")
	default:
		c.routeSecrets(path+".verify", r.Verify)
	}
}

// routeSecrets reports what cannot be the name of a credential.
func (c *checker) routeSecrets(path string, v *routes.VerifySpec) {
	c.credential(path+".secret", v.Secret, "secret", "github")
	for i, name := range v.Secrets {
		c.credential(fmt.Sprintf("%s.secrets[%d]", path, i), cmp.Or(name, " "), "secret", "github")
	}
	c.credential(path+".token", v.Token, "token", "meta/verify")
}

// handlerSecrets is routeSecrets for what a route's handlers sign in with.
func (c *checker) handlerSecrets(i int) {
	r, path := c.file.Routes[i], fmt.Sprintf("routes[%d]", i)
	c.notifySecrets(path+".notify", r.Notify)
	for j := range r.Also {
		c.notifySecrets(fmt.Sprintf("%s.also[%d].notify", path, j), r.Also[j].Notify)
	}
}

func (c *checker) notifySecrets(path string, n *routes.NotifySpec) {
	if n != nil && n.NTFY != nil {
		c.credential(path+".ntfy.token", n.NTFY.Token, "token", "ntfy")
	}
	if n != nil && n.Mail != nil {
		c.credential(path+".mail.password", n.Mail.Password, "password", "mail")
	}
}

// credential reports what is given for the name of a credential and cannot be
// one. It does not repeat the text: it may be the secret itself.
func (c *checker) credential(path, name, key, example string) {
	if name != "" && !credentialName(name) {
		c.report(path, "this is not the name of a credential", fmt.Sprintf("keep the secret with: homehook secret set %[2]s, and write %[1]s: %[2]s", key, example))
	}
}

// routeName reports a second route of one name. The history and the command
// line tell routes apart by it.
func (c *checker) routeName(i int) {
	name, path := c.file.Routes[i].Name, fmt.Sprintf("routes[%d]", i)
	for j := range i {
		if name == "" || c.file.Routes[j].Name != name {
			continue
		}
		message := fmt.Sprintf("route %q is defined twice (first at line %d)", name, c.line(fmt.Sprintf("routes[%d]", j)))
		if _, given := c.places[path+".name"]; given {
			c.report(path+".name", message, "rename or remove one of them")
			return
		}
		c.reported[path+".name"] = true
		c.report(path+".match", message, "add a name (a route without one is named after its match), or remove one of them")
		return
	}
}

// routeClaim reports a route whose claim is not there or not said.
func (c *checker) routeClaim(i int) {
	if c.claims.unsure {
		c.reported[fmt.Sprintf("routes[%d].claim", i)] = true
		return
	}
	claim, path, title := c.file.Routes[i].Claim, fmt.Sprintf("routes[%d].claim", i), c.routeTitle(i)
	switch {
	case slices.Contains(c.claims.list, claim):
	case claim != "":
		c.report(path, fmt.Sprintf("%s names claim %q, which is not defined", title, claim), instead(claim, c.claims.list, "claims"))
	case len(c.file.Claims) == 0:
		c.report(path, title+" has no claim", "add a claim first: homehook claim NAME")
	case len(c.file.Claims) > 1:
		c.report(path, title+" does not say for which claim", "add claim: and one of: "+listed(c.claims.list))
	}
}

// routeHandlers reports a route with no handler or more than one.
func (c *checker) routeHandlers(i int) {
	r, path := c.file.Routes[i], fmt.Sprintf("routes[%d]", i)
	given := routes.HandlersOf(&r)
	switch len(given) {
	case 0:
		for _, name := range routes.HandlerKeys {
			if c.isBroken(path + "." + name) {
				c.reported[path] = true
				return
			}
		}
		c.report(path, c.routeTitle(i)+" does nothing", "add one of "+strings.Join(routes.HandlerKeys, ", "))
	case 1:
	default:
		c.report(path, fmt.Sprintf("%s has several handlers: %s", c.routeTitle(i), strings.Join(given, ", ")), "keep the one that makes the answer, and put the others under also:")
	}
}

// routeTitle names a route in a sentence.
func (c *checker) routeTitle(i int) string {
	if name := c.file.Routes[i].Name; name != "" {
		return fmt.Sprintf("route %q", name)
	}
	return "this route"
}
