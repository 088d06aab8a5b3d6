package process

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Available says why the limit cannot be set for programs of an account, nil if it
// can.
func (l Limit) Available(as *Account) error {
	switch {
	case l == LimitProcesses && as.id() == 0:
		return &Error{"the system does not limit how many processes root has", "name another user under user"}
	case as.id() != os.Geteuid() && !mayLimitOthers():
		return &Error{"the agent runs as root without the capability SYS_RESOURCE, so it cannot limit programs of another user", "start the agent with that capability, or leave the limits out"}
	}
	return nil
}

// id is the number of the user.
func (a *Account) id() int {
	if a == nil {
		return os.Geteuid()
	}
	return int(a.cred.Uid)
}

// mayLimitOthers reports whether this process may set limits of other users'
// processes. Root in a container often may not.
func mayLimitOthers() bool {
	var data [2]unix.CapUserData
	err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0])
	return err == nil && data[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}

// resources lists what is limited, in the system's terms.
func (l *Limits) resources() (list [5]struct {
	what int
	max  uint64
},
) {
	cpu := l.CPU / time.Second
	for i, v := range [...]int64{l.Memory, int64(l.Processes), int64(cpu), int64(l.Files), l.FileSize} {
		list[i].what = [...]int{unix.RLIMIT_AS, unix.RLIMIT_NPROC, unix.RLIMIT_CPU, unix.RLIMIT_NOFILE, unix.RLIMIT_FSIZE}[i]
		list[i].max = uint64(v)
	}
	return list
}

// startLimited starts a program that is bound by limits before its first
// instruction. It is started as if to be debugged, because such a process waits
// once its program is loaded; there is no other way to stop it there without a
// program of ours in between.
func startLimited(argv []string, attr *syscall.ProcAttr, l *Limits) (pid int, err error) {
	runtime.LockOSThread() // only the thread that has started it may let it go on
	defer runtime.UnlockOSThread()
	attr.Sys.Ptrace = true
	if pid, _, err = syscall.StartProcess(argv[0], argv, attr); err != nil {
		return 0, err
	}
	var status syscall.WaitStatus
	for {
		if _, err = syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	switch {
	case err != nil:
	case !status.Stopped():
		return 0, fmt.Errorf("it was ended before it began (%v)", status)
	default:
		if err = l.set(pid); err == nil {
			err = syscall.PtraceDetach(pid)
		}
	}
	if err != nil {
		syscall.Kill(pid, syscall.SIGKILL)
		syscall.Wait4(pid, nil, 0, nil)
		return 0, fmt.Errorf("set its limits: %w", err)
	}
	return pid, nil
}

// set binds a process that waits. A limit that the system has set lower stays.
func (l *Limits) set(pid int) error {
	for _, r := range l.resources() {
		if r.max == 0 {
			continue
		}
		var old unix.Rlimit
		if err := unix.Prlimit(pid, r.what, nil, &old); err != nil {
			return os.NewSyscallError("prlimit", err)
		}
		limit := unix.Rlimit{Cur: min(r.max, old.Max), Max: min(r.max, old.Max)}
		if r.what == unix.RLIMIT_CPU && limit.Max < old.Max {
			limit.Max++ // a second between the polite end and the other
		}
		if err := unix.Prlimit(pid, r.what, &limit, nil); err != nil {
			return os.NewSyscallError("prlimit", err)
		}
	}
	return nil
}
