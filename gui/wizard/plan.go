package wizard

import (
	"slices"

	"homehook/agent/control"
)

// Kinds of relays to choose from.
const (
	relayHave  = "have"  // one that is configured
	relayTry   = "try"   // on this computer
	relayOwn   = "own"   // of one's own
	relayOther = "other" // somebody else's, shared
)

// plan is what the steps have decided. No secret is in it.
type plan struct {
	// config is the configuration as it was read last; nil before.
	config *control.Configuration
	// kind is that of the relay, relay its name in the configuration.
	kind, relay, url string
	// asks says that the relay wants a token, token that one is stored for it as
	// the credential of tokenName.
	asks, token bool
	claim       string
	sender      control.Sender
	senders     []control.Sender
	// made is the claim that is in the configuration because of this wizard, and
	// address its public URL once it is known.
	made, address string
	// fresh says that made was not there before.
	fresh bool
	// scheme and credential are how the sender is checked; empty for not at all.
	scheme, credential string
	// user and header belong to some schemes.
	user, header string
	// route is the name of the one that is in the configuration because of this
	// wizard; webhooksOnly says that it takes what Home Assistant does and no more.
	route        string
	webhooksOnly bool
	// delivery is the id of the last test.
	delivery string
}

func newPlan() plan { return plan{sender: control.Sender{Name: "other"}} }

// tokenName is the credential with the relay's token.
func (p *plan) tokenName() string { return "relay/" + p.relay }

// relayNamed finds a configured relay.
func (p *plan) relayNamed(name string) *control.ConfigEntry { return named(p.relays(), name) }

func named(list []control.ConfigEntry, name string) *control.ConfigEntry {
	if i := slices.IndexFunc(list, func(e control.ConfigEntry) bool { return e.Name == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

func (p *plan) relays() []control.ConfigEntry {
	if p.config == nil {
		return nil
	}
	return p.config.Relays
}

func (p *plan) claims() []control.ConfigEntry {
	if p.config == nil {
		return nil
	}
	return p.config.Claims
}

func (p *plan) routes() []control.ConfigEntry {
	if p.config == nil {
		return nil
	}
	return p.config.Routes
}

// relayOf is the name of the relay of a configured claim.
func (p *plan) relayOf(claim *control.ConfigEntry) string {
	if name := text(claim, "relay"); name != "" || len(p.relays()) != 1 {
		return name
	}
	return p.relays()[0].Name
}

// claimOf is the name of the claim of a configured route.
func (p *plan) claimOf(route *control.ConfigEntry) string {
	if name := text(route, "claim"); name != "" || len(p.claims()) != 1 {
		return name
	}
	return p.claims()[0].Name
}

// present is a relay that is configured, to go on with: the one with claims first.
func (p *plan) present() *control.ConfigEntry {
	for i := range p.claims() {
		if r := p.relayNamed(p.relayOf(&p.claims()[i])); r != nil {
			return r
		}
	}
	if len(p.relays()) > 0 {
		return &p.relays()[0]
	}
	return nil
}

// text is the value of a key that is text; empty where there is none.
func text(e *control.ConfigEntry, key string) string {
	value, _ := e.Values[key].(string)
	return value
}

// embedded says whether a configured relay runs in the agent.
func embedded(e *control.ConfigEntry) bool {
	on, _ := e.Values["embedded"].(bool)
	return on
}

// shared says whether others have names on the relay, too, so that a plain one may
// be taken or guessed.
func (p *plan) shared() bool { return p.kind == relayOther }

// checked says whether there is something by which the sender can be told from
// others.
func (p *plan) checked() bool { return p.scheme != "" && p.credential != "" }
