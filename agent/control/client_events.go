package control

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxEvent bounds, in bytes, one line of an event stream.
const maxEvent = 1 << 20

// errSilent ends an event stream on which not even comments come any more.
var errSilent = errors.New("the agent has gone silent")

// watchedReader runs its timer while it waits for bytes, and only then: the
// caller may take its time with what it has read.
type watchedReader struct {
	r     io.Reader
	timer *time.Timer
	limit time.Duration
	err   error // that of the last Read
}

func (w *watchedReader) Read(p []byte) (n int, err error) {
	w.timer.Reset(w.limit)
	n, w.err = w.r.Read(p)
	w.timer.Stop()
	return n, w.err
}

// readEvents calls each for every event of a stream of server-sent events. An
// event that the end of the stream cuts off is left out. The event's number and
// type stand in its data too, so only data lines count.
func readEvents(r io.Reader, each func(Event) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEvent)
	var data []byte
	for lines.Scan() {
		line := lines.Bytes()
		if text, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			if len(data)+len(text) > maxEvent {
				return fmt.Errorf("read event of agent: %w", bufio.ErrTooLong)
			}
			data = append(append(data, bytes.TrimPrefix(text, []byte(" "))...), '\n')
			continue
		}
		if len(line) > 0 || len(data) == 0 {
			continue
		}
		var e Event
		if err := json.Unmarshal(data, &e); err != nil {
			return fmt.Errorf("read event of agent: %w", err)
		}
		data = data[:0]
		if err := each(e); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read events of agent: %w", err)
	}
	return io.EOF
}
