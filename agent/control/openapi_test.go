package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// openAPI is what these tests read of the description.
type openAPI struct {
	Paths      map[string]map[string]describedOperation `json:"paths"`
	Components struct {
		Schemas   map[string]schema `json:"schemas"`
		Responses map[string]any    `json:"responses"`
	} `json:"components"`
}

type describedOperation struct {
	OperationID string `json:"operationId"`
	Parameters  []struct {
		Name, In string
		Required bool
	}
	RequestBody *struct {
		Content map[string]struct{ Schema schema }
	}
	Responses map[string]struct {
		Content map[string]struct{ Schema schema }
	}
}

type schema struct {
	Ref              string `json:"$ref"`
	Type             string
	Format           string
	ContentEncoding  string
	Properties       map[string]schema
	Required         []string
	Items, MaxItems  any
	AdditionalMember *bool `json:"additionalProperties"`
}

func readDescription(t testing.TB) *openAPI {
	t.Helper()
	d := new(openAPI)
	if err := json.Unmarshal(description, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// wildcard is a path as OpenAPI writes it.
func wildcard(path string) string { return strings.ReplaceAll(path, "...}", "}") }

func TestDescriptionHasTheOperations(t *testing.T) {
	var want, got []string
	for _, o := range NewServer(newFakeBackend(), discardLog()).operations(nil) {
		want = append(want, o.method+" "+wildcard(o.path))
	}
	ids := map[string]bool{}
	for path, methods := range readDescription(t).Paths {
		for method, o := range methods {
			got = append(got, strings.ToUpper(method)+" "+path)
			if o.OperationID == "" || ids[o.OperationID] {
				t.Errorf("%s %s: operationId %q is missing or there twice", method, path, o.OperationID)
			}
			ids[o.OperationID] = true
			for _, p := range o.Parameters {
				if in := strings.Contains(path, "{"+p.Name+"}"); (p.In == "path") != in || in && !p.Required {
					t.Errorf("%s %s: parameter %+v does not fit the path", method, path, p)
				}
			}
			if n := len(slices.DeleteFunc(o.Parameters, func(p struct {
				Name, In string
				Required bool
			},
			) bool {
				return p.In != "path"
			})); n != strings.Count(path, "{") {
				t.Errorf("%s %s: %d parameters are in the path", method, path, n)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-handlers +description):\n%s", diff)
	}
}

// described are the types that stand in the description, by their name there.
var described = map[string]any{
	"Status": Status{}, "Update": Update{}, "CredentialStore": CredentialStore{}, "Relay": Relay{}, "Claim": Claim{}, "Route": Route{},
	"Credential": Credential{}, "Value": Value{}, "Need": Need{}, "MoveCredentials": MoveCredentials{}, "Delivery": Delivery{}, "Attempt": Attempt{}, "Record": Record{}, "Event": Event{},
	"Replay": Replay{}, "Sign": Sign{}, "RouteTest": RouteTest{}, "RouteResult": RouteResult{}, "Plan": Plan{}, "Given": Given{},
	"Pause": Pause{}, "PauseRequest": pauseRequest{}, "Checkup": Checkup{}, "Finding": Finding{}, "Report": Report{}, "System": System{}, "StateCount": StateCount{}, "Problem": Problem{},
	"Relays": relaysAnswer{}, "Claims": claimsAnswer{}, "Routes": routesAnswer{}, "Credentials": credentialsAnswer{},
	"Trace": Trace{}, "TracePart": TracePart{}, "Notification": Notification{},
	"Configuration": Configuration{}, "ConfigEntry": ConfigEntry{}, "ConfigProblem": ConfigProblem{}, "ConfigEdit": ConfigEdit{}, "ConfigChange": ConfigChange{}, "ConfigChanged": ConfigChanged{},
	"Approved": Approved{}, "ApproveRequest": approveRequest{}, "ApproveAnswer": approveAnswer{},
	"RouteResults": routeTestAnswer{}, "Deliveries": deliveriesAnswer{}, "Outline": Outline{},
	"Action": Action{}, "RelayTest": RelayTest{}, "RelayLine": relayLine{}, "RelayStep": RelayStep{}, "RelayVerdict": RelayVerdict{},
	"Templates": templatesAnswer{}, "Template": Template{}, "Question": Question{}, "TemplateAnswers": TemplateAnswers{}, "TemplateFilled": TemplateFilled{},
	"Senders": sendersAnswer{}, "Sender": Sender{}, "TestSend": TestSend{}, "TestSent": TestSent{},
}

func TestDescriptionHasTheTypes(t *testing.T) {
	schemas := readDescription(t).Components.Schemas
	for name := range schemas {
		if _, ok := described[name]; !ok && name != "Field" {
			t.Errorf("schema %q describes no type", name)
		}
	}
	for name, v := range described {
		t.Run(name, func(t *testing.T) {
			want := map[string]string{}
			var required []string
			collectFields(reflect.TypeOf(v), want, &required)
			got := map[string]string{}
			for member, s := range schemas[name].Properties {
				got[member] = kindOf(s)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("members (-type +description):\n%s", diff)
			}
			described := slices.Sorted(slices.Values(schemas[name].Required))
			slices.Sort(required)
			if diff := cmp.Diff(required, described); diff != "" {
				t.Errorf("required (-type +description):\n%s", diff)
			}
		})
	}
}

// kindOf is what a schema is, in one word.
func kindOf(s schema) string {
	switch {
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, "#/components/schemas/")
	case s.ContentEncoding != "":
		return s.ContentEncoding
	case s.Format == "date-time":
		return s.Format
	}
	return s.Type
}

// collectFields lists the members that a type has in JSON.
func collectFields(of reflect.Type, kinds map[string]string, required *[]string) {
	for f := range of.Fields() {
		if f.Anonymous {
			collectFields(f.Type, kinds, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		kinds[name] = kindOfType(f.Type)
		if options == "" {
			*required = append(*required, name)
		}
	}
}

func kindOfType(of reflect.Type) string {
	switch {
	case of == reflect.TypeFor[time.Time]():
		return "date-time"
	case of == reflect.TypeFor[[]byte]():
		return "base64"
	}
	switch of.Kind() {
	case reflect.Pointer:
		return kindOfType(of.Elem())
	case reflect.Struct:
		return of.Name()
	case reflect.Slice:
		return "array"
	case reflect.Map:
		return "object"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "integer"
	}
	return of.Kind().String()
}

func TestDescriptionHasTheParameters(t *testing.T) {
	for path, want := range map[string][]string{
		"/v1/deliveries":         queryParameters[:],
		"/v1/deliveries/outline": outlineParameters[:],
		"/v1/deliveries/export":  append([]string{"format", "redact"}, queryParameters[:len(queryParameters)-1]...),
	} {
		var got []string
		for _, p := range readDescription(t).Paths[path]["get"].Parameters {
			got = append(got, p.Name)
		}
		slices.Sort(got)
		if diff := cmp.Diff(slices.Sorted(slices.Values(want)), got); diff != "" {
			t.Errorf("parameters of %s (-handler +description):\n%s", path, diff)
		}
	}
}

// TestUnknownParameters: none is overlooked, by no operation.
func TestUnknownParameters(t *testing.T) {
	srv := startServer(t, newFakeBackend(), nil)
	for _, o := range NewServer(nil, discardLog()).operations(nil) {
		target := strings.NewReplacer("{id}", "x", "{name}", "x", "{name...}", "x").Replace(o.path)
		for _, query := range []string{"?nonsense=1", "?nonsense=1&nonsense=2", "?%zz"} {
			if status, text := ask(t, srv, o.method, target+query, ""); status != http.StatusBadRequest || !strings.Contains(text, "query parameter") {
				t.Errorf("%s %s: %d %s", o.method, target+query, status, text)
			}
		}
	}
}

func TestDescriptionIsWhole(t *testing.T) {
	d := readDescription(t)
	for part := range strings.SplitSeq(string(description), `"$ref": "`) {
		ref, _, _ := strings.Cut(part, `"`)
		kind, name, ok := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
		if !ok || !strings.HasPrefix(ref, "#/") {
			continue // what stands before the first
		}
		_, isSchema := d.Components.Schemas[name]
		_, isResponse := d.Components.Responses[name]
		if kind == "schemas" && !isSchema || kind == "responses" && !isResponse {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	srv := startServer(t, newFakeBackend(), nil)
	resp, body := exchange(t, srv.path, "GET /v1/openapi.json HTTP/1.1\r\nHost: homehook\r\n\r\n")
	if resp.StatusCode != 200 || body != string(description) {
		t.Errorf("status %d, %d bytes", resp.StatusCode, len(body))
	}
}

// answered is what the servers of all tests have answered.
var answered = &answers{seen: map[string]bool{}}

// answers collects statuses of operations, to be held against the description
// when all tests have run.
type answers struct {
	mu   sync.Mutex
	seen map[string]bool
	mux  *http.ServeMux
}

func (a *answers) add(r *http.Request, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.mux == nil {
		a.mux = http.NewServeMux()
		for _, o := range NewServer(nil, discardLog()).operations(nil) {
			a.mux.HandleFunc(o.method+" "+o.path, func(http.ResponseWriter, *http.Request) {})
		}
	}
	ask := httptest.NewRequest(r.Method, "/", nil)
	ask.URL = r.URL
	// What is wrong with a path or a head is the same for all operations.
	common := status == http.StatusMethodNotAllowed || status == http.StatusRequestHeaderFieldsTooLarge || path.Clean(ask.URL.Path) != ask.URL.Path
	if _, pattern := a.mux.Handler(ask); pattern != "" && !common {
		a.seen[pattern+" "+strconv.Itoa(status)] = true
	}
}

// undocumented says which statuses the description lacks.
func (a *answers) undocumented() error {
	d := new(openAPI)
	if err := json.Unmarshal(description, d); err != nil {
		return err
	}
	var errs []error
	for _, s := range slices.Sorted(maps.Keys(a.seen)) {
		part := strings.Fields(s) // method, path, status
		if _, ok := d.Paths[wildcard(part[1])][strings.ToLower(part[0])].Responses[part[2]]; !ok {
			errs = append(errs, fmt.Errorf("%s %s was answered with %s, which openapi.json does not say", part[0], part[1], part[2]))
		}
	}
	return errors.Join(errs...)
}

// witness notes what a client is answered.
type witness struct{ http.RoundTripper }

func (w witness) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.RoundTripper.RoundTrip(r)
	if err == nil {
		answered.add(r, resp.StatusCode)
	}
	return resp, err
}

// CloseIdleConnections is looked for by the client.
func (w witness) CloseIdleConnections() {
	if c, ok := w.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// TestPageHasTheOperations holds the page for people to the handlers.
func TestPageHasTheOperations(t *testing.T) {
	page, err := os.ReadFile("../../docs/control-api.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, o := range NewServer(nil, discardLog()).operations(nil) {
		want = append(want, o.method+" "+wildcard(o.path))
	}
	for line := range strings.Lines(string(page)) {
		if title, ok := strings.CutPrefix(line, "## "); ok && strings.Contains(title, "/v1/") {
			got = append(got, strings.TrimSpace(title))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-handlers +page):\n%s", diff)
	}
}
