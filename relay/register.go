package relay

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"time"

	"homehook/http1"
	"homehook/ptth"
)

// maxForm is the longest form that an agent may send, in bytes.
const maxForm = 64 << 10

var (
	errForm      = refuse(400, "the parameters are malformed; send them as application/x-www-form-urlencoded")
	errNoName    = refuse(400, "the parameter name is missing")
	errLease     = refuse(400, "the parameter lease is not a whole number of seconds")
	errNoToken   = refuse(401, "a token of this relay is needed, as the parameter token or as a bearer")
	errNotAToken = refuse(401, "the token is none of this relay's, or it is revoked")
	errWeakToken = refuse(400, "the parameter token is no secret, or longer than 256 characters")
)

// register gives an agent a name, or tells it that it has it still.
func (v *visitor) register(ctx context.Context) *refusal {
	form, ref := v.form()
	if ref != nil {
		return ref
	}
	w := registerWish{addr: v.counted}
	if w.lease, ref = leaseIn(form); ref != nil {
		return ref
	}
	if form.Get("name") == "" {
		return errNoName
	}
	name, err := claimName(form.Get("name"))
	if err != nil {
		return asRefusal(err)
	}
	w.name = name
	if ref := v.identify(ctx, form, &w); ref != nil {
		return ref
	}
	g, secret, made, err := v.relay.dir.register(ctx, w)
	if err != nil {
		var ref *refusal
		if !errors.As(err, &ref) {
			v.relay.log.Error("register name", keyClaim, name, keyError, err)
		}
		return asRefusal(err)
	}
	wishes := ptth.Wishes(v.x.Request, ptth.DialectReverseHTTP)
	g.ours.Store(wishes.Ours)
	status := 204
	if made {
		status = 201
	}
	v.empty(status, func(w *http1.Writer) {
		v.addresses(w, g, secret)
		grantPolls(w, wishes, g.claim.pool.links)
	})
	return nil
}

// addresses writes where a registration can be reached. The agents in use split
// the one Link field at the comma, and look for relations in quotes.
func (v *visitor) addresses(w *http1.Writer, g *registration, secret string) {
	private := v.privateAddress(g, secret)
	public := v.relay.where.claimURLs(string(v.place.host), v.secure).of(g.claim.name)
	w.Field("Link", "<"+private+"/"+newRequestID(secret)+`>; rel="first", <`+public+`>; rel="related"`)
	w.Field("Location", private)
	openToPages(w)
	w.Field("Cache-Control", "no-store")
}

// identify finds whose token the agent shows. What looks like a token of the
// relay's never gets a name as if there was none: the agent would not see that
// its own name is lost to it.
func (v *visitor) identify(ctx context.Context, form url.Values, w *registerWish) *refusal {
	shown := []string{string(bearer(v.x.Request)), form.Get("token")}
	for _, token := range shown {
		if token == "" {
			continue
		}
		t, err := v.relay.dir.token(ctx, []byte(token))
		if err == nil {
			w.owner, w.token = t, token
			return nil
		}
		if !errors.Is(err, errBadToken) {
			return asRefusal(err)
		}
	}
	switch {
	case shown[0] != "", strings.HasPrefix(shown[1], tokenPrefix), len(shown[1]) > maxToken:
		return v.notAToken(w.name)
	case v.relay.opts.Open:
		w.open, w.owner, w.token = true, v.relay.dir.openOwner(), shown[1]
		if w.owner == nil {
			return errNotNow
		}
		return nil
	case shown[1] == "":
		return errNoToken
	}
	return v.notAToken(w.name)
}

// notAToken refuses a token that is none of the relay's: for a name that is
// taken as any token but its owner's is refused, for others as at every door.
func (v *visitor) notAToken(name string) *refusal {
	if v.relay.dir.claim([]byte(name)) != nil {
		return errNotYours
	}
	return errNotAToken
}

// updateRegistration changes the lease of a registration, and the token that
// it can be claimed with again. A new token changes the secret in the URLs.
func (v *visitor) updateRegistration(ctx context.Context, g *registration, secret string) *refusal {
	form, ref := v.form()
	if ref != nil {
		return ref
	}
	w := registerWish{open: g.claim.record().Token == openToken, token: form.Get("token")}
	if w.lease, ref = leaseIn(form); ref != nil {
		return ref
	}
	renew := w.token != "" && hashToken(w.token) != g.record().Token
	switch {
	case renew && !w.open:
		return errNotYours
	case renew && (!isOwn(w.token) || len(w.token) > maxToken):
		return errWeakToken
	}
	salt := newSalt()
	err := v.relay.dir.update(ctx, g, func(rec *registrationRecord) {
		rec.Lease = w.leaseOf(rec.Lease)
		if renew {
			secret = secretOf(w.token, salt)
			rec.Token, rec.Salt, rec.Secret = hashToken(w.token), salt, hashToken(secret)
		}
	})
	if err != nil {
		return asRefusal(err)
	}
	v.empty(204, func(w *http1.Writer) { v.addresses(w, g, secret) })
	return nil
}

// form reads the parameters of a request, in its body or in its query; the
// body comes first.
func (v *visitor) form() (url.Values, *refusal) {
	r := v.x.Request
	r.Body.SetLimit(maxForm)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, v.senderBroke(err)
	}
	_, query := r.PathQuery()
	form, err := url.ParseQuery(strings.TrimSpace(string(body)))
	if err != nil {
		return nil, errForm
	}
	more, err := url.ParseQuery(string(query))
	if err != nil {
		return nil, errForm
	}
	for name, values := range more {
		form[name] = append(form[name], values...)
	}
	return form, nil
}

// leaseIn reads the lease that is asked for; 0 for none. What is out of bounds
// comes to the nearest that is not.
func leaseIn(form url.Values) (time.Duration, *refusal) {
	s := form.Get("lease")
	if s == "" {
		if form.Has("lease") {
			return 0, errLease
		}
		return 0, nil
	}
	digits := strings.TrimLeft(s, "+-")
	if digits == "" || len(s)-len(digits) > 1 || strings.Trim(digits, "0123456789") != "" {
		return 0, errLease
	}
	n := int64(0)
	for _, c := range []byte(digits) {
		if n = n*10 + int64(c-'0'); n > int64(maxLease/time.Second) {
			n = int64(maxLease / time.Second)
			break
		}
	}
	if s[0] == '-' {
		n = 0
	}
	return max(time.Duration(n)*time.Second, minLease), nil
}
