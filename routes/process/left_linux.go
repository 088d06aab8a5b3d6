package process

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// leftWait is how long it may take until what is killed is gone.
const leftWait = 2 * time.Second

// SweepLeft kills what programs have left behind when who had started them was
// killed, waits up to two seconds until it is gone, and returns how many processes
// that were. What this process has started itself is spared.
//
// They are processes of the same user, or of any if that is root, with exactly one
// of the values in a variable, given as "NAME=", their process groups and their
// descendants. One that has cleared its environment and outlived its parents
// escapes. So does all where there are no descriptors of processes, as on Linux
// before 5.3, or /proc is hidden.
func SweepLeft(variable string, values ...string) int {
	if len(values) == 0 {
		return 0
	}
	wanted := make(map[string]bool)
	for _, value := range values {
		wanted[value] = value != ""
	}
	marked := func(pid int, env []byte) bool { return wanted[valueOf(env, variable)] && isOwn(pid) }
	found, late := 0, time.Now().Add(leftWait)
	for range maxSweeps {
		n := sweepLeft(suspects(marked), late)
		if found += n; n == 0 || time.Now().After(late) {
			break
		}
	}
	return found
}

// valueOf returns what a variable, given as "NAME=", is in an environment as /proc
// shows it.
func valueOf(env []byte, variable string) string {
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if value, found := bytes.CutPrefix(v, []byte(variable)); found {
			return string(value)
		}
	}
	return ""
}

// isOwn says that a process belongs to the user of this one, or to any if that is
// root, who starts scripts of others.
func isOwn(pid int) bool {
	info, err := os.Stat("/proc/" + strconv.Itoa(pid))
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	uid := os.Geteuid()
	return ok && (uid == 0 || int(stat.Uid) == uid)
}

// sweepLeft kills what is left among the processes that live, and waits for
// their ends.
func sweepLeft(list []suspect, late time.Time) int {
	family := left(list, os.Getpid(), os.Getppid(), unix.Getpgrp())
	var ending []unix.PollFd
	for _, s := range list {
		if family[s.pid] && unix.PidfdSendSignal(s.fd, unix.SIGKILL, nil, 0) == nil {
			ending = append(ending, unix.PollFd{Fd: int32(s.fd), Events: unix.POLLIN})
		}
	}
	for i := range ending { // one after the other: all have to end
		for wait := time.Until(late); wait > 0; wait = time.Until(late) {
			if _, err := unix.Poll(ending[i:i+1], int(wait.Milliseconds())+1); err != unix.EINTR {
				break
			}
		}
	}
	for _, s := range list {
		unix.Close(s.fd)
	}
	return len(ending)
}

// left picks the processes that belong to a program which outlived who started
// it. This process, in which group it is, what it has started and what it
// was started by are spared, whatever marks they have inherited: a program may
// start one of this kind. A group goes as a whole unless its leader is another's.
func left(list []suspect, self, parent, group int) map[int]bool {
	mine, byPID := map[int]bool{self: true}, make(map[int]*suspect)
	for i := range list {
		byPID[list[i].pid] = &list[i]
	}
	for grew := true; grew; {
		grew = false
		for _, s := range list {
			if !mine[s.pid] && mine[s.parent] {
				mine[s.pid], grew = true, true
			}
		}
	}
	for up := parent; byPID[up] != nil && !mine[up]; up = byPID[up].parent {
		mine[up] = true
	}
	family, groups := make(map[int]bool), make(map[int]bool)
	for grew := true; grew; {
		grew = false
		for _, s := range list {
			if mine[s.pid] || family[s.pid] || !s.marked && !family[s.parent] && !groups[s.group] {
				continue
			}
			family[s.pid], grew = true, true
		}
		for _, s := range list {
			led := byPID[s.group] == nil || family[s.group]
			if family[s.pid] && led && s.group != group && !groups[s.group] {
				groups[s.group], grew = true, true
			}
		}
	}
	return family
}
