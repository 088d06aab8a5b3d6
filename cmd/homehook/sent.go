package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"homehook/agent/control"
)

const (
	// arriveTime is how long a delivery is looked for that has been sent, every
	// arriveEvery: the agent may take it in behind the relay's answer.
	arriveTime  = time.Second
	arriveEvery = 50 * time.Millisecond

	// arriveLook is how many of a claim's newest deliveries are looked at.
	arriveLook = 50
)

// sighting is a look at the place in the agent's history where a request will turn up that is
// about to be sent. The relay gives the delivery its id and tells it to the agent
// alone. A nil one finds nothing.
type sighting struct {
	client *control.Client
	query  control.Query
	path   string // with its query
	sum    string // SHA-256 of the body, in hex
	before map[string]bool
}

// watch prepares to find the delivery that req will be, nil where that is none
// of this agent's claims, or no agent runs.
func (a *app) watch(ctx context.Context, req *http.Request, body []byte) *sighting {
	client, p, err := a.client()
	if err != nil {
		return nil
	}
	at := &sighting{client: client, before: make(map[string]bool)}
	claims, err := client.Claims(ctx)
	for i := range claims {
		if path, ok := below(req.URL, claims[i].URL); ok {
			at.query = control.Query{Claim: claims[i].Name, Method: req.Method, Limit: arriveLook}
			at.path = path
		}
	}
	if err != nil || at.query.Claim == "" || recordingOff(p.Config) {
		client.Close()
		return nil
	}
	sum := sha256.Sum256(body)
	at.sum = hex.EncodeToString(sum[:])
	// An equal one that is there already is another.
	for _, d := range at.matching(ctx) {
		at.before[d.ID] = true
	}
	return at
}

// below is what is left of a URL below that of a claim, which ends in a slash.
func below(u *url.URL, claim string) (path string, ok bool) {
	base, err := url.Parse(claim)
	if err != nil || claim == "" || !strings.EqualFold(base.Host, u.Host) || base.Scheme != u.Scheme {
		return "", false
	}
	rest, ok := strings.CutPrefix(u.EscapedPath()+"/", strings.TrimSuffix(base.EscapedPath(), "/")+"/")
	if !ok {
		return "", false
	}
	path = "/" + strings.TrimSuffix(rest, "/")
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path, true
}

// matching lists the newest deliveries that are as what is sent.
func (at *sighting) matching(ctx context.Context) (found []control.Delivery) {
	page, _, err := at.client.Deliveries(ctx, at.query)
	if err != nil {
		return nil // the answer is what the user wants to see
	}
	for i := range page {
		if d := &page[i]; target(d) == at.path && (d.BodySHA256 == at.sum || d.BodySHA256 == "") {
			found = append(found, *d)
		}
	}
	return found
}

// find returns the delivery as it is when nothing of it is under way any more,
// nil when none has come. With patience it gives the agent some time for both.
func (at *sighting) find(ctx context.Context, patience bool) (found *control.Delivery) {
	if at == nil {
		return nil
	}
	late := time.After(arriveTime)
	for {
		for _, d := range at.matching(ctx) {
			if !at.before[d.ID] {
				found = &d
				break // the newest
			}
		}
		if !patience || found != nil && !underWay(found) {
			return found
		}
		select {
		case <-ctx.Done():
			return found
		case <-late:
			return found
		case <-time.After(arriveEvery):
		}
	}
}

func (at *sighting) close() {
	if at != nil {
		at.client.Close()
	}
}
