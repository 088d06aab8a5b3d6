package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc, which Linux fixes at 1/100 s.
const tick = 10 * time.Millisecond

// cpu is the time that the target's processes and their children have run.
func (t *target) cpu() time.Duration {
	var sum time.Duration
	for _, pid := range t.pids {
		sum += cpuTree(pid)
	}
	return sum
}

func cpuTree(pid int) time.Duration {
	sum := cpuOf(pid)
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, c := range strings.Fields(string(children)) {
		if n, err := strconv.Atoi(c); err == nil {
			sum += cpuTree(n)
		}
	}
	return sum
}

// cpuOf reads user and system time, the 14th and 15th fields of stat.
func cpuOf(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(string(fields[11]))
	system, _ := strconv.Atoi(string(fields[12]))
	return time.Duration(user+system) * tick
}
