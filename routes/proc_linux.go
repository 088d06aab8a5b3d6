package routes

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// process is a script and the group that it leads.
type process struct {
	pid    int
	pidfd  int
	status syscall.WaitStatus // once reaped
}

func (p *process) attributes() *syscall.SysProcAttr {
	p.pidfd = -1
	return &syscall.SysProcAttr{Setpgid: true, PidFD: &p.pidfd}
}

func pipe(fd *[2]int) error { return syscall.Pipe2(fd[:], syscall.O_CLOEXEC) }

// wait returns when the process has ended, and leaves it unreaped: as long as
// it is, its number and its group's are given to no other.
func (p *process) wait() {
	if p.pidfd >= 0 && p.poll() {
		return
	}
	for unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// poll waits on the process's descriptor without holding a thread. It reports
// false where the system cannot do that.
func (p *process) poll() bool {
	if unix.SetNonblock(p.pidfd, true) != nil {
		unix.Close(p.pidfd)
		return false
	}
	f := os.NewFile(uintptr(p.pidfd), "process")
	defer f.Close()
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	ended := false
	err = raw.Read(func(fd uintptr) bool {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PIDFD, int(fd), &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		ended = err == nil && info.Signo != 0
		return ended || err != nil && err != unix.EINTR && err != unix.EAGAIN
	})
	return err == nil && ended
}

// reap ends what is left of the group and frees the process.
func (p *process) reap() {
	unix.Kill(-p.pid, unix.SIGKILL)
	p.wait4()
}

// kill ends the group and everything else that the script has started.
func (p *process) kill(mark string) {
	sweep(p.pid, mark)
	unix.Kill(-p.pid, unix.SIGKILL)
	for range maxSweeps {
		if sweep(p.pid, mark) == 0 {
			return
		}
	}
}
