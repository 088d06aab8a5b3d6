package agent

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"homehook/agent/config"
	"homehook/agent/history"
	"homehook/http1"
	"homehook/routes"
)

// acceptedField tells a relay that it may forget a delivery: it is in the
// journal of the agent. Only what the journal holds durably has it.
const acceptedField = "Homehook-Accepted"

// acceptedStatus is the status of the answer to a delivery that runs later.
func acceptedStatus(c *config.Claim) int {
	if c.Accepted != nil && c.Accepted.Status != 0 {
		return c.Accepted.Status
	}
	return config.DefaultAccepted
}

// accept answers for a delivery that runs later, or that no route wanted, as the
// owner of the claim has set it. The id is "" for one that the journal does not
// hold.
func accept(x *http1.Exchange, c *config.Claim, id string) {
	x.Start(acceptedStatus(c), nil)
	body := ""
	if a := c.Accepted; a != nil {
		body = a.Body
		typed := body == ""
		for _, name := range slices.Sorted(maps.Keys(a.Headers)) {
			x.Field(name, a.Headers[name])
			typed = typed || strings.EqualFold(name, "Content-Type")
		}
		if !typed {
			x.Field("Content-Type", "text/plain; charset=utf-8")
		}
	}
	if id != "" {
		x.Field(acceptedField, id)
	}
	if x.Status == 204 {
		x.EndEmpty()
	} else {
		x.EndLength(int64(len(body)))
		io.WriteString(x.Writer, body)
	}
	x.Finish()
}

// give answers with what a route has made, for a delivery that the journal holds
// under an id, "" for one that is not written down.
func give(x *http1.Exchange, a *routes.Answer, id string) {
	x.Start(a.Status, nil)
	for _, f := range a.Fields {
		x.Field(f.Name, f.Value)
	}
	if id != "" {
		x.Field(acceptedField, id)
	}
	if a.Status == 204 || a.Status == 304 {
		x.EndEmpty()
	} else {
		x.EndLength(int64(len(a.Body)))
		x.Write(a.Body)
	}
	x.Finish()
}

// tell answers for a delivery that gets no handler.
func (r *rejection) tell(x *http1.Exchange, c *config.Claim, id string) {
	if r.status == 413 {
		x.CloseAfter() // the rest of the body is not waited for
	}
	switch {
	case r.answer != nil:
		give(x, r.answer, id)
	case r.status < 300:
		accept(x, c, id)
	case r.status == 503 && id == "":
		unavailable(x, r.text)
	default:
		say(x, r.status, r.text, id, r.retry, r.fields...)
	}
}

// say answers with a line of text, or as the sender wants its errors. accepted
// is the id of a delivery that the journal holds, "" for one that the relay has
// to keep or to drop.
func say(x *http1.Exchange, status int, line, accepted string, retry time.Duration, fields ...http1.Field) {
	if accepted != "" {
		fields = append(fields, http1.Field{Name: acceptedField, Value: accepted})
	}
	if retry > 0 {
		fields = append(fields, http1.Field{Name: "Retry-After", Value: strconv.Itoa(int(max(retry/time.Second, 1)))})
	}
	if status >= 400 {
		routes.Refuse(x, status, line, fields...)
		return
	}
	x.Start(status, nil)
	x.Field("Content-Type", "text/plain; charset=utf-8")
	for _, f := range fields {
		x.Field(f.Name, f.Value)
	}
	x.EndLength(int64(len(line) + 1))
	io.WriteString(x.Writer, line+"\n")
	x.Finish()
}

// unavailable answers for a delivery that cannot be written down now, so that
// the relay keeps it.
func unavailable(x *http1.Exchange, why string) {
	say(x, 503, why, "", retryIn)
}

// retryIn is what a relay, or a sender without one that keeps anything, is
// asked to wait.
const retryIn = 5 * time.Second

// again answers with what the first run of a delivery was answered, if that is
// kept whole, and reports whether it was.
func again(x *http1.Exchange, rec *history.Record, id string) bool {
	a := answerOf(rec)
	if a == nil || rec.Redacted {
		return false
	}
	if a.ResponseTruncated || len(a.ResponseHead) == 0 || int64(len(a.ResponseBody)) != a.ResponseSize {
		return false
	}
	res, err := http1.ParseResponse(a.ResponseHead, bytes.NewReader(a.ResponseBody), int64(len(a.ResponseBody)))
	if err != nil || brokenOff(res, a, x.Request.IsMethod("HEAD")) {
		return false
	}
	x.Forward(res, http1.KindsOf(http1.Homehook, http1.PTTH), func(w *http1.Writer) { w.Field(acceptedField, id) })
	return true
}

// answerOf is the last attempt of the handler that makes the answer.
func answerOf(rec *history.Record) *history.Attempt {
	for i := len(rec.Log) - 1; i >= 0; i-- {
		if a := &rec.Log[i]; a.Place == 0 && a.Route == rec.Route {
			return a
		}
	}
	return nil
}

// brokenOff reports whether the end of an answer is missing because its handler
// failed.
func brokenOff(res *http1.Response, a *history.Attempt, bodiless bool) bool {
	if n := res.ContentLength(); n >= 0 {
		return !bodiless && n != int64(len(a.ResponseBody))
	}
	return a.Error != ""
}
