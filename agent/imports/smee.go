package imports

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"homehook/routes"
)

// SmeeOptions are what smee-client is started with.
type SmeeOptions struct {
	// Claim is the claim whose deliveries the route takes.
	Claim string
	// URL is the channel, such as https://smee.io/abc.
	URL string
	// Target is where events go: an http or https address.
	Target string
	// DeleteHeaders are fields that are not passed on.
	DeleteHeaders []string
}

// Smee makes a route of a smee-client command line.
func Smee(o SmeeOptions) (*Report, error) {
	channel, err := channelOf(o.URL)
	if err != nil {
		return nil, err
	}
	r := &Report{Source: "smee", secrets: map[string]string{}}
	item := Item{Name: o.URL}
	spec := routes.Spec{Name: "smee/" + channel, Claim: o.Claim, Unverified: true}
	if err := forwardTo(&item, &spec, o.Target); err != nil {
		item.refuse("%s", err)
	} else {
		for _, name := range o.DeleteHeaders {
			if spec.Transform == nil {
				spec.Transform = &routes.TransformSpec{}
			}
			spec.Transform.Drop = append(spec.Transform.Drop, "header."+strings.TrimSpace(name))
		}
		item.Routes = []routes.Spec{spec}
		channelDifferences(&item, "smee")
	}
	item.settle()
	r.Items = []Item{item}
	r.compile()
	return r, nil
}

// channelOf is the name of a channel, the last step of its address.
func channelOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("%q is not the address of a channel, as https://smee.io/abc is", address)
	}
	name := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	if name == "" {
		return "", fmt.Errorf("%q names no channel, as https://smee.io/abc does", address)
	}
	return name, nil
}

// forwardTo has a route pass POST requests on to exactly one address: the path
// of the claim is the path of the target.
func forwardTo(item *Item, spec *routes.Spec, target string) error {
	u, err := url.Parse(target)
	if err != nil {
		return errors.New("the target is not an address") // it may have a password in it
	}
	if u.User != nil || u.RawQuery != "" {
		shown := *u
		shown.User, shown.RawQuery = nil, ""
		target = shown.String()
	}
	switch {
	case u.User != nil:
		return fmt.Errorf("the target %q has a user and password; leave them out, and have the route set the field Authorization", target)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("the target %q begins with %q; only http:// and https:// are passed on to", target, u.Scheme+":")
	case u.Host == "":
		return fmt.Errorf("the target %q has no host", target)
	case u.RawQuery != "":
		return fmt.Errorf("the target %q has a query, which a route cannot add; the sender has to send it", target)
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	item.Path, spec.Match = path, "POST "+path
	if strings.HasSuffix(path, "/") {
		spec.Match += "{$}"
	}
	u.Path, u.RawPath, u.Fragment = "", "", ""
	spec.Forward = &routes.ForwardSpec{To: u.String(), Host: "target"}
	return nil
}

// channelDifferences are what a claim does otherwise than a channel.
func channelDifferences(item *Item, tool string) {
	item.differ("address", fmt.Sprintf("senders have to be given the claim's address with the path %s; nothing comes from the channel", item.Path), Process)
	item.differ("exact-body", "the target gets the body byte for byte as it was sent, so that signatures can be checked; "+tool+" writes its JSON anew", Body, Headers)
	item.differ("real-answer", "the sender gets the target's answer, or the claim's accepted answer where that takes long; a channel answers 200 whatever becomes of the event", Status, Body)
	item.differ("kept", "what comes while this machine is away is kept at the relay and delivered later; a channel drops it", Process)
	item.advise("nobody checks who sends. If the sender signs, add verify and take unverified out")
}
