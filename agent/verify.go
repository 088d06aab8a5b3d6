package agent

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"homehook/http1"
	"homehook/routes"
	"homehook/routes/signature"
)

// verdict is what a check of the sender came to.
type verdict struct {
	no      *rejection // the sender is not who it should be
	missing error      // it could not be checked: a credential of ours is not there
	mark    string     // what is worth knowing of a delivery that passed
}

// verify checks who sent a delivery. The age of a signature is judged by the
// time at which the relay received the request, so that one that had to wait
// there is as good as one that came at once. For a delivery that does come at
// once that time cannot be far from now: a relay could let old ones pass
// otherwise.
func (in *inbox) verify(route *routes.Route, d routes.Delivery, n *note, body []byte, now time.Time) (v verdict) {
	received, told := n.claimed()
	if !told {
		received = now
	}
	apart := received.Sub(now)
	if scheme, ok := signature.Find(route.Scheme()); ok && scheme.Timed() && apart.Abs() > maxApart {
		if !n.backlog {
			v.no = refused(fmt.Sprintf("the relay says that it received this %s, so the age of the signature cannot be known; one of the clocks is wrong", fromNow(apart)))
			return v
		}
		v.mark = fmt.Sprintf("unverified time: the relay says that it received this %s", fromNow(apart))
	}
	d.Received = received
	err := route.Verify(&d, body, in.secret)
	if _, ours := errors.AsType[*routes.SecretError](err); ours {
		v.missing = err
	} else if err != nil {
		v.no = refused("not verified: " + err.Error())
	}
	return v
}

// refused is the rejection of a sender. It is not told more than that: what is
// wrong helps those only who try.
func refused(reason string) *rejection {
	return &rejection{401, "the signature of this request is missing or not valid", reason}
}

// fromNow says how far a time is from this machine's clock.
func fromNow(apart time.Duration) string {
	if apart < 0 {
		return fmt.Sprintf("%s before this machine's time", (-apart).Round(time.Second))
	}
	return fmt.Sprintf("%s after this machine's time", apart.Round(time.Second))
}

// verifyThrough checks the sender of a delivery that is not written down before
// it runs. The body is read whole for that, and is there from memory for the
// handler. free gives its memory back, once the handler has ended.
func (in *inbox) verifyThrough(k *keeper, x *http1.Exchange, route *routes.Route, d *routes.Delivery, n *note) (no *rejection, free func()) {
	b, no := in.readBody(k, x, senderPace)
	free = b.share.end
	if no != nil {
		return no, free
	}
	req, err := http1.ParseRequest(x.Request.Raw(), bytes.NewReader(b.bytes), int64(len(b.bytes)))
	if err != nil {
		return &rejection{400, "the request cannot be read", err.Error()}, free
	}
	req.Target = x.Request.Target
	x.Request, d.Request = req, req
	v := in.verify(route, *d, n, b.bytes, time.Now())
	if v.missing != nil {
		return &rejection{503, "this address cannot check who sends just now", v.missing.Error()}, free
	}
	return v.no, free
}

// secret returns the value of a credential.
func (in *inbox) secret(name string) ([]byte, error) {
	v, err := in.credential(name)
	return []byte(v), err
}
