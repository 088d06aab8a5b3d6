package detail

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"homehook/agent/control"
	"homehook/gui/look"
	"homehook/gui/part"
)

// compareAfter is how long a pause in typing is before the comparison is made.
const compareAfter = 150 * time.Millisecond

// signing is the choice whether the signature is made anew, and how.
type signing struct {
	editor  *editor
	object  fyne.CanvasObject
	anew    *part.Check
	scheme  *part.Select
	secret  *part.Select
	choices fyne.CanvasObject
}

// known is what can be signed with.
type known struct {
	schemes, secrets []string
	scheme, secret   string // of the route; empty is none
}

func newSigning(e *editor) *signing {
	s := &signing{editor: e}
	s.scheme, s.secret = part.Choice(nil, nil, s.chose), part.Choice(nil, nil, s.chose)
	s.scheme.PlaceHolder, s.secret.PlaceHolder = look.T("Scheme"), look.T("Credential")
	s.anew = part.NewCheck(look.T("Sign it anew"), func(bool) { s.enable() })
	s.choices = container.NewGridWithColumns(2, s.scheme, s.secret)
	s.object = part.NewField(look.T("Signature"), container.NewBorder(nil, nil, s.anew, nil, s.choices), look.T("What is changed no longer fits the signature that it came with."))
	s.enable()
	return s
}

func (s *signing) enable() {
	s.choices.(*fyne.Container).Hidden = !s.anew.Checked
	s.choices.Refresh()
	s.chose("")
}

// chose has it said what is signed with.
func (s *signing) chose(string) {
	if s.editor.right != nil {
		s.editor.resigned()
	}
}

// load asks what there is to sign with, and chooses what the route checks.
func (s *signing) load() {
	desk, route := s.editor.pane.desk, s.editor.old.Route
	part.Do(desk, func(ctx context.Context) (*known, error) {
		return ask(ctx, desk.Client(), route)
	}, func(k *known, err error) {
		if err != nil {
			return // without them nothing is signed anew, and the dialog says that the agent is away
		}
		s.scheme.Offer(k.schemes, k.schemes)
		s.secret.Offer(k.secrets, k.secrets)
		s.scheme.Choose(k.scheme)
		s.secret.Choose(k.secret)
		s.anew.Tick(k.scheme != "" && k.secret != "")
		s.enable()
	})
}

func ask(ctx context.Context, client *control.Client, route string) (*known, error) {
	routes, err := client.Routes(ctx)
	if err != nil {
		return nil, err
	}
	k := &known{}
	for _, r := range routes {
		if r.Name == route {
			k.scheme, k.secret = r.Verify, r.Secret
		}
		k.schemes = append(k.schemes, r.Verify)
	}
	// Senders and credentials are more to choose from; without them the route's stays.
	if senders, err := client.Senders(ctx); err == nil {
		for _, one := range senders {
			k.schemes = append(k.schemes, one.Scheme)
		}
	}
	if credentials, err := client.Credentials(ctx); err == nil {
		for _, c := range credentials {
			k.secrets = append(k.secrets, c.Name)
		}
	}
	k.secrets = append(k.secrets, k.secret)
	k.schemes, k.secrets = tidy(k.schemes), tidy(k.secrets)
	return k, nil
}

// tidy sorts names and takes out the empty ones and those that are there twice.
func tidy(names []string) []string {
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "" })
}

// chosen is how it is signed; nil is not at all.
func (s *signing) chosen() *control.Sign {
	if !s.anew.Checked || s.scheme.Value() == "" || s.secret.Value() == "" {
		return nil
	}
	return &control.Sign{Scheme: s.scheme.Value(), Secret: s.secret.Value()}
}
