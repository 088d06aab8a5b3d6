//go:build unix

package service

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"log/syslog"
	"os"
)

// systemLogLevel is the least level that goes to the system's log.
const systemLogLevel = slog.LevelInfo

// syslogSockets are where syslog listens on these systems.
var syslogSockets = []string{"/dev/log", "/var/run/syslog", "/var/run/log"}

// systemLog returns writers to syslog, nil where there is none.
func systemLog() (write func(severity) io.Writer, end func(), err error) {
	there := false
	for _, path := range syslogSockets {
		info, err := os.Stat(path)
		there = there || err == nil && info.Mode()&fs.ModeSocket != 0
	}
	if !there {
		return nil, nil, nil
	}
	w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, serviceName)
	if err != nil {
		return nil, nil, errors.Join(errors.New("syslog cannot be reached"), err)
	}
	write, end = newLate(func(s severity, line string) {
		_ = [...]func(string) error{w.Err, w.Warning, w.Info, w.Debug}[s](line) // nobody is left to tell
	})
	return write, func() { end(); _ = w.Close() }, nil
}
