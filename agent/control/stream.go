package control

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// maxBatch is how many bytes of events are gathered for one write.
const maxBatch = 64 << 10

// events answers with server-sent events until the client goes, is too slow, or
// the server ends. Each write has a time limit, and a subscription that lags
// too far behind is closed by the hub: the agent never waits for a reader.
func (s *Server) events(w http.ResponseWriter, r *http.Request, ending <-chan struct{}) error {
	from, err := readResumption(r)
	if err != nil {
		return err
	}
	if s.streams.Add(1) > maxStreams {
		s.streams.Add(-1)
		return newProblem(http.StatusServiceUnavailable, codeBusy, "%d event streams are open already; close one", maxStreams)
	}
	defer s.streams.Add(-1)
	out := &stream{w: w, rc: http.NewResponseController(w), wait: s.writeWait}
	// The limit for reading a request would end the stream with it.
	if err := out.rc.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("prepare event stream: %w", err)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return nil
	}
	out.pending.WriteString(": homehook events\n\n")
	events, cancel := s.catchUp(r.Context(), out, from, ending)
	defer cancel()
	out.follow(events, s.beat, r.Context().Done(), ending)
	return nil
}

// resumption is what a client asks for of events.
type resumption struct {
	after uint64 // the last event that it has; 0 is none
	shows bool   // it shows notifications to the user
}

// eventParameters are the parameters of GET /v1/events, and showHere is the value
// of notifications with which a client says that it shows them.
var eventParameters = [...]string{"after", "notifications"}

const showHere = "show"

// readResumption reads what a client asks for. The number in the header wins,
// because a client that reconnects repeats its first URL.
func readResumption(r *http.Request) (from resumption, err error) {
	values, err := parseParameters(r.URL.RawQuery)
	if err != nil {
		return from, err
	}
	for name, value := range values {
		switch {
		case !slices.Contains(eventParameters[:], name):
			return from, unknownParameter(name, eventParameters[:])
		case name == "notifications" && value != showHere && value != "":
			return from, fmt.Errorf("query parameter %q is %w: it is %s, or left out", name, ErrInvalid, showHere)
		}
	}
	from.shows = values["notifications"] == showHere
	text := cmp.Or(r.Header.Get("Last-Event-ID"), values["after"])
	if text == "" {
		return from, nil
	}
	if from.after, err = strconv.ParseUint(text, 10, 64); err != nil {
		return from, newProblem(http.StatusBadRequest, codeInvalid, "%q is not the number of an event", clip(text))
	}
	return from, nil
}

// stream is the answer to one GET /v1/events.
type stream struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	wait    time.Duration
	pending bytes.Buffer
}

// follow writes events, and a comment every beat, until one of the channels
// ends it or a write fails.
func (o *stream) follow(events <-chan Event, beat time.Duration, gone, ending <-chan struct{}) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		if !o.flush() {
			return
		}
		select {
		case e, ok := <-events:
			if !ok || !o.gather(e, events) {
				o.flush()
				return
			}
		case <-ticker.C:
			o.pending.WriteString(": beat\n\n")
		case <-gone:
			return
		case <-ending:
			return
		}
	}
}

// gather adds e and what else is ready to the pending bytes; it reports whether
// events is still open.
func (o *stream) gather(e Event, events <-chan Event) bool {
	o.add(e)
	for o.pending.Len() < maxBatch {
		select {
		case e, ok := <-events:
			if !ok {
				return false
			}
			o.add(e)
		default:
			return true
		}
	}
	return true
}

func (o *stream) add(e Event) {
	data, err := json.Marshal(e) // has no newline in it
	if err != nil {
		// Only a time beyond year 9999 can do this: the reader learns that it
		// has missed something.
		data, _ = json.Marshal(Event{Seq: e.Seq, Type: EventGap})
		e.Type = EventGap
	}
	fmt.Fprintf(&o.pending, "id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Type, data)
}

// flush writes what is pending and reports whether the reader took it in time.
func (o *stream) flush() bool {
	if o.pending.Len() == 0 {
		return true
	}
	if o.rc.SetWriteDeadline(time.Now().Add(o.wait)) != nil {
		return false
	}
	_, err := o.w.Write(o.pending.Bytes())
	o.pending.Reset()
	return err == nil && o.rc.Flush() == nil
}
