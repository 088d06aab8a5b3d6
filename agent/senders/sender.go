package senders

import (
	"slices"
	"strings"

	"homehook/agent/config"
	"homehook/spelling"
)

// Sender is a service that sends webhooks, or a way of sending them that many have
// in common.
type Sender struct {
	Name  string // as in a claim's sender or a route's verify scheme
	Title string // as people write it
	// Scheme is that of a route's verify; empty if it signs nothing.
	Scheme string
	// SecretFrom says where its secret is to be had; empty if it has none.
	SecretFrom string
	// Generate says that the receiver chooses the secret and gives it to the sender,
	// so that it may be made here.
	Generate bool
	// Settings is the page where its webhooks are set up or, where everybody has
	// another one, a page that says how; empty where neither is known to stay.
	Settings string
	// Events are kinds of events worth choosing, as a route's events has them.
	Events []string
	// Signs says that the secret of the receiver is enough to sign as it does.
	Signs bool

	kind   string  // media type of its bodies; empty is JSON
	fields []field // of its requests
	body   string  // of one
}

// All returns every sender, by title. Those of no name of their own come last.
func All() []Sender {
	all := slices.Clone(table)
	slices.SortStableFunc(all, func(a, b Sender) int {
		if ga, gb := a.general(), b.general(); ga != gb {
			if ga {
				return 1
			}
			return -1
		}
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	return all
}

// general reports whether a sender is no certain service.
func (s *Sender) general() bool {
	return slices.Contains([]string{"basic", "bearer", "hmac", "ip", Other, "rfc9421", "standard", "token"}, s.Name)
}

// Find returns the sender of that name.
func Find(name string) (*Sender, bool) {
	i := slices.IndexFunc(table, func(s Sender) bool { return s.Name == name })
	if i < 0 {
		return nil, false
	}
	found := table[i]
	return &found, true
}

// Nearest is the name that was meant by one that no sender has; empty when none is
// like it.
func Nearest(name string) string {
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].Name
	}
	return spelling.Nearest(name, names)
}

// ChosenHere reports whether the secret of a scheme is the receiver's to choose and
// to give to the sender. The senders of others make their own.
func ChosenHere(scheme string) bool {
	return slices.ContainsFunc(table, func(s Sender) bool { return s.Scheme == scheme && s.Generate })
}

// Claimable reports whether the name may stand in a claim's sender.
func (s *Sender) Claimable() bool { return slices.Contains(config.Senders, s.Name) }
