package imports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"homehook/routes"
)

// runsFor is how long an imported command may run. Webhook sets no limit, and
// the usual minute would end what has worked so far.
const runsFor = routes.Duration(time.Hour)

// notMet is webhook's answer where rules are not met.
const notMet = "Hook rules were not satisfied."

// routes makes the routes of a hook.
func (i *importer) routes(item *Item, h *hook, base string) error {
	pattern, err := i.pattern(string(h.ID))
	if err != nil {
		return err
	}
	v := newValues(item, h)
	if err := checkJSON(h); err != nil {
		return err
	}
	script, err := i.script(item, h, v, base)
	if err != nil {
		return err
	}
	ways, err := v.ways(h.Rule)
	if err != nil {
		return err
	}
	v.inlineSecrets(h.Rule)
	item.Path = pattern
	name := strings.TrimPrefix(strings.Trim(i.options.Prefix, "/")+"/"+string(h.ID), "/")
	method, guard := i.methods(h)
	if guard != "" {
		item.Routes = append(item.Routes, i.answer(name+": other methods", pattern, guard, &routes.RespondSpec{Status: http.StatusMethodNotAllowed}))
	}
	match := pattern
	if method != "" {
		match = method + " " + pattern
	}
	open := false
	for n, w := range ways {
		spec := routes.Spec{Name: name, Claim: i.options.Claim, Match: match, Script: script, When: when(w.when)}
		if n > 0 {
			spec.Name = fmt.Sprintf("%s %d", name, n+1)
		}
		i.verify(item, &spec, &w)
		i.answers(item, h, &spec)
		item.Routes = append(item.Routes, spec)
		open = w.when == always
	}
	if !open {
		item.Routes = append(item.Routes, i.mismatch(h, name, pattern))
	}
	i.advice(item, h, ways)
	return nil
}

// when writes a condition into a route; one that is always met stands in none.
func when(e expr) string {
	if e == always {
		return ""
	}
	return e.text
}

// checkJSON refuses what webhook itself does not survive.
func checkJSON(h *hook) error {
	for _, a := range h.JSON {
		switch source := sourceOf(a); {
		case source != "header" && source != "query" && source != "payload":
			return fmt.Errorf("parse-parameters-as-json has source %q, and only header, query and payload hold texts to parse", a.Source)
		case strings.Contains(string(a.Name), "."):
			return fmt.Errorf("parse-parameters-as-json names %q, and webhook answers every such request with an error for the dot in it", a.Name)
		}
	}
	return nil
}

// methods says which method the route matches, and the condition under which
// the request has none of those that the hook takes.
func (i *importer) methods(h *hook) (method, guard string) {
	list := i.options.Methods
	if len(h.Methods) > 0 {
		list = nil
		for _, m := range h.Methods {
			list = append(list, string(m))
		}
	}
	var names []string
	for _, m := range list {
		if m = strings.ToUpper(strings.TrimSpace(m)); !slices.Contains(names, quoted(m)) {
			names = append(names, quoted(m))
		}
	}
	switch len(names) {
	case 0:
		return "", ""
	case 1:
		method = strings.Trim(names[0], `"`)
		if method == "GET" {
			method = "" // a pattern for GET takes HEAD as well
		}
		return method, "method != " + names[0]
	}
	return "", "not (method in [" + strings.Join(names, ", ") + "])"
}

// answer is a route that answers and runs nothing.
func (i *importer) answer(name, match, when string, r *routes.RespondSpec) routes.Spec {
	return routes.Spec{Name: name, Claim: i.options.Claim, Match: match, Unverified: true, When: when, Respond: r}
}

// mismatch answers requests that do not meet the rules of a hook.
func (i *importer) mismatch(h *hook, name, match string) routes.Spec {
	r := &routes.RespondSpec{Status: known(h.MismatchStatus), Body: notMet, Headers: i.headers(nil)}
	if !hasBody(r.Status) {
		r.Body = ""
	}
	return i.answer(name+": rules not met", match, "", r)
}

// known is a status, or 200 for one that webhook does not know.
func known(status int) int {
	if http.StatusText(status) == "" || status < 200 {
		return http.StatusOK
	}
	return status
}

func hasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// headers are the fields of an answer: those of all answers, and then these.
func (i *importer) headers(own []nameText) map[string]string {
	var fields map[string]string
	set := func(name, value string) {
		if fields == nil {
			fields = map[string]string{}
		}
		for have := range maps.Keys(fields) {
			if strings.EqualFold(have, name) {
				delete(fields, have)
			}
		}
		fields[name] = literal(value)
	}
	for _, h := range i.options.Headers {
		set(h[0], h[1])
	}
	for _, h := range own {
		set(string(h.Name), string(h.Value))
	}
	return fields
}

// verify puts the check of a way into a route, and its secrets into the report.
func (i *importer) verify(item *Item, spec *routes.Spec, w *way) {
	switch {
	case w.check != nil:
		check := w.check.spec
		names := i.keep(item, w.check.values)
		if check.From = w.from; len(names) == 1 {
			check.Secret = names[0]
		} else {
			check.Secrets = names
		}
		spec.Verify = &check
	case w.from != nil:
		spec.Verify = &routes.VerifySpec{Scheme: "ip", From: w.from}
	default:
		spec.Unverified = true
	}
}

// keep sets secrets aside under names of their own.
func (i *importer) keep(item *Item, values []string) (names []string) {
	for _, value := range values {
		name := "import/" + slug(item.Name)
		for n := 2; i.credentials[name]; n++ {
			name = fmt.Sprintf("import/%s-%d", slug(item.Name), n)
		}
		i.credentials[name] = true
		i.report.secrets[name] = value
		item.Secrets, names = append(item.Secrets, name), append(names, name)
	}
	return names
}

// slug makes a part of a credential's name.
func slug(s string) string {
	s = strings.Trim(strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			return c
		}
		return '-'
	}, strings.ToLower(s)), "-_")
	return cmp.Or(strings.Trim(s[:min(len(s), 40)], "-_"), "hook")
}

// answers sets what the sender gets when the hook runs.
func (i *importer) answers(item *Item, h *hook, spec *routes.Spec) {
	status := known(h.SuccessStatus)
	if h.Output {
		if status != http.StatusOK {
			item.differ("success-status", fmt.Sprintf("success is answered 200; webhook answers %d", status), Status)
		}
		item.differ("standard-error", "the answer is what the command writes to standard output; webhook adds what it writes to standard error, which is in the history here", Body)
		text := `a command that fails is answered 500 with Homehook's words; webhook answers 500 with "Error occurred while executing the hook's command."`
		if h.OutputOnError {
			text = "a command that fails is answered 500 with Homehook's words; webhook answers 500 with the command's output, which is in the history here"
		}
		item.differ("failed-answer", text+" Exit code 75 is answered 503 and means: later", Body, Status)
		return
	}
	spec.Background = true
	if status > 299 {
		item.differ("success-status", fmt.Sprintf("the sender is answered 200; webhook answers %d, by which senders take a request for lost", status), Status)
		status = http.StatusOK
	}
	spec.Accepted = &routes.RespondSpec{Status: status, Headers: i.headers(h.ResponseHeaders), Body: literal(string(h.Message))}
	if !hasBody(status) {
		spec.Accepted.Body = ""
	}
	if json.Valid([]byte(h.Message)) && spec.Accepted.Body != "" && spec.Accepted.Headers == nil {
		// As webhook has it, which takes everything for text.
		spec.Accepted.Headers = map[string]string{"Content-Type": http.DetectContentType([]byte(h.Message))}
	}
}

// advice says what a person would do better.
func (i *importer) advice(item *Item, h *hook, ways []way) {
	open := slices.ContainsFunc(ways, func(w way) bool { return w.check == nil && w.from == nil })
	switch {
	case h.Rule == nil:
		item.advise("it has no rule: whoever knows the address runs it. Add verify, and take unverified out")
	case open:
		item.advise("its rules check no signature, so that anybody can make a request that meets them. Add verify, and take unverified out")
	}
	if h.Rule != nil && known(h.MismatchStatus) < 300 && !ways[len(ways)-1].always() {
		item.advise("a request that does not meet the rules is answered %d, and its sender takes it for done", known(h.MismatchStatus))
	}
}

func (w way) always() bool { return w.when == always }
