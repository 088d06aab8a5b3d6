//go:build unix && !linux

package process

import (
	"os"
	"syscall"
)

func groupLeader(*int) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// pipe keeps others from starting a process between the two steps.
func pipe(fd *[2]int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := syscall.Pipe(fd[:]); err != nil {
		return err
	}
	syscall.CloseOnExec(fd[0])
	syscall.CloseOnExec(fd[1])
	return nil
}

func (p *program) begin(_ int, f *pipes) {
	var files [2]*os.File
	for i, fd := range f.outputs {
		syscall.SetNonblock(fd, true) // for reads that Close can end
		files[i] = os.NewFile(uintptr(fd), "output")
	}
	p.init(files, p.wait4)
}

// note has nothing to remember: what has left a group is out of reach.
func (p *program) note() {}

// reap ends what is left of the group. A group that has members keeps its
// number from being given to another.
func (p *program) reap() {
	<-p.exited
	p.kill()
	p.release()
}

// kill ends the group. A process that has left it is out of reach; its output
// is read no more.
func (p *program) kill() { syscall.Kill(-p.pid, syscall.SIGKILL) }
