package service

import (
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc/eventlog"
)

// systemLogLevel is the least level that goes to the system's log: the event
// log is for what somebody should look at, and the file has it all.
const systemLogLevel = slog.LevelWarn

// eventSources is where sources of the event log are registered, which installing
// the service for the system does.
const eventSources = `SYSTEM\CurrentControlSet\Services\EventLog\Application\`

// eventID is the number of all events: their text says what they are.
const eventID = 1

// systemLog returns writers to the event log, nil where its source is not
// registered: the lines would be there without their text.
func systemLog() (write func(severity) io.Writer, end func(), err error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, eventSources+serviceName, registry.QUERY_VALUE)
	if err != nil {
		return nil, nil, nil
	}
	_ = key.Close()
	log, err := eventlog.Open(serviceName)
	if err != nil {
		return nil, nil, fmt.Errorf("open event log: %w", err)
	}
	write, last := newLate(func(s severity, line string) {
		send := log.Info
		switch s {
		case sevError:
			send = log.Error
		case sevWarn:
			send = log.Warning
		}
		_ = send(eventID, line) // nobody is left to tell
	})
	return write, func() { last(); _ = log.Close() }, nil
}
