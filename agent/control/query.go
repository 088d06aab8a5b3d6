package control

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultLimit is how many deliveries a page has unless the query says so, and
// MaxLimit how many it may ask for.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)

// maxParameter bounds, in bytes, one value in a query.
const maxParameter = 1024

// queryParameters are the parameters of GET /v1/deliveries.
var queryParameters = [...]string{"claim", "route", "state", "method", "status", "since", "until", "search", "limit", "cursor"}

// Query chooses deliveries of the history; the zero value chooses all of them.
// Results come newest first.
type Query struct {
	Claim  string
	Route  string
	State  string // one of the states of a Delivery
	Method string
	Search string // text anywhere in head, body or output
	Status int    // 100 to 599; 0 is any
	Since  time.Time
	Until  time.Time
	Limit  int    // 1 to MaxLimit; 0 is DefaultLimit
	Cursor string // from the page before; empty is the first page
}

// Values is q as URL parameters, without those that are not set.
func (q Query) Values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{
		"claim": q.Claim, "route": q.Route, "state": q.State,
		"method": q.Method, "search": q.Search, "cursor": q.Cursor,
	} {
		if text != "" {
			v.Set(name, text)
		}
	}
	for name, number := range map[string]int{"status": q.Status, "limit": q.Limit} {
		if number != 0 {
			v.Set(name, strconv.Itoa(number))
		}
	}
	for name, at := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !at.IsZero() {
			v.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	return v
}

// parseQuery reads the parameters of GET /v1/deliveries.
func parseQuery(raw string) (Query, error) {
	values, err := parseParameters(raw)
	if err != nil {
		return Query{}, err
	}
	q := Query{Limit: DefaultLimit}
	return q, q.setAll(values)
}

// parseParameters reads parameters that stand there once each. An unknown or
// repeated one is an error everywhere, because a filter with a typing error
// would silently match everything.
func parseParameters(raw string) (map[string]string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, fmt.Errorf("query parameters are %w: check their encoding", ErrInvalid)
	}
	single := make(map[string]string, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(values[name]) > 1 {
			return nil, fmt.Errorf("query parameter %q is %w: it stands there %d times; give it once", clip(name), ErrInvalid, len(values[name]))
		}
		single[name] = values[name][0]
	}
	return single, nil
}

// parseFlags reads parameters that are true or false. known has their names and
// what each is when it is not given.
func parseFlags(raw string, known map[string]bool) (map[string]bool, error) {
	values, err := parseParameters(raw)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if _, ok := known[name]; !ok {
			return nil, unknownParameter(name, slices.Sorted(maps.Keys(known)))
		}
		if known[name], err = parseFlag(name, values[name]); err != nil {
			return nil, err
		}
	}
	return known, nil
}

func parseFlag(name, value string) (bool, error) {
	if value != "true" && value != "false" {
		return false, fmt.Errorf("query parameter %q is %w: it is true or false", name, ErrInvalid)
	}
	return value == "true", nil
}

func unknownParameter(name string, known []string) error {
	there := "this request takes none"
	if len(known) > 0 {
		there = "there is none by that name; known are " + strings.Join(known, ", ")
	}
	return fmt.Errorf("query parameter %q is %w: %s", clip(name), ErrInvalid, there)
}

// setAll stores parameters.
func (q *Query) setAll(values map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := q.set(name, values[name]); err != nil {
			return err
		}
	}
	if !q.Since.IsZero() && !q.Until.IsZero() && q.Until.Before(q.Since) {
		return fmt.Errorf("query parameter \"until\" is %w: it is earlier than \"since\"", ErrInvalid)
	}
	return nil
}

// set stores one parameter; an empty value is the same as none.
func (q *Query) set(name, value string) error {
	text := map[string]*string{
		"claim": &q.Claim, "route": &q.Route, "state": &q.State,
		"method": &q.Method, "search": &q.Search, "cursor": &q.Cursor,
	}
	var err error
	switch name {
	case "claim", "route", "state", "method", "search", "cursor":
		*text[name] = value
	case "status":
		err = parseNumber(value, 100, 599, &q.Status)
	case "limit":
		err = parseNumber(value, 1, MaxLimit, &q.Limit)
	case "since":
		err = parseTime(value, &q.Since)
	case "until":
		err = parseTime(value, &q.Until)
	default:
		return unknownParameter(name, queryParameters[:])
	}
	if name == "state" && value != "" && !slices.Contains(states[:], value) {
		err = fmt.Errorf("it is one of %s", strings.Join(states[:], ", "))
	}
	if len(value) > maxParameter {
		err = fmt.Errorf("it is longer than %d bytes", maxParameter)
	}
	if err != nil {
		return fmt.Errorf("query parameter %q is %w: %w", name, ErrInvalid, err)
	}
	return nil
}

func parseNumber(value string, low, high int, to *int) error {
	if value == "" {
		return nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		return fmt.Errorf("it is a number from %d to %d", low, high)
	}
	*to = n
	return nil
}

func parseTime(value string, to *time.Time) error {
	if value == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return fmt.Errorf("it is a time such as 2026-01-31T08:00:00Z")
	}
	*to = at
	return nil
}

// clip shortens text that came from a request before it goes into an answer.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}
