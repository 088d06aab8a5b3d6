package process

import "time"

// Limits are what a program may use, for each of its processes. Zero is no limit
// but the system's, which are not raised either.
type Limits struct {
	Memory    int64         // bytes of address space
	Processes int           // of the user that runs it, in all; on Windows of the program
	CPU       time.Duration // of processor time, in whole seconds
	Files     int           // open at once
	FileSize  int64         // bytes of each file that it writes
}

// Limit names one of the limits, as a configuration does. Its method Available
// says why it cannot be set here for programs of an account: an [*Error], or nil
// if it can.
type Limit string

// The limits by their names.
const (
	LimitMemory    Limit = "memory"
	LimitProcesses Limit = "processes"
	LimitCPU       Limit = "cpu"
	LimitFiles     Limit = "files"
	LimitFileSize  Limit = "file_size"
)
