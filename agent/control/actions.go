package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// MaxPause is the longest pause that ends by itself.
const MaxPause = 366 * 24 * time.Hour

// routeTestAnswer and pauseRequest are the JSON of POST /v1/routes/test and of
// POST /v1/pause.
type (
	routeTestAnswer struct {
		Results []RouteResult `json:"results"`
	}
	pauseRequest struct {
		// ForS is in seconds; 0 is until it is ended.
		ForS int64 `json:"for_s,omitempty"`
	}
)

// replay runs a delivery once more and waits for it.
func (s *Server) replay(w http.ResponseWriter, r *http.Request) error {
	var in Replay
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	rc := http.NewResponseController(w)
	// The limits of other requests are shorter than a handler may take.
	if err := errors.Join(rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Now().Add(replayTimeout+s.writeWait))); err != nil {
		return fmt.Errorf("prepare replay: %w", err)
	}
	rec, err := s.backend.Replay(r.Context(), r.PathValue("id"), in)
	if err != nil {
		return err
	}
	return writeJSON(w, rec.filled())
}

// check finds what no delivery can be.
func (in *Replay) check() error {
	if in.Sign != nil && (in.Sign.Scheme == "" || in.Sign.Secret == "") {
		return fmt.Errorf("member \"sign\" is %w: it has a \"scheme\" and, as \"secret\", the name of a credential", ErrInvalid)
	}
	if strings.ContainsFunc(in.Method, func(r rune) bool { return !isToken(r) }) {
		return fmt.Errorf("method %q is %w: it is a word such as POST", clip(in.Method), ErrInvalid)
	}
	if in.Target != "" && (in.Target[0] != '/' || strings.ContainsFunc(in.Target, func(r rune) bool { return r <= ' ' || r >= 0x7f })) {
		return fmt.Errorf("target %q is %w: it begins with a slash and has no blank in it", clip(in.Target), ErrInvalid)
	}
	for _, f := range in.Headers {
		if f[0] == "" || strings.ContainsFunc(f[0], func(r rune) bool { return !isToken(r) }) {
			return fmt.Errorf("header field %q is %w: a name has letters, digits and hyphens", clip(f[0]), ErrInvalid)
		}
		if strings.ContainsFunc(f[1], func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return fmt.Errorf("value of header field %q is %w: it has a line end or another control character in it", clip(f[0]), ErrInvalid)
		}
	}
	return nil
}

// isToken reports whether r may stand in a method or in the name of a field.
func isToken(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

func (s *Server) retry(w http.ResponseWriter, r *http.Request) error {
	if err := readJSON(r, &struct{}{}); err != nil {
		return err
	}
	d, err := s.backend.Retry(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, d)
}

func (s *Server) routeTest(w http.ResponseWriter, r *http.Request) error {
	var in RouteTest
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if in.Limit < 0 || in.Limit > MaxLimit {
		return fmt.Errorf("member \"limit\" is %w: it is a number from 1 to %d", ErrInvalid, MaxLimit)
	}
	if in.Limit == 0 {
		in.Limit = DefaultLimit
	}
	results, err := s.backend.RouteTest(r.Context(), in)
	if err != nil {
		return err
	}
	return writeJSON(w, routeTestAnswer{orEmpty(results)})
}

func (s *Server) paused(w http.ResponseWriter, _ *http.Request) error {
	st := s.backend.Status()
	return writeJSON(w, Pause{Paused: st.Paused, Until: st.PausedUntil})
}

func (s *Server) pause(w http.ResponseWriter, r *http.Request) error {
	var in pauseRequest
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if in.ForS < 0 || in.ForS > int64(MaxPause/time.Second) {
		return fmt.Errorf("member \"for_s\" is %w: it is a number of seconds up to %d, or 0 for a pause that does not end by itself", ErrInvalid, int64(MaxPause/time.Second))
	}
	if err := s.backend.Pause(time.Duration(in.ForS) * time.Second); err != nil {
		return err
	}
	return s.paused(w, r)
}

func (s *Server) resume(w http.ResponseWriter, r *http.Request) error {
	if err := s.backend.Resume(); err != nil {
		return err
	}
	return s.paused(w, r)
}

// readJSON reads a request's body, one JSON value, into the value at into. No
// body is the same as an empty object. Unknown members are errors, because one
// with a typing error would silently do nothing.
func readJSON(r *http.Request, into any) error {
	body, err := io.ReadAll(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return newProblem(http.StatusRequestEntityTooLarge, codeTooLarge, "a request of this kind has at most %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return newProblem(http.StatusBadRequest, codeInvalid, "the request ended before its body did; send it again")
	}
	if len(body) == 0 {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	err = d.Decode(into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return fmt.Errorf("member %q is %w: its value is of the wrong kind (%s)", wrong.Field, ErrInvalid, wrong.Value)
	} else if ok {
		return fmt.Errorf("body of the request is %w: it is no object (%s)", ErrInvalid, wrong.Value)
	}
	if err != nil {
		return fmt.Errorf("body of the request is %w: %s", ErrInvalid, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("body of the request is %w: there is more behind the JSON value", ErrInvalid)
	}
	return nil
}
