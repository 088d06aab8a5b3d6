package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func groupLeader(pidfd *int) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, PidFD: pidfd}
}

func pipe(fd *[2]int) error { return syscall.Pipe2(fd[:], syscall.O_CLOEXEC) }

func (p *program) begin(pidfd int, f *pipes) {
	p.init(p.pid, pidfd, f.outputs, []int{f.child[1], f.child[2]})
	f.child[1], f.child[2] = 0, 0
}

// reap ends what is left of the group, and frees the process.
func (p *program) reap() {
	unix.Kill(-p.pid, unix.SIGKILL)
	p.wait4()
	p.strays.close()
	p.release()
}

// note remembers what lives of the program besides its leader.
func (p *program) note() {
	p.strays.close()
	p.strays = family(p.pid, p.mark, nil)
}

// kill ends the group and everything else that the program has started.
func (p *program) kill() {
	sweep(p.pid, p.mark, p.strays)
	unix.Kill(-p.pid, unix.SIGKILL)
	for range maxSweeps {
		if sweep(p.pid, p.mark, p.strays) == 0 {
			return
		}
	}
}
