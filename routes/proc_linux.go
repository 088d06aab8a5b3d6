package routes

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func groupLeader(pidfd *int) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, PidFD: pidfd}
}

func pipe(fd *[2]int) error { return syscall.Pipe2(fd[:], syscall.O_CLOEXEC) }

func (p *process) begin(pidfd int, f *pipes) {
	p.init(p.pid, pidfd, f.outputs, []int{f.child[1], f.child[2]})
	f.child[1], f.child[2] = 0, 0
}

// reap ends what is left of the group, and frees the process.
func (p *process) reap() {
	unix.Kill(-p.pid, unix.SIGKILL)
	p.wait4()
	p.release()
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
