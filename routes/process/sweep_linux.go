package process

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxSweeps bounds how often processes that start others faster than they die
// are chased.
const maxSweeps = 50

// suspect is a process seen in a sweep. Its descriptor keeps a signal from
// hitting another process that got its number meanwhile.
type suspect struct {
	pid, parent, group, fd int
	marked                 bool
}

// strays are processes of a program, apart from its leader, that were seen while
// it ran.
type strays []suspect

func (s strays) close() {
	for i := range s {
		unix.Close(s[i].fd)
	}
}

// sweep kills the processes of a program that left its group, by setsid or as
// daemons do, and returns how many it found. They are known by the run's mark
// in their environment, which children inherit, by descent from the leader or
// from a marked one, or as strays. A process that has both cleared its environment
// and outlived its parents before anybody looked escapes; only a cgroup would hold
// it, which a user's service cannot count on having. Becoming a subreaper is no way
// out: orphans of all programs would end up with this process, and none could be
// told apart.
func sweep(leader int, mark string, seen strays) int {
	found := 0
	list := family(leader, mark, seen)
	for _, s := range list {
		if unix.PidfdSendSignal(s.fd, unix.SIGKILL, nil, 0) == nil {
			found++
		}
	}
	list.close()
	return found
}

// family lists what lives of a program besides its leader.
func family(leader int, mark string, seen strays) strays {
	list := suspects(func(_ int, env []byte) bool { return holds(env, mark) })
	kin := map[int]bool{leader: true}
	for _, s := range seen {
		if unix.PidfdSendSignal(s.fd, 0, nil, 0) == nil { // its number is still its own
			kin[s.pid] = true
		}
	}
	for grew := true; grew; {
		grew = false
		for _, s := range list {
			if !kin[s.pid] && (s.marked || kin[s.parent]) {
				kin[s.pid], grew = true, true
			}
		}
	}
	var found strays
	for _, s := range list {
		if s.pid != leader && kin[s.pid] {
			found = append(found, s)
		} else {
			unix.Close(s.fd)
		}
	}
	return found
}

// holds says that a variable is in an environment as /proc shows it.
func holds(env []byte, variable string) bool {
	return bytes.Contains(append(append([]byte{0}, env...), 0), []byte("\x00"+variable+"\x00"))
}

// suspects lists the processes that live and may be signalled.
func suspects(marked func(pid int, env []byte) bool) []suspect {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	self := os.Getpid()
	var list []suspect
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == self {
			continue
		}
		if s, ok := inspect(pid, marked); ok {
			list = append(list, s)
		}
	}
	return list
}

func inspect(pid int, marked func(pid int, env []byte) bool) (suspect, bool) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return suspect{}, false
	}
	s := suspect{pid: pid, fd: fd}
	proc := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(proc + "/stat")
	// The name of a program may hold anything, so the fields are counted from
	// the parenthesis that ends it: state, parent, group.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if err != nil || len(fields) < 3 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		unix.Close(fd)
		return suspect{}, false
	}
	s.parent, _ = strconv.Atoi(string(fields[1]))
	s.group, _ = strconv.Atoi(string(fields[2]))
	env, _ := os.ReadFile(proc + "/environ")
	s.marked = marked(pid, env)
	return s, true
}
