package process

import (
	"time"

	"golang.org/x/sys/windows"
)

// Available says why the limit cannot be set here, nil if it can.
func (l Limit) Available(*Account) error {
	switch l {
	case LimitFiles:
		return &Error{"Windows has no limit for open files", "leave it out"}
	case LimitFileSize:
		return &Error{"Windows has no limit for the size of files", "leave it out"}
	}
	return nil
}

// bind adds the limits to those of a job. That of processes counts those of the
// program, not all of the user's.
func (l *Limits) bind(info *windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION) {
	if l == nil {
		return
	}
	basic := &info.BasicLimitInformation
	if l.Memory > 0 {
		basic.LimitFlags |= windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY
		info.ProcessMemoryLimit = uintptr(l.Memory)
	}
	if l.Processes > 0 {
		basic.LimitFlags |= windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS
		basic.ActiveProcessLimit = uint32(l.Processes)
	}
	if l.CPU > 0 {
		basic.LimitFlags |= windows.JOB_OBJECT_LIMIT_PROCESS_TIME
		basic.PerProcessUserTimeLimit = int64(l.CPU / (100 * time.Nanosecond))
	}
}
