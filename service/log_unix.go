//go:build unix

package service

import (
	"fmt"
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
	for _, path := range syslogSockets {
		if info, err := os.Stat(path); err == nil && info.Mode()&fs.ModeSocket != 0 {
			return syslogAt(path)
		}
	}
	return nil, nil, nil
}

// syslogAt returns writers to the syslog that listens at path.
func syslogAt(path string) (write func(severity) io.Writer, end func(), err error) {
	w, err := syslog.Dial("unixgram", path, syslog.LOG_DAEMON|syslog.LOG_INFO, serviceName)
	if err != nil {
		w, err = syslog.Dial("unix", path, syslog.LOG_DAEMON|syslog.LOG_INFO, serviceName)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reach syslog: %w", err)
	}
	write, last := newLate(func(s severity, line string) {
		_ = [...]func(string) error{w.Err, w.Warning, w.Info, w.Debug}[s](line) // nobody is left to tell
	})
	return write, func() { last(); _ = w.Close() }, nil
}
