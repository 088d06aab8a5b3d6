package routes

import (
	"time"

	"golang.org/x/sys/windows"
)

// available says why a limit cannot be set here, nil if it can.
func (l *limits) available(key string, _ *account) error {
	if key == "files" || key == "file_size" {
		return mistaken("leave it out", "Windows has no limit for %s", map[string]string{"files": "open files", "file_size": "the size of files"}[key])
	}
	return nil
}

// bind adds the limits to those of a job. That of processes counts those of the
// script, not all of the user's.
func (l *limits) bind(info *windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION) {
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
		basic.PerProcessUserTimeLimit = int64(time.Duration(l.CPU) / (100 * time.Nanosecond))
	}
}
