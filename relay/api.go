package relay

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// maxAPIBody is the longest body of a request to the claims API, in bytes.
const maxAPIBody = 64 << 10

// claimJSON is a claim as the claims API shows it: its settings as they are in
// force.
type claimJSON struct {
	Name        string        `json:"name"`
	URL         string        `json:"url"`
	Answer      string        `json:"answer"`
	HoldMS      int           `json:"hold_ms"`
	MaxBody     int64         `json:"max_body"`
	Accepted    *acceptedJSON `json:"accepted,omitempty"` // absent for the relay's own
	Sender      *senderJSON   `json:"sender,omitempty"`
	Queue       queueJSON     `json:"queue"`
	Connected   bool          `json:"connected"`
	Links       int           `json:"links"`
	Queued      int           `json:"queued"` // deliveries that wait in the queue
	QueuedBytes int64         `json:"queued_bytes"`
	Waiting     int           `json:"waiting"` // requests that wait for a link
	Created     time.Time     `json:"created"`
}

// api is the claims API: what a token's holder may see and change.
//
//	GET    /api/claims          the token's claims, an array
//	PUT    /api/claims/{name}   create a claim or change its settings
//	DELETE /api/claims/{name}   release a claim and drop its links; 409 while
//	                            deliveries wait in the queue, but ?discard=true
func (r *Relay) api(secure bool) http.Handler {
	if secure {
		return r.apiTLS
	}
	return r.apiPlain
}

func (r *Relay) newAPI(secure bool) http.Handler {
	mux := http.NewServeMux()
	with := func(f func(http.ResponseWriter, *http.Request, *tokenRecord, claimURLs) error) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			t, err := r.dir.token(q.Context(), bearerOf(q))
			if err == nil {
				if r.opts.Version != "" {
					w.Header().Set("Homehook-Relay-Version", r.opts.Version)
				}
				err = f(w, q, t, r.where.claimURLs(q.Host, secure))
			}
			if err != nil {
				r.problem(w, q, err)
			}
		}
	}
	mux.HandleFunc("GET /api/claims", with(r.listClaims))
	mux.HandleFunc("PUT /api/claims/{name}", with(r.putClaim))
	mux.HandleFunc("DELETE /api/claims/{name}", with(r.deleteClaim))
	mux.HandleFunc("/api/", func(w http.ResponseWriter, q *http.Request) {
		r.problem(w, q, refuse(404, "there is no such resource; the claims are at /api/claims"))
	})
	return mux
}

func (r *Relay) listClaims(w http.ResponseWriter, _ *http.Request, t *tokenRecord, urls claimURLs) error {
	all := []claimJSON{}
	for _, c := range r.dir.held(t) {
		all = append(all, r.json(c, urls))
	}
	return writeJSON(w, 200, all)
}

func (r *Relay) putClaim(w http.ResponseWriter, q *http.Request, t *tokenRecord, urls claimURLs) error {
	name, err := claimName(q.PathValue("name"))
	if err != nil {
		return err
	}
	set, err := readSettings(q.Body)
	if err != nil {
		return err
	}
	c, err := r.dir.put(q.Context(), claimRecord{
		Name: name, Token: t.Name, Answer: set.Answer, MaxBody: set.MaxBody, More: set.moreSettings,
	})
	if err != nil {
		return err
	}
	return writeJSON(w, 200, r.json(c, urls))
}

func (r *Relay) deleteClaim(w http.ResponseWriter, q *http.Request, t *tokenRecord, _ claimURLs) error {
	name, err := claimName(q.PathValue("name"))
	if err != nil {
		return errNoClaim
	}
	discard := q.URL.Query().Get("discard") == "true"
	if err := r.dir.release(q.Context(), name, t.Name, discard); err != nil {
		return err
	}
	w.WriteHeader(204)
	return nil
}

// json describes a claim.
func (r *Relay) json(c *claim, urls claimURLs) claimJSON {
	rec, does, links := c.record(), c.plan(), c.links()
	items, bytes := r.dir.queued(c.name)
	return claimJSON{
		Name: c.name, URL: urls.of(c.name), Answer: rec.Answer, HoldMS: int(does.hold / time.Millisecond),
		MaxBody: rec.MaxBody, Accepted: rec.More.Accepted, Sender: rec.More.Sender,
		Queue: queueJSON{
			MaxItems: does.limits.Items, MaxBytes: does.limits.Bytes, MaxAgeS: int64(does.limits.Age / time.Second),
		},
		Connected: links > 0, Links: links, Queued: items, QueuedBytes: bytes, Waiting: c.waiting(),
		Created: rec.Created.UTC(),
	}
}

func bearerOf(q *http.Request) []byte {
	values := q.Header.Values("Authorization")
	if len(values) != 1 {
		return nil
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	return []byte(strings.TrimSpace(token))
}

// problemJSON is an error document (RFC 9457).
type problemJSON struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (r *Relay) problem(w http.ResponseWriter, q *http.Request, err error) {
	var ref *refusal
	if !errors.As(err, &ref) {
		if !errors.Is(err, context.Canceled) {
			r.log.Error("answer claims API", keyMethod, q.Method, keyPath, q.URL.Path, keyError, err)
		}
		ref = errNotNow
	}
	if ref.status == 401 {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	writeJSON(w, ref.status, problemJSON{"about:blank", http.StatusText(ref.status), ref.status, ref.detail})
}

func writeJSON(w http.ResponseWriter, status int, value any) error {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.WriteHeader(status)
	w.Write(append(text, '\n')) // a write that fails ends the connection
	return nil
}
