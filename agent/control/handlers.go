package control

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Answers that list something are objects, so that they can gain members.
type (
	relaysAnswer struct {
		Relays []Relay `json:"relays"`
	}
	claimsAnswer struct {
		Claims []Claim `json:"claims"`
	}
	routesAnswer struct {
		Routes []Route `json:"routes"`
	}
	deliveriesAnswer struct {
		Deliveries []Delivery `json:"deliveries"`
		// Next is the cursor of the next page; empty on the last.
		Next string `json:"next"`
	}
)

// endpoint answers one request. An error it returns becomes a problem document;
// it has then written nothing.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// bare is an endpoint that takes no parameters.
func bare(answer endpoint) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, err := parseFlags(r.URL.RawQuery, nil); err != nil {
			return err
		}
		return answer(w, r)
	}
}

// operation is one method of one path.
type operation struct {
	method, path string
	limit        int64 // bytes of a request's body
	answer       endpoint
}

// operations is the whole API; its event streams end when ending is closed. The
// description in openapi.json has the same.
func (s *Server) operations(ending <-chan struct{}) []operation {
	return []operation{
		{http.MethodGet, "/v1/status", 0, bare(s.status)},
		{http.MethodGet, "/v1/relays", 0, bare(s.relays)},
		{http.MethodPost, "/v1/relays/test", maxCredential + maxSmall, bare(s.testRelay)},
		{http.MethodGet, "/v1/senders", 0, bare(s.senders)},
		{http.MethodGet, "/v1/templates", 0, bare(s.templates)},
		{http.MethodPost, "/v1/templates/fill", maxAnswers, bare(s.fillTemplate)},
		{http.MethodPost, "/v1/send", maxTestSend, bare(s.sendTest)},
		{http.MethodGet, "/v1/claims", 0, bare(s.claims)},
		{http.MethodDelete, "/v1/claims/{name}", 0, s.releaseClaim},
		{http.MethodGet, "/v1/routes", 0, bare(s.routes)},
		{http.MethodPost, "/v1/routes/test", maxRouteTest, bare(s.routeTest)},
		{http.MethodPost, "/v1/routes/approve", maxSmall, bare(s.approveRoute)},
		{http.MethodGet, "/v1/config", 0, bare(s.configuration)},
		{http.MethodPost, "/v1/config", maxChange, bare(s.changeConfiguration)},
		{http.MethodGet, "/v1/credentials", 0, bare(s.credentials)},
		{http.MethodPut, "/v1/credentials/{name...}", maxCredential, s.setCredential},
		{http.MethodDelete, "/v1/credentials/{name...}", 0, s.removeCredential},
		{http.MethodPost, "/v1/credentials-store", maxSmall, bare(s.moveCredentials)},
		{http.MethodGet, "/v1/deliveries", 0, s.deliveries},
		{http.MethodGet, "/v1/deliveries/outline", 0, s.outline},
		{http.MethodGet, "/v1/deliveries/export", 0, s.export},
		{http.MethodGet, "/v1/deliveries/{id}", 0, bare(s.delivery)},
		{http.MethodGet, "/v1/deliveries/{id}/export", 0, s.export},
		{http.MethodPost, "/v1/deliveries/{id}/replay", maxReplay, bare(s.replay)},
		{http.MethodPost, "/v1/deliveries/{id}/retry", maxSmall, bare(s.retry)},
		{http.MethodGet, "/v1/pause", 0, bare(s.paused)},
		{http.MethodPost, "/v1/pause", maxSmall, bare(s.pause)},
		{http.MethodDelete, "/v1/pause", 0, bare(s.resume)},
		{http.MethodGet, "/v1/doctor", 0, s.doctor},
		{http.MethodPost, "/v1/doctor/fix", maxSmall, bare(s.fix)},
		{http.MethodPost, "/v1/doctor/report", maxCheckup, bare(s.report)},
		{http.MethodGet, "/v1/events", 0, func(w http.ResponseWriter, r *http.Request) error {
			return s.events(w, r, ending)
		}},
		{http.MethodGet, "/v1/openapi.json", 0, bare(describe)},
	}
}

// handler serves the operations to those who may ask.
func (s *Server) handler(ending <-chan struct{}) http.Handler {
	table := make(map[string]map[string]operation)
	for _, o := range s.operations(ending) {
		if table[o.path] == nil {
			table[o.path] = make(map[string]operation)
		}
		table[o.path][o.method] = o
	}
	mux := http.NewServeMux()
	for path, methods := range table {
		mux.Handle(path, byMethod(methods))
	}
	mux.HandleFunc("/", noSuchPath)
	return s.guard(mux)
}

// byMethod picks the operation; HEAD is GET without its body.
func byMethod(methods map[string]operation) http.Handler {
	var allow []string
	for method := range methods {
		allow = append(allow, method)
		if method == http.MethodGet {
			allow = append(allow, http.MethodHead)
		}
	}
	slices.Sort(allow)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		o, ok := methods[method]
		if !ok {
			w.Header().Set("Allow", strings.Join(allow, ", "))
			newProblem(http.StatusMethodNotAllowed, codeMethod, "%s does not take %s; it takes %s",
				clip(r.URL.Path), clip(r.Method), strings.Join(allow, ", ")).write(w)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, o.limit)
		if err := o.answer(w, r); err != nil {
			problemFor(err).write(w)
		}
	})
}

func noSuchPath(w http.ResponseWriter, r *http.Request) {
	newProblem(http.StatusNotFound, codeNotFound, "the control API of this agent has no %s", clip(r.URL.Path)).write(w)
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) error {
	st := s.backend.Status()
	st.Relays, st.Claims, st.Findings = orEmpty(st.Relays), orEmpty(st.Claims), orEmpty(st.Findings)
	return writeJSON(w, st)
}

func (s *Server) relays(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, relaysAnswer{orEmpty(s.backend.Relays())})
}

func (s *Server) claims(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, claimsAnswer{orEmpty(s.backend.Claims())})
}

func (s *Server) routes(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, routesAnswer{orEmpty(s.backend.Routes())})
}

func (s *Server) releaseClaim(w http.ResponseWriter, r *http.Request) error {
	discard, err := parseFlags(r.URL.RawQuery, map[string]bool{"discard": false})
	if err != nil {
		return err
	}
	return noContent(w, s.backend.ReleaseClaim(r.Context(), r.PathValue("name"), discard["discard"]))
}

func (s *Server) deliveries(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	page, next, err := s.backend.Deliveries(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, deliveriesAnswer{orEmpty(page), next})
}

func (s *Server) delivery(w http.ResponseWriter, r *http.Request) error {
	rec, err := s.backend.Delivery(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, rec.filled())
}

func noContent(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

// writeJSON encodes before it writes, so that an error can still be answered.
func writeJSON(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(body, '\n')) // a reader that is gone needs no answer
	return nil
}

// orEmpty makes a missing list encode as [] instead of null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
